import { ListPartsCommand, S3Client } from "@aws-sdk/client-s3";
import { awsClientOptions } from "../aws-client.ts";
import { readAwsEnvironment, readConfig } from "../config.ts";
import type { Runtime } from "../runtime.ts";
import { UploadStoreError } from "./body.ts";
import { createPresigner, type ObjectRequest } from "./presigner.ts";

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
  const s3 = new S3Client(s3Options);
  const presign = createPresigner(s3, s3Options, bucketName);

  const expiry = async (now: number): Promise<number> => {
    const { expiration } = await s3.config.credentials();
    return Math.min(now + lifetimeS * 1000, expiration?.getTime() ?? Infinity);
  };

  const sign = async (request: ObjectRequest, contentType?: string): Promise<SignedRequest> => {
    try {
      const now = clock();
      return {
        url: await presign(request, { now, lifetimeS }),
        key: request.key,
        headers: contentType === undefined ? {} : { "content-type": contentType },
        expiresAt: new Date(await expiry(now)).toISOString(),
      };
    } catch {
      // The SDK's errors quote requests and where credentials came from.
      throw new UploadStoreError();
    }
  };

  // `x-id` names the operation, as the SDK does; S3 goes by method and query.
  return {
    put: ({ key, contentLength, contentType }) =>
      sign({ method: "PUT", key, query: { "x-id": "PutObject" }, contentLength }, contentType),
    createMultipart: ({ key, contentType }) => sign({ method: "POST", key, query: { uploads: "" } }, contentType),
    part: ({ key, uploadId, partNumber, contentLength }) => {
      const query = { "x-id": "UploadPart", uploadId, partNumber: String(partNumber) };
      return sign({ method: "PUT", key, query, contentLength });
    },
    listParts: ({ key, uploadId, afterPart }) => {
      const from = afterPart === undefined ? {} : { "part-number-marker": String(afterPart) };
      return sign({ method: "GET", key, query: { "x-id": "ListParts", uploadId, ...from } });
    },
    complete: ({ key, uploadId }) => sign({ method: "POST", key, query: { uploadId } }),
    abort: ({ key, uploadId }) => sign({ method: "DELETE", key, query: { "x-id": "AbortMultipartUpload", uploadId } }),

    uploadedBytes: async ({ key, uploadId }) => {
      const name = { Bucket: bucketName, Key: key, UploadId: uploadId };
      let sizeBytes = 0;
      let marker: string | undefined;
      try {
        do {
          const page = await s3.send(new ListPartsCommand({ ...name, PartNumberMarker: marker }));
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
