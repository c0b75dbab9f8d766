import { Cielo24Error, type Cielo24FailureCode } from "../cielo24/errors.ts";
import { LedgerError } from "../delivery/ledger.ts";
import { UploadStoreError } from "../media/body.ts";

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

interface ErrorResponse {
  readonly status: 400 | 403 | 404 | 409 | 413 | 500 | 502 | 503 | 504;
  /** cielo24's ErrorType where one fits, ours elsewhere. */
  readonly errorType: string;
  /** Said where the error brings no comment of its own. */
  readonly comment: string;
}

const UNUSABLE = "cielo24 cannot be used at present. Tell the operator, with the RequestId.";

/** Every error that a client can be answered with. The only place where codes meet statuses. */
const RESPONSES: Readonly<Record<ApiErrorCode, ErrorResponse>> = {
  MISSING_PARAMETER: { status: 400, errorType: "MISSING_PARAMETER", comment: "A required parameter is missing." },
  INVALID_QUERY: { status: 400, errorType: "INVALID_QUERY", comment: "A parameter could not be used." },
  INVALID_OPTION: { status: 400, errorType: "INVALID_OPTION", comment: "A parameter has a value that is not offered." },
  INVALID_URL: { status: 400, errorType: "INVALID_URL", comment: "media_url cannot be used." },
  // cielo24's own 400: its ErrorType and ErrorComment replace these.
  REFUSED: {
    status: 400,
    errorType: "INVALID_QUERY",
    comment: "cielo24 refused the request, and gave its ErrorType alone.",
  },
  NOT_AUTHORIZED: { status: 403, errorType: "NOT_AUTHORIZED", comment: "The token does not allow this." },
  // One text for absent and foreign jobs, so that they cannot be told apart.
  ITEM_NOT_FOUND: {
    status: 404,
    errorType: "ITEM_NOT_FOUND",
    comment: "No such job for this token, or nothing was sent for it yet. Check job_id, and whose job it is.",
  },
  JOB_HAS_MEDIA: {
    status: 409,
    errorType: "JOB_HAS_MEDIA",
    comment: "The job has its media; a job takes one. For other media, use another job.",
  },
  DELIVERY_UNDER_WAY: {
    status: 409,
    errorType: "DELIVERY_UNDER_WAY",
    comment: "The job's media is on its way to cielo24. Ask /api/job/delivery how it goes.",
  },
  JOB_IN_REVIEW: {
    status: 409,
    errorType: "NEEDS_REVIEW",
    comment: "Whether cielo24 has the job's media is not known. Do not send it again: tell the operator, who decides.",
  },
  JOB_CLOSED: {
    status: 409,
    errorType: "JOB_CLOSED",
    comment: "The operator closed the job, since cielo24 may have its media: use another job.",
  },
  MEDIA_TOO_LARGE: { status: 413, errorType: "MEDIA_TOO_LARGE", comment: "The media is too large." },
  BODY_TOO_LARGE: {
    status: 413,
    errorType: "BODY_TOO_LARGE",
    comment:
      "Parameters in a body may have at most 64 KiB. For media, ask /api/job/request_upload_url or /api/job/sign_upload for a URL; up to 4 MiB may also be the body of /api/job/add_media, as application/octet-stream.",
  },
  UNHANDLED_ERROR: {
    status: 500,
    errorType: "UNHANDLED_ERROR",
    comment: "Something went wrong here. Try again; if it stays, report it and quote the RequestId.",
  },
  ACTION_NOT_OFFERED: {
    status: 502,
    errorType: "NOT_IMPLEMENTED",
    comment: "cielo24 does not offer this action to the account behind this API. Tell the operator.",
  },
  UNINTELLIGIBLE: {
    status: 502,
    errorType: "CIELO24_UNINTELLIGIBLE",
    comment: "cielo24 gave an answer that its documentation does not know. Tell the operator, with the RequestId.",
  },
  // The account is the operator's, not the client's: what is wrong with it is no business of a client.
  LOGIN_INVALID: { status: 502, errorType: "CIELO24_UNAVAILABLE", comment: UNUSABLE },
  ACCOUNT_REFUSED: { status: 502, errorType: "CIELO24_UNAVAILABLE", comment: UNUSABLE },
  BAD_API_TOKEN: { status: 502, errorType: "CIELO24_UNAVAILABLE", comment: UNUSABLE },
  NEEDS_REVIEW: {
    status: 502,
    errorType: "NEEDS_REVIEW",
    comment:
      "Whether cielo24 took the media cannot be found out. Do not send it again: tell the operator, who decides.",
  },
  UNAVAILABLE: {
    status: 503,
    errorType: "CIELO24_UNAVAILABLE",
    comment: "cielo24 cannot be reached at present. Try again later: Retry-After says when.",
  },
  LEDGER_UNAVAILABLE: {
    status: 503,
    errorType: "PROXY_UNAVAILABLE",
    comment: "The record of jobs cannot be reached at present. Try again later: Retry-After says when.",
  },
  QUEUE_UNAVAILABLE: {
    status: 503,
    errorType: "PROXY_UNAVAILABLE",
    comment: "The queue of deliveries cannot be reached at present. Try again later: Retry-After says when.",
  },
  STORE_UNAVAILABLE: {
    status: 503,
    errorType: "PROXY_UNAVAILABLE",
    comment: "The store of uploads cannot be reached at present. Try again later: Retry-After says when.",
  },
  // Of add_media, too, whose media may have arrived.
  TIMED_OUT: {
    status: 504,
    errorType: "TIMED_OUT",
    comment:
      "There was no answer in time. Where media was sent, ask /api/job/delivery what became of it; any other call may be repeated.",
  },
  ANSWER_UNKNOWN: {
    status: 504,
    errorType: "CIELO24_ANSWER_UNKNOWN",
    comment:
      "cielo24's answer was lost: it may have taken the media. Do not send it again; ask /api/job/delivery what became of it.",
  },
};

/** Every code, for whoever describes the answers. */
export const API_ERROR_CODES = Object.keys(RESPONSES) as readonly ApiErrorCode[];

const RETRY_AFTER_DEFAULT_S = 30;
const RETRY_AFTER_MAX_S = 7200;

interface ApiErrorDetails {
  /** Replaces the code's own comment; names the parameter where it is about one. */
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

  constructor(code: ApiErrorCode, { comment, errorType, retryAfterS }: ApiErrorDetails = {}) {
    super(code);
    const answer = RESPONSES[code];
    this.code = code;
    this.status = answer.status;
    this.errorType = errorType ?? answer.errorType;
    this.comment = comment ?? answer.comment;
    this.retryAfterS = answer.status === 503 ? clampRetryAfter(retryAfterS ?? RETRY_AFTER_DEFAULT_S) : undefined;
  }
}

const clampRetryAfter = (seconds: number): number =>
  Number.isNaN(seconds) ? RETRY_AFTER_DEFAULT_S : Math.min(Math.max(Math.ceil(seconds), 1), RETRY_AFTER_MAX_S);

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

/** cielo24's own refusal. A job that it does not know looks like somebody else's. */
export const toRefusal = (errorType: string | undefined, comment: string | undefined): ApiError =>
  errorType === "ITEM_NOT_FOUND" ? new ApiError("ITEM_NOT_FOUND") : new ApiError("REFUSED", { errorType, comment });
