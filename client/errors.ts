import { nextStep } from "./next-step.ts";

/** Who said no: the functions, API Gateway before them, the store behind a signed URL, the way there, or this client. */
type ErrorSource = "api" | "gateway" | "storage" | "network" | "client";

export interface ProxyErrorDetails {
  readonly source: ErrorSource;
  /** cielo24's or the proxy's ErrorType, S3's Code, or one of this client's own. */
  readonly errorType: string;
  /** What is wrong, in words. Never holds a token or a signed URL. */
  readonly comment: string;
  /** HTTP status; absent where there was no answer. */
  readonly status?: number | undefined;
  /** Under which the operator finds the request in the log. */
  readonly requestId?: string | undefined;
  readonly isRetryable?: boolean;
  /** How long the server asks to wait, ms. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/**
 * Whatever this client fails with, but for the reason of an AbortSignal, which is thrown as it is. `message` is fit to be
 * shown; `nextStep` tells a person what to do.
 */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  readonly source: ErrorSource;
  readonly errorType: string;
  readonly comment: string;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** True where the same call may succeed later, and repeating it does no harm. */
  readonly isRetryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly nextStep: string;

  constructor({ isRetryable = false, ...details }: ProxyErrorDetails) {
    super(details.comment, details.cause === undefined ? {} : { cause: details.cause });
    this.source = details.source;
    this.errorType = details.errorType;
    this.comment = details.comment;
    this.status = details.status;
    this.requestId = details.requestId;
    this.isRetryable = isRetryable;
    this.retryAfterMs = details.retryAfterMs;
    this.nextStep = nextStep(details.errorType, isRetryable);
  }
}

/** The request has, or may have, never arrived: no connection, or none any more. */
export const networkError = (cause: unknown, whereTo: string): ProxyError =>
  new ProxyError({
    source: "network",
    errorType: "NETWORK",
    comment: `No answer from ${whereTo}${codeOf(cause)}.`,
    isRetryable: true,
    cause,
  });

/** Node's own code of a failure, which tells a wrong name from a closed port. Browsers tell nothing. */
const codeOf = (error: unknown): string => {
  const code = property(property(error, "cause"), "code");
  return typeof code === "string" ? ` (${code})` : "";
};

const property = (of: unknown, name: string): unknown =>
  typeof of === "object" && of !== null ? (of as Record<string, unknown>)[name] : undefined;
