import type { MediaBody } from "../media/body.ts";
import type { Cielo24Error } from "./errors.ts";

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
}

export interface OutgoingMedia {
  readonly jobId: string;
  readonly body: MediaBody;
  /** Called about every 64 KiB with the bytes sent so far. */
  readonly onProgress?: (sentBytes: number) => void;
}

export interface TransferLimits extends CallLimits {
  /** How long the socket may neither take nor give a byte before the transfer fails. */
  readonly idleTimeoutMs: number;
}
