import type { MediaBody } from "../media/body.ts";

/**
 * The end of an `add_media`: cielo24 accepted the media, or the error says why not. `isUnsent`: the last chunk was never
 * sent, so cielo24 cannot have accepted anything.
 */
export type MediaResult = { readonly taskId: string } | { readonly error: Cielo24Error; readonly isUnsent?: true };

/** A transfer holds back up to this much of the end of its body until `finish`. */
export const HELD_BYTES = 64 * 1024;

/**
 * One POST of media to `add_media` in two halves: everything but the last chunk, then the last chunk. cielo24 refuses a
 * body that is cut short, so it cannot have accepted anything before `finish`.
 */
export interface MediaTransfer {
  /**
   * Opens the connection and sends all but the last {@link HELD_BYTES}.
   * Resolves with `"held"`, or with cielo24's response if that came first (an early 200 counts, too). Unless it resolves
   * with `"held"`, both sockets are closed by then.
   * @throws {MediaReadError} if the body could not be read to its end; cielo24 accepted nothing
   */
  sendAllButLast(): Promise<"held" | MediaResult>;
  /** Sends the last chunk and waits for the response. Call once, after `"held"`. Never rejects; closes both sockets. */
  finish(): Promise<MediaResult>;
  /** Closes both sockets and waits until they are closed. May be called at any time, and more than once. */
  abort(): Promise<void>;
  /** Bytes of the body that the socket has been given so far. `finish` adds the ones that were held back. */
  sentBytes(): number;
  /** Lower-case hex SHA-256 of the whole body. Known once `sendAllButLast` has resolved with `"held"`. */
  sha256(): string;
}

export interface CallLimits {
  /** Clock time (ms since the epoch) by which the call must have ended. */
  readonly deadline: number;
}

/**
 * The calls of cielo24's API that this project makes. They fail with {@link Cielo24Error} and nothing else. If the error
 * `isUnsent`, cielo24 has not seen the call, or has definitely refused what it saw.
 */
export interface Cielo24 {
  updateMetadata(
    metadata: { readonly jobId: string; readonly referenceId: string; readonly requestorId: string },
    limits: CallLimits,
  ): Promise<{ readonly taskId: string }>;
  /**
   * Has cielo24 fetch the media itself. Not idempotent: after `TIMED_OUT` or `UNAVAILABLE` cielo24 may have accepted the
   * URL, unless the error `isUnsent`.
   */
  addMediaByUrl(
    media: { readonly jobId: string; readonly mediaUrl: string; readonly isDuplicate?: boolean },
    limits: CallLimits,
  ): Promise<{ readonly taskId: string }>;
  /** Whether the job has its media (`MediaLengthSeconds`, or a task JOB_ADD_MEDIA that is COMPLETE). */
  jobInfo(jobId: string, limits: CallLimits): Promise<{ readonly hasMedia: boolean }>;
  /**
   * Prepares one POST of a body; sends nothing before `sendAllButLast`. A BAD_API_TOKEN is a response like any other: the
   * caller opens another transfer with a fresh body, which logs in again.
   */
  openTransfer(media: OutgoingMedia, limits: TransferLimits): MediaTransfer;
  /** Opens the connection of the next transfer. It sends nothing but what TCP and TLS need. */
  connect(): EarlyConnection;
}

/**
 * A connection for one POST. Its first transfer uses it, unless it is closed by then or anything has arrived on it, which
 * would not be a response to that POST; every other transfer opens its own.
 */
export interface EarlyConnection extends Pick<Cielo24, "openTransfer"> {
  /** Destroys the connection, and waits until it is closed. May be called at any time, and more than once. */
  close(): Promise<void>;
}

/** What one transfer sends, and to which job. */
export interface OutgoingMedia {
  readonly jobId: string;
  readonly body: MediaBody;
  /** Called with the bytes sent so far after each chunk of the body, which from S3 is up to 512 KiB. */
  readonly onProgress?: (sentBytes: number) => void;
}

/** Until when a transfer must have ended, and how long it may stand still. */
export interface TransferLimits extends CallLimits {
  /** How long the socket may neither take nor give a byte before the transfer fails. */
  readonly idleTimeoutMs: number;
}

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
