import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { S3Event } from "aws-lambda";
import { startS3 } from "../../../dev/s3/server.ts";

export const BUCKET = "media-bucket";
const REGION = "us-east-1";
const CREDENTIALS = { accessKeyId: "AKIDTEST", secretAccessKey: "secret-of-the-test" };

/** A simulator with one bucket, its events, and a client that does not try again. */
export const openSimulator = async () => {
  const time = { now: Date.now() };
  const s3 = await startS3({
    region: REGION,
    accounts: { [CREDENTIALS.accessKeyId]: CREDENTIALS.secretAccessKey },
    clock: () => time.now,
  });
  s3.createBucket(BUCKET);
  const events: S3Event[] = [];
  s3.onObjectCreated((event) => {
    events.push(event);
  });
  const removals: S3Event[] = [];
  s3.onObjectRemoved((event) => {
    removals.push(event);
  });
  const client = new S3Client({
    endpoint: s3.url,
    region: REGION,
    credentials: CREDENTIALS,
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  return {
    s3,
    /** The simulator's clock, which stands still. */
    time,
    /** Of objects that were created, and of what was removed. */
    events,
    removals,
    client,
    put: (Key: string, Body: string | Uint8Array) => client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body })),
    signGet: (Key: string, expiresIn = 300) =>
      getSignedUrl(client, new GetObjectCommand({ Bucket: BUCKET, Key }), {
        expiresIn,
        signingDate: new Date(time.now),
      }),
    signHead: (Key: string) =>
      getSignedUrl(client, new HeadObjectCommand({ Bucket: BUCKET, Key }), { signingDate: new Date(time.now) }),
    signPut: (Key: string) =>
      getSignedUrl(client, new PutObjectCommand({ Bucket: BUCKET, Key }), { signingDate: new Date(time.now) }),
    close: async () => {
      client.destroy();
      await s3.close();
    },
  };
};

export type OpenSimulator = Awaited<ReturnType<typeof openSimulator>>;
