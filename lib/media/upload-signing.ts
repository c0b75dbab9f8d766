import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { awsClientOptions } from "../aws-client.ts";
import { readAwsEnvironment, readConfig } from "../config.ts";
import type { Runtime } from "../runtime.ts";
import { UploadStoreError } from "./body.ts";

/** A request to S3 that anyone with the URL can make until it expires. The URL is a secret. */
export interface SignedRequest {
  readonly url: string;
  readonly key: string;
  /**
   * Headers that the client must send. Content-Length is never among them, even if a size is signed: every HTTP client
   * sends it by itself, and browsers do not allow it to be set.
   */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * ISO 8601, UTC. An upper bound: the URL stops working earlier if the credentials that signed it expire, and a
   * function's credentials do not say when. Clients sign just in time, and again after a 403.
   */
  readonly expiresAt: string;
}

interface Upload {
  readonly key: string;
  readonly uploadId: string;
}

/**
 * Signs requests to the bucket. Neither a checksum nor a content type is signed: a checksum of the body, which is still
 * empty, would break every upload, and browsers send a content type of their own.
 */
export interface UploadSigner {
  /** With `contentLength` (bytes), S3 only accepts a body of exactly that size. */
  put(object: {
    key: string;
    contentLength?: number | undefined;
    contentType?: string | undefined;
  }): Promise<SignedRequest>;
  createMultipart(object: { key: string; contentType?: string | undefined }): Promise<SignedRequest>;
  part(part: Upload & { partNumber: number; contentLength?: number | undefined }): Promise<SignedRequest>;
  /** S3 lists a thousand parts at a time, beginning after part number `afterPart`. */
  listParts(upload: Upload & { afterPart?: number | undefined }): Promise<SignedRequest>;
  complete(upload: Upload): Promise<SignedRequest>;
  abort(upload: Upload): Promise<SignedRequest>;
  /**
   * The bytes in all parts so far; undefined if there is no such upload, or if it has been completed or aborted.
   * @throws {UploadStoreError}
   */
  uploadedBytes(upload: Upload): Promise<number | undefined>;
}

/** The presigner's type for commands does not allow for `exactOptionalPropertyTypes`; the SDK's commands do. */
type PresignableCommand = Parameters<typeof getSignedUrl>[1];
type UploadCommand =
  | PutObjectCommand
  | CreateMultipartUploadCommand
  | UploadPartCommand
  | ListPartsCommand
  | CompleteMultipartUploadCommand
  | AbortMultipartUploadCommand;

interface SignerParts {
  readonly s3: ReturnType<typeof awsClientOptions>;
  readonly bucketName: string;
  readonly lifetimeS: number;
  readonly clock: () => number;
}

/** The signer for the bucket of this deployment. */
export const connectUploadSigner = ({ env, clock }: Pick<Runtime, "env" | "clock">): UploadSigner => {
  const { bucketName, uploadUrlLifetimeS } = readConfig(env, "bucketName", "uploadUrlLifetimeS");
  const s3 = awsClientOptions(readAwsEnvironment(env, "S3"));
  return createUploadSigner({ s3, bucketName, lifetimeS: uploadUrlLifetimeS, clock });
};

export const createUploadSigner = ({ s3: s3Options, bucketName, lifetimeS, clock }: SignerParts): UploadSigner => {
  // By default the SDK signs the checksum of an empty body into upload URLs.
  const s3 = new S3Client({ ...s3Options, requestChecksumCalculation: "WHEN_REQUIRED" });

  const expiry = async (now: number): Promise<number> => {
    const { expiration } = await s3.config.credentials();
    return Math.min(now + lifetimeS * 1000, expiration?.getTime() ?? Infinity);
  };

  const sign = async (key: string, command: UploadCommand, contentType?: string): Promise<SignedRequest> => {
    try {
      const now = clock();
      const url = await getSignedUrl(s3, command as PresignableCommand, {
        expiresIn: lifetimeS,
        signingDate: new Date(now),
      });
      return {
        url,
        key,
        headers: contentType === undefined ? {} : { "content-type": contentType },
        expiresAt: new Date(await expiry(now)).toISOString(),
      };
    } catch {
      // The SDK's errors quote requests and where credentials came from.
      throw new UploadStoreError();
    }
  };

  const name = (upload: Upload) => ({ Bucket: bucketName, Key: upload.key, UploadId: upload.uploadId });

  return {
    put: ({ key, contentLength, contentType }) =>
      sign(key, new PutObjectCommand({ Bucket: bucketName, Key: key, ContentLength: contentLength }), contentType),
    createMultipart: ({ key, contentType }) =>
      sign(key, new CreateMultipartUploadCommand({ Bucket: bucketName, Key: key }), contentType),
    part: ({ partNumber, contentLength, ...upload }) =>
      sign(
        upload.key,
        new UploadPartCommand({ ...name(upload), PartNumber: partNumber, ContentLength: contentLength }),
      ),
    listParts: ({ afterPart, ...upload }) =>
      sign(upload.key, new ListPartsCommand({ ...name(upload), PartNumberMarker: afterPart?.toString() })),
    complete: (upload) => sign(upload.key, new CompleteMultipartUploadCommand(name(upload))),
    abort: (upload) => sign(upload.key, new AbortMultipartUploadCommand(name(upload))),

    uploadedBytes: async (upload) => {
      let sizeBytes = 0;
      let marker: string | undefined;
      try {
        do {
          const page = await s3.send(new ListPartsCommand({ ...name(upload), PartNumberMarker: marker }));
          for (const part of page.Parts ?? []) sizeBytes += part.Size ?? 0;
          marker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
        } while (marker !== undefined);
        return sizeBytes;
      } catch (error) {
        if (error instanceof Error && error.name === "NoSuchUpload") return undefined;
        throw new UploadStoreError();
      }
    },
  };
};
