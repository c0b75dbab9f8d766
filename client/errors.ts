import { nextStep } from "./next-step.ts";

/** Where an error comes from: the functions, API Gateway, the store behind a signed URL, the network, or this client. */
type ErrorSource = "api" | "gateway" | "storage" | "network" | "client";

export interface ProxyErrorDetails {
  readonly source: ErrorSource;
  /** The ErrorType of cielo24 or the proxy, S3's Code, or one of this client's own. */
  readonly errorType: string;
  /** What is wrong, in words. Never holds a token or a signed URL. */
  readonly comment: string;
  /** HTTP status; absent if there was no response. */
  readonly status?: number | undefined;
  /** Identifies the request in the operator's log. */
  readonly requestId?: string | undefined;
  readonly isRetryable?: boolean;
  /** How long the server asks to wait, ms. */
  readonly retryAfterMs?: number | undefined;
  /** In place of the one that goes with the type. */
  readonly nextStep?: string | undefined;
  readonly cause?: unknown;
}

/**
 * What this client throws for every failure, except that the reason of an AbortSignal is thrown as it is. `message` can be
 * shown to people; `nextStep` tells them what to do.
 */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  readonly source: ErrorSource;
  readonly errorType: string;
  readonly comment: string;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** True if the same call may succeed later, and repeating it is safe. */
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
    this.nextStep = details.nextStep ?? nextStep(details.errorType, isRetryable);
  }

  /** The same failure in other words. */
  with(words: { readonly comment: string; readonly nextStep: string }): ProxyError {
    const { source, errorType, status, requestId, isRetryable, retryAfterMs, cause } = this;
    return new ProxyError({ source, errorType, status, requestId, isRetryable, retryAfterMs, cause, ...words });
  }
}

/**
 * There was no connection, or it broke before the response: the request may or may not have arrived. An application's own
 * `fetch` or `sendMedia` may know better, and throw a ProxyError itself.
 */
export const networkError = (cause: unknown, whereTo: string): ProxyError =>
  cause instanceof ProxyError
    ? cause
    : new ProxyError({
        source: "network",
        errorType: "NETWORK",
        comment: `No answer from ${whereTo}${codeOf(cause)}.`,
        isRetryable: true,
        cause,
      });

/** Node's code for the failure, which tells a wrong host name from a closed port. Browsers give none. */
const codeOf = (error: unknown): string => {
  const code = property(property(error, "cause"), "code");
  return typeof code === "string" ? ` (${code})` : "";
};

const property = (of: unknown, name: string): unknown =>
  typeof of === "object" && of !== null ? (of as Record<string, unknown>)[name] : undefined;
