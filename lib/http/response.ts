import type { ApiError } from "./errors.ts";

/** An answer in the form of API Gateway's payload 2.0. */
export interface ApiResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A JSON answer. None may be stored: they hold signed URLs and what changes by the second. */
export const respond = (
  body: object,
  statusCode = 200,
  headers: Readonly<Record<string, string>> = {},
): ApiResponse => ({
  statusCode,
  headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
  body: JSON.stringify(body),
});

/** An error in cielo24's own form, with the id under which the log has it. */
export const respondWithError = (error: ApiError, requestId: string): ApiResponse =>
  respond(
    { ErrorType: error.errorType, ErrorComment: error.comment, RequestId: requestId },
    error.status,
    error.retryAfterS === undefined ? {} : { "retry-after": String(error.retryAfterS) },
  );
