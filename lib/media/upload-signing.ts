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
import type { awsClientOptions } from "../aws-client.ts";
import { UploadStoreError } from "./body.ts";

/** One request to S3 that whoever holds the URL may make, until it expires. The URL is a secret. */
export interface SignedRequest {
  readonly url: string;
  readonly key: string;
  /**
   * Headers that the client has to send. Never Content-Length, though a stated size is signed: every HTTP client sends
   * it by itself, and browsers refuse to have it set.
   */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * ISO 8601, UTC. An upper bound: the URL dies earlier if the credentials that signed it do, and those of a function
   * do not tell when. A client signs just in time, and again on a 403.
   */
  readonly expiresAt: string;
}

interface Upload {
  readonly key: string;
  readonly uploadId: string;
}

/**
 * Signs requests to the bucket. No checksum and no content type is signed: browsers send their own content type, and a
 * checksum of the (still empty) body would break every upload.
 */
export interface UploadSigner {
  /** With `contentLength` (bytes) S3 takes a body of exactly that size and no other. */
  put(object: {
    key: string;
    contentLength?: number | undefined;
    contentType?: string | undefined;
  }): Promise<SignedRequest>;
  createMultipart(object: { key: string; contentType?: string | undefined }): Promise<SignedRequest>;
  part(part: Upload & { partNumber: number; contentLength?: number | undefined }): Promise<SignedRequest>;
  /** S3 lists a thousand parts at a time: the next thousand are those after part number `afterPart`. */
  listParts(upload: Upload & { afterPart?: number | undefined }): Promise<SignedRequest>;
  complete(upload: Upload): Promise<SignedRequest>;
  abort(upload: Upload): Promise<SignedRequest>;
  /**
   * The bytes in all parts so far; undefined where there is no such upload (any more): it was completed or aborted.
   * @throws {UploadStoreError}
   */
  uploadedBytes(upload: Upload): Promise<number | undefined>;
}

/** The presigner's own type for commands says `undefined` of none of its optional members; the SDK's commands do. */
type PresignableCommand = Parameters<typeof getSignedUrl>[1];
type UploadCommand =
  | PutObjectCommand
  | CreateMultipartUploadCommand
  | UploadPartCommand
  | ListPartsCommand
  | CompleteMultipartUploadCommand
  | AbortMultipartUploadCommand;

export const createUploadSigner = ({
  s3: s3Options,
  bucketName,
  lifetimeS,
  clock,
}: {
  s3: ReturnType<typeof awsClientOptions>;
  bucketName: string;
  lifetimeS: number;
  clock: () => number;
}): UploadSigner => {
  // By default the SDK signs the checksum of an empty body into URLs for uploads.
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
      // The SDK's errors quote requests and credentials' sources.
      throw new UploadStoreError();
    }
  };

  const name = (upload: Upload) => ({ Bucket: bucketName, Key: upload.key, UploadId: upload.uploadId });
  const size = (contentLength: number | undefined) =>
    contentLength === undefined ? {} : { ContentLength: contentLength };

  return {
    put: ({ key, contentLength, contentType }) =>
      sign(key, new PutObjectCommand({ Bucket: bucketName, Key: key, ...size(contentLength) }), contentType),
    createMultipart: ({ key, contentType }) =>
      sign(key, new CreateMultipartUploadCommand({ Bucket: bucketName, Key: key }), contentType),
    part: ({ partNumber, contentLength, ...upload }) =>
      sign(upload.key, new UploadPartCommand({ ...name(upload), PartNumber: partNumber, ...size(contentLength) })),
    listParts: ({ afterPart, ...upload }) =>
      sign(
        upload.key,
        new ListPartsCommand({
          ...name(upload),
          ...(afterPart === undefined ? {} : { PartNumberMarker: String(afterPart) }),
        }),
      ),
    complete: (upload) => sign(upload.key, new CompleteMultipartUploadCommand(name(upload))),
    abort: (upload) => sign(upload.key, new AbortMultipartUploadCommand(name(upload))),

    uploadedBytes: async (upload) => {
      let sizeBytes = 0;
      let marker: string | undefined;
      try {
        do {
          const page = await s3.send(
            new ListPartsCommand({ ...name(upload), ...(marker === undefined ? {} : { PartNumberMarker: marker }) }),
          );
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
