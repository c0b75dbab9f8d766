import type { CallApi } from "./api.ts";
import { textField } from "./api-response.ts";

/** The request to the store that is to be signed: the parameters of `POST /api/job/sign_upload`, in camelCase. */
export interface SignUploadRequest {
  readonly jobId: string;
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly key?: string | undefined;
  readonly uploadId?: string | undefined;
  readonly partNumber?: number | undefined;
  readonly filename?: string | undefined;
  readonly contentType?: string | undefined;
  /** Bytes. */
  readonly contentLength?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One request that anyone who has the URL can make until it expires. The URL is a secret. */
export interface SignedRequest {
  readonly url: string;
  readonly key: string;
  /** Headers that the request must carry. */
  readonly headers: Readonly<Record<string, string>>;
  /** ISO 8601, UTC; an upper bound. */
  readonly expiresAt: string;
}

/** @throws {ProxyError} */
export type SignUpload = (request: SignUploadRequest) => Promise<SignedRequest>;

/** @param limitMs how long the response may take, in place of the usual time. @throws {ProxyError} */
export type SignWithin = (request: SignUploadRequest, limitMs?: number) => Promise<SignedRequest>;

export const createSignUpload =
  (callApi: CallApi): SignWithin =>
  async ({ signal, ...request }, limitMs) => {
    const body = await callApi({
      method: "POST",
      path: "/api/job/sign_upload",
      body: {
        job_id: request.jobId,
        method: request.method,
        key: request.key,
        upload_id: request.uploadId,
        part_number: request.partNumber,
        filename: request.filename,
        content_type: request.contentType,
        content_length: request.contentLength,
      },
      limitMs,
      signal,
    });
    return {
      url: textField(body, "url"),
      key: textField(body, "key"),
      headers: (body["headers"] ?? {}) as Record<string, string>,
      expiresAt: textField(body, "expires_at"),
    };
  };
