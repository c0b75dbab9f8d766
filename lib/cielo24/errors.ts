/**
 * cielo24's ErrorType values: the documented enum and those that only its official clients name.
 * Source: cielo24's API documentation, "Errors", and the enums of its Python, Java and .NET clients.
 */
export const CIELO24_ERROR_TYPES = [
  "LOGIN_INVALID",
  "ACCOUNT_EXISTS",
  "ACCOUNT_UNPRIVILEGED",
  "BAD_API_TOKEN",
  "INVALID_QUERY",
  "INVALID_OPTION",
  "MISSING_PARAMETER",
  "INVALID_URL",
  "ITEM_NOT_FOUND",
  "ACCOUNT_DOES_NOT_EXIST",
  "NOT_PARENT_ACCOUNT",
  "NO_CHILDREN_FOUND",
  "NOT_IMPLEMENTED",
  "INVALID_RETURN_HANDLERS",
  "UNHANDLED_ERROR",
] as const;

/** Types that speak of the account or of our way of calling, whatever the medium: nobody's file is at fault. */
export const ACCOUNT_ERROR_TYPES: ReadonlySet<string> = new Set([
  "ACCOUNT_UNPRIVILEGED",
  "ACCOUNT_DOES_NOT_EXIST",
  "ACCOUNT_EXISTS",
  "NOT_PARENT_ACCOUNT",
  "NO_CHILDREN_FOUND",
  "NOT_IMPLEMENTED",
  "INVALID_RETURN_HANDLERS",
]);

/**
 * What a failed call means to us:
 * - `REFUSED`: a 400 with a known, permanent ErrorType; the request was understood and nothing was accepted
 * - `LOGIN_INVALID`: the account's credentials are wrong; nothing works until an operator mends the secret
 * - `BAD_API_TOKEN`: the token was refused although it had just been renewed
 * - `UNAVAILABLE`: network fault, 408, 429, 5xx or UNHANDLED_ERROR; may pass
 * - `TIMED_OUT`: no answer before the deadline
 * - `UNINTELLIGIBLE`: an answer that the documentation does not know: HTML, 401, 403, a redirect, an unknown ErrorType,
 *   a 200 without a TaskId
 */
export type Cielo24FailureCode =
  "REFUSED" | "LOGIN_INVALID" | "BAD_API_TOKEN" | "UNAVAILABLE" | "TIMED_OUT" | "UNINTELLIGIBLE";

/** The one error that leaves `lib/cielo24`. It holds no URL, no header and no cause: those carry the token. */
export class Cielo24Error extends Error {
  override readonly name = "Cielo24Error";
  readonly code: Cielo24FailureCode;
  /** cielo24's ErrorType, where it sent one. */
  readonly errorType: string | undefined;
  /** cielo24's ErrorComment, scrubbed of credentials and cut to 256 characters. */
  readonly errorComment: string | undefined;
  /** How long cielo24 asks to wait, from Retry-After; not clamped. */
  readonly retryAfterMs: number | undefined;
  /** Of a call that failed before any of it was handed to a socket: cielo24 cannot have seen it. */
  readonly isUnsent: boolean;
  /** Of `UNAVAILABLE`: cielo24's own servers answered 429, 500, 502, 503 or UNHANDLED_ERROR; not 408 or 504, and no fault of the network. */
  readonly isAnsweredError: boolean;

  constructor(
    code: Cielo24FailureCode,
    details: {
      errorType?: string | undefined;
      errorComment?: string | undefined;
      retryAfterMs?: number | undefined;
      isUnsent?: boolean;
      isAnsweredError?: boolean;
    } = {},
  ) {
    super(`cielo24: ${code}${details.errorType ? ` (${details.errorType})` : ""}`);
    this.code = code;
    this.errorType = details.errorType;
    this.errorComment = details.errorComment;
    this.retryAfterMs = details.retryAfterMs;
    this.isUnsent = details.isUnsent ?? false;
    this.isAnsweredError = details.isAnsweredError ?? false;
  }

  /** The same error as that of a call which it kept from being sent: no answer to that call, and nothing to settle. */
  ofUnsentCall(): Cielo24Error {
    return this.with({ isUnsent: true, isAnsweredError: false });
  }

  /** The same error, where nobody knows what the answer speaks of: no more than an answer that was lost. */
  asLostAnswer(): Cielo24Error {
    return this.with({ isUnsent: this.isUnsent, isAnsweredError: false });
  }

  private with(flags: { isUnsent: boolean; isAnsweredError: boolean }): Cielo24Error {
    const { code, errorType, errorComment, retryAfterMs } = this;
    return new Cielo24Error(code, { errorType, errorComment, retryAfterMs, ...flags });
  }
}
