import { textField } from "./answer-fields.ts";
import type { CallApi } from "./api.ts";

/** Which request to the store is to be signed: the parameters of `POST /api/job/sign_upload`, in our spelling. */
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

/** One request that whoever holds the URL may make, until it expires. The URL is a secret. */
export interface SignedRequest {
  readonly url: string;
  readonly key: string;
  /** Headers that have to be sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** ISO 8601, UTC; an upper bound. */
  readonly expiresAt: string;
}

/** @throws {ProxyError} */
export type SignUpload = (request: SignUploadRequest) => Promise<SignedRequest>;

export const createSigning =
  (callApi: CallApi): SignUpload =>
  async ({ signal, ...request }) => {
    const parameters = {
      job_id: request.jobId,
      method: request.method,
      key: request.key,
      upload_id: request.uploadId,
      part_number: request.partNumber,
      filename: request.filename,
      content_type: request.contentType,
      content_length: request.contentLength,
    };
    const given = Object.entries(parameters).flatMap(([name, value]): [string, string | number][] =>
      value === undefined ? [] : [[name, value]],
    );
    const answer = await callApi({
      method: "POST",
      path: "/api/job/sign_upload",
      body: Object.fromEntries(given),
      signal,
    });
    return {
      url: textField(answer, "url"),
      key: textField(answer, "key"),
      headers: (answer["headers"] ?? {}) as Record<string, string>,
      expiresAt: textField(answer, "expires_at"),
    };
  };
