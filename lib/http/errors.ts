import { Cielo24Error, type Cielo24FailureCode } from "../cielo24/api.ts";
import { LedgerError } from "../delivery/ledger.ts";
import { UploadStoreError } from "../media/body.ts";
import { respond, type ApiResponse } from "./endpoint.ts";

/** What the functions themselves find wrong with a request, or with the job that it names. */
type RequestFailureCode =
  | "MISSING_PARAMETER"
  | "INVALID_QUERY"
  | "INVALID_OPTION"
  | "INVALID_URL"
  | "NOT_AUTHORIZED"
  | "ITEM_NOT_FOUND"
  | "JOB_HAS_MEDIA"
  | "DELIVERY_UNDER_WAY"
  | "JOB_IN_REVIEW"
  | "JOB_CLOSED"
  | "ACCOUNT_REFUSED"
  | "QUEUE_UNAVAILABLE"
  | "MEDIA_TOO_LARGE"
  | "BODY_TOO_LARGE"
  | "ACTION_NOT_OFFERED"
  | "ANSWER_UNKNOWN"
  | "NEEDS_REVIEW"
  | "UNHANDLED_ERROR";

export type ApiErrorCode = RequestFailureCode | Cielo24FailureCode | LedgerError["code"] | UploadStoreError["code"];

const UNUSABLE = "cielo24 cannot be used at present. Tell the operator, with the RequestId.";
const unreachable = (what: string) => `${what} cannot be reached at present. Try again later: Retry-After says when.`;

/**
 * Every error that a client can get, and the only place where codes meet HTTP statuses: the status, the comment where the
 * error brings none of its own, and the ErrorType where that is not the code itself.
 */
const RESPONSES: Readonly<Record<ApiErrorCode, readonly [status: number, comment: string, errorType?: string]>> = {
  MISSING_PARAMETER: [400, "A required parameter is missing."],
  INVALID_QUERY: [400, "A parameter could not be used."],
  INVALID_OPTION: [400, "A parameter has a value that is not offered."],
  INVALID_URL: [400, "media_url cannot be used."],
  // cielo24's own 400: its ErrorType and ErrorComment replace these.
  REFUSED: [400, "cielo24 refused the request, and gave its ErrorType alone.", "INVALID_QUERY"],
  NOT_AUTHORIZED: [403, "The token does not allow this."],
  // The same text for absent jobs and for someone else's, so that they cannot be told apart.
  ITEM_NOT_FOUND: [
    404,
    "No such job for this token, or nothing was sent for it yet. Check job_id, and whose job it is.",
  ],
  JOB_HAS_MEDIA: [409, "The job has its media; a job takes one. For other media, use another job."],
  DELIVERY_UNDER_WAY: [409, "The job's media is on its way to cielo24. Ask /api/job/delivery how it goes."],
  JOB_IN_REVIEW: [
    409,
    "Whether cielo24 has the job's media is not known. Do not send it again: tell the operator, who decides.",
    "NEEDS_REVIEW",
  ],
  JOB_CLOSED: [409, "The operator closed the job, since cielo24 may have its media: use another job."],
  MEDIA_TOO_LARGE: [413, "The media is too large."],
  BODY_TOO_LARGE: [
    413,
    "Parameters in a body may have at most 64 KiB. For media, ask /api/job/request_upload_url or /api/job/sign_upload for a URL; up to 4 MiB may also be the body of /api/job/add_media, as application/octet-stream.",
  ],
  UNHANDLED_ERROR: [500, "Something went wrong here. Try again; if it stays, report it and quote the RequestId."],
  ACTION_NOT_OFFERED: [
    502,
    "cielo24 does not offer this action to the account behind this API. Tell the operator.",
    "NOT_IMPLEMENTED",
  ],
  UNINTELLIGIBLE: [
    502,
    "cielo24 gave an answer that its documentation does not know. Tell the operator, with the RequestId.",
    "CIELO24_UNINTELLIGIBLE",
  ],
  // The account is the operator's. Clients need not know what is wrong with it.
  LOGIN_INVALID: [502, UNUSABLE, "CIELO24_UNAVAILABLE"],
  ACCOUNT_REFUSED: [502, UNUSABLE, "CIELO24_UNAVAILABLE"],
  BAD_API_TOKEN: [502, UNUSABLE, "CIELO24_UNAVAILABLE"],
  NEEDS_REVIEW: [
    502,
    "Whether cielo24 took the media cannot be found out. Do not send it again: tell the operator, who decides.",
  ],
  UNAVAILABLE: [503, unreachable("cielo24"), "CIELO24_UNAVAILABLE"],
  LEDGER_UNAVAILABLE: [503, unreachable("The record of jobs"), "PROXY_UNAVAILABLE"],
  QUEUE_UNAVAILABLE: [503, unreachable("The queue of deliveries"), "PROXY_UNAVAILABLE"],
  STORE_UNAVAILABLE: [503, unreachable("The store of uploads"), "PROXY_UNAVAILABLE"],
  // add_media can time out, too, and its media may have arrived.
  TIMED_OUT: [
    504,
    "There was no answer in time. Where media was sent, ask /api/job/delivery what became of it; any other call may be repeated.",
  ],
  ANSWER_UNKNOWN: [
    504,
    "cielo24's answer was lost: it may have taken the media. Do not send it again; ask /api/job/delivery what became of it.",
    "CIELO24_ANSWER_UNKNOWN",
  ],
};

