/** Types about the account, or about how the API is called. They say nothing about the media: no file is at fault. */
const ABOUT_THE_ACCOUNT = [
  "ACCOUNT_UNPRIVILEGED",
  "ACCOUNT_DOES_NOT_EXIST",
  "ACCOUNT_EXISTS",
  "NOT_PARENT_ACCOUNT",
  "NO_CHILDREN_FOUND",
  "NOT_IMPLEMENTED",
  "INVALID_RETURN_HANDLERS",
];
export const ACCOUNT_ERROR_TYPES: ReadonlySet<string> = new Set(ABOUT_THE_ACCOUNT);

/**
 * Every ErrorType of cielo24: the documented ones, and those that only its official clients name.
 * Source: cielo24's API documentation, "Errors", and the enums of its Python, Java and .NET clients.
 */
export const CIELO24_ERROR_TYPES: readonly string[] = [
  "LOGIN_INVALID",
  "BAD_API_TOKEN",
  "INVALID_QUERY",
  "INVALID_OPTION",
  "MISSING_PARAMETER",
  "INVALID_URL",
  "ITEM_NOT_FOUND",
  "UNHANDLED_ERROR",
  ...ABOUT_THE_ACCOUNT,
];

/**
 * What a failed call means:
 * - `REFUSED`: a 400 with a known, permanent ErrorType. cielo24 understood the request and accepted nothing.
 * - `LOGIN_INVALID`: the account's credentials are wrong. Nothing works until an operator corrects the secret.
 * - `BAD_API_TOKEN`: the token was refused although it had just been renewed.
 * - `UNAVAILABLE`: a network fault, 408, 429, 5xx or UNHANDLED_ERROR. It may pass.
 * - `TIMED_OUT`: no response before the deadline.
 * - `UNINTELLIGIBLE`: a response that the documentation does not describe: HTML, 401, 403, a redirect, an unknown
 *   ErrorType, a 200 without a TaskId.
 */
export type Cielo24FailureCode =
  "REFUSED" | "LOGIN_INVALID" | "BAD_API_TOKEN" | "UNAVAILABLE" | "TIMED_OUT" | "UNINTELLIGIBLE";

interface Details {
  /** cielo24's ErrorType, if it sent one. */
  readonly errorType?: string | undefined;
  /** cielo24's ErrorComment, without credentials and cut to 256 characters. */
  readonly errorComment?: string | undefined;
  /** How long cielo24 asks callers to wait (Retry-After), as sent. */
  readonly retryAfterMs?: number | undefined;
  /** The call failed before any of it was handed to a socket: cielo24 cannot have seen it. */
  readonly isUnsent?: boolean;
  /**
   * `UNAVAILABLE` was the word of cielo24's own servers: 429, 500, 502, 503 or UNHANDLED_ERROR. False for 408, 504 and
   * network faults, which tell nothing about the request.
   */
  readonly isAnsweredError?: boolean;
}

/** The only error that leaves `lib/cielo24`. It has no URL, headers or cause: those carry the token. */
export class Cielo24Error extends Error {
  override readonly name = "Cielo24Error";
  readonly code: Cielo24FailureCode;
  readonly errorType: Details["errorType"];
  readonly errorComment: Details["errorComment"];
  readonly retryAfterMs: Details["retryAfterMs"];
  readonly isUnsent: boolean;
  readonly isAnsweredError: boolean;

  constructor(code: Cielo24FailureCode, details: Details = {}) {
    super(`cielo24: ${code}${details.errorType ? ` (${details.errorType})` : ""}`);
    this.code = code;
    this.errorType = details.errorType;
    this.errorComment = details.errorComment;
    this.retryAfterMs = details.retryAfterMs;
    this.isUnsent = details.isUnsent ?? false;
    this.isAnsweredError = details.isAnsweredError ?? false;
  }

  /** A failed login, as the error of the call that could not be sent without it: there is nothing to settle. */
  ofUnsentCall(): Cielo24Error {
    return this.unanswered(true);
  }

  /** The same error where it is unclear what the response refers to: it proves no more than a lost response. */
  asLostResponse(): Cielo24Error {
    return this.unanswered(this.isUnsent);
  }

  private unanswered(isUnsent: boolean): Cielo24Error {
    const { code, errorType, errorComment, retryAfterMs } = this;
    return new Cielo24Error(code, { errorType, errorComment, retryAfterMs, isUnsent });
  }
}
