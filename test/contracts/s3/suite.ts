import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { S3Server } from "./s3-server.ts";

type Command = Parameters<typeof getSignedUrl>[1];
type SignOptions = NonNullable<Parameters<typeof getSignedUrl>[2]>;

/** What the parts of the contract are given. */
export interface Suite {
  /** The server under test; only within a test. */
  readonly s3: () => S3Session;
  /** Declares a test, or, for a known difference of this server, that it still fails. */
  readonly it: (sentence: string, test: () => Promise<void>) => void;
}

let keys = 0;
/** A key that no other test uses. */
export const newKey = (name = "object"): string => `${name}-${(keys += 1)}`;

/** A client of the server, its presigner, and the calls that most tests make. */
export const openSession = (server: S3Server) => {
  const { bucket: Bucket } = server;
  const options: S3ClientConfig = {
    endpoint: server.endpoint,
    region: server.region,
    credentials: server.credentials,
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  };
  const client = new S3Client(options);
  return {
    ...server,
    client,
    /** Another client, which its user destroys. */
    newClient: (changes: S3ClientConfig) => new S3Client({ ...options, ...changes }),
    sign: (command: object, signing: SignOptions = {}, by: S3Client = client): Promise<string> =>
      // The presigner's own type for commands says `undefined` of none of its optional members; the SDK's commands do.
      getSignedUrl(by, command as Command, { expiresIn: 300, ...signing }),
    /** Stores an object. @returns its version id */
    put: async (key: string, Body: string | Uint8Array = key, more: { ContentType?: string } = {}): Promise<string> =>
      (
        await client.send(
          // Without its length the SDK takes an empty body for a stream, and warns.
          new PutObjectCommand({ Bucket, Key: key, Body, ContentLength: Buffer.byteLength(Body), ...more }),
        )
      ).VersionId ?? "",
    get: async (key: string, VersionId?: string): Promise<string> => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: key, VersionId }));
      return (await Body?.transformToString()) ?? "";
    },
    remove: (key: string, VersionId?: string) => client.send(new DeleteObjectCommand({ Bucket, Key: key, VersionId })),
  };
};

export type S3Session = ReturnType<typeof openSession>;