/** Every code, for what describes the responses. */
export const API_ERROR_CODES = Object.keys(RESPONSES) as readonly ApiErrorCode[];

const RETRY_AFTER_DEFAULT_S = 30;
const RETRY_AFTER_MAX_S = 7200;

interface ApiErrorDetails {
  /** Replaces the code's own comment; names the parameter if the error is about one. */
  readonly comment?: string | undefined;
  /** cielo24's ErrorType, in place of the code's own. */
  readonly errorType?: string | undefined;
  readonly retryAfterS?: number | undefined;
}

/** An error that is meant for the client: all of it may be shown. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ApiErrorCode;
  readonly status: number;
  readonly errorType: string;
  readonly comment: string;
  /** Seconds, 1 s to 2 h; only with 503. */
  readonly retryAfterS: number | undefined;

  constructor(code: ApiErrorCode, details: ApiErrorDetails = {}) {
    super(code);
    const [status, comment, errorType = code] = RESPONSES[code];
    this.code = code;
    this.status = status;
    this.errorType = details.errorType ?? errorType;
    this.comment = details.comment ?? comment;
    this.retryAfterS = status === 503 ? clampRetryAfter(details.retryAfterS ?? RETRY_AFTER_DEFAULT_S) : undefined;
  }
}

const clampRetryAfter = (seconds: number): number =>
  Number.isNaN(seconds) ? RETRY_AFTER_DEFAULT_S : Math.min(Math.max(Math.ceil(seconds), 1), RETRY_AFTER_MAX_S);

export const invalidQuery = (comment: string): ApiError => new ApiError("INVALID_QUERY", { comment });

/** A parameter's name as an error may repeat it: only plain names are echoed. */
export const quoteName = (name: string): string => (/^[\w.-]{1,64}$/.test(name) ? name : "A parameter");

/** What a client may be told about any error: the library's own by their code, nothing about all others. */
export const toApiError = (error: unknown): ApiError => {
  if (error instanceof ApiError) return error;
  if (error instanceof Cielo24Error) return fromCielo24(error);
  if (error instanceof LedgerError || error instanceof UploadStoreError) return new ApiError(error.code);
  return new ApiError("UNHANDLED_ERROR");
};

const fromCielo24 = ({ code, errorType, errorComment, retryAfterMs }: Cielo24Error): ApiError => {
  if (code === "REFUSED") return toRefusal(errorType, errorComment);
  return new ApiError(code, { retryAfterS: retryAfterMs === undefined ? undefined : retryAfterMs / 1000 });
};

/** cielo24's own refusal. A job that cielo24 does not know looks like someone else's. */
export const toRefusal = (errorType: string | undefined, comment: string | undefined): ApiError =>
  errorType === "ITEM_NOT_FOUND" ? new ApiError("ITEM_NOT_FOUND") : new ApiError("REFUSED", { errorType, comment });

/** An error in cielo24's own form, with the id under which the log has it. */
export const respondWithError = (error: ApiError, requestId: string): ApiResponse =>
  respond(
    { ErrorType: error.errorType, ErrorComment: error.comment, RequestId: requestId },
    error.status,
    error.retryAfterS === undefined ? {} : { "retry-after": String(error.retryAfterS) },
  );
