import type { MediaBody } from "../media/body.ts";
import type { Cielo24Error } from "./errors.ts";

/**
 * The answer to an `add_media`: it was accepted, or why it was not. `isUnsent`: the last chunk never went out, so that
 * nothing was accepted.
 */
export type MediaResult = { readonly taskId: string } | { readonly error: Cielo24Error; readonly isUnsent?: true };

/** A transfer holds back up to this much of the end of its body until `finish`. */
export const HELD_BYTES = 64 * 1024;

/**
 * One POST of media to `add_media`, in two halves: everything but the last chunk, then the last chunk. cielo24 refuses
 * a body that is cut short, so before `finish` nothing can have been accepted.
 */
export interface MediaTransfer {
  /**
   * Opens the connection and sends all but the last chunk (at most 64 KiB are held back).
   * Resolves with `"held"`, or with cielo24's answer if it came before (an early 200 counts as an answer, too).
   * Where it does not resolve with `"held"`, both sockets are closed already.
   * @throws {MediaReadError} if the body could not be read to its end; nothing was accepted
   */
  sendAllButLast(): Promise<"held" | MediaResult>;
  /** Sends the last chunk and waits for the answer. Call once, after `"held"`. Never rejects; closes both sockets. */
  finish(): Promise<MediaResult>;
  /** Closes both sockets and waits until they are closed. Safe to call at any time, repeatedly. */
  abort(): Promise<void>;
  /** Bytes of the body that were handed to the socket so far; what is held back is among them once `finish` sends it. */
  sentBytes(): number;
  /** Lower-case hex SHA-256 of the whole body; known once `sendAllButLast` has resolved with `"held"`. */
  sha256(): string;
}

export interface CallLimits {
  /** Clock time (ms since the epoch) by which the call must have ended. */
  readonly deadline: number;
}

/**
 * The calls of cielo24's API that this project makes. Every one fails with {@link Cielo24Error} and nothing else; where
 * that `isUnsent`, cielo24 has seen nothing of the call, or has definitely refused what it saw.
 */
export interface Cielo24 {
  updateMetadata(
    metadata: { readonly jobId: string; readonly referenceId: string; readonly requestorId: string },
    limits: CallLimits,
  ): Promise<{ readonly taskId: string }>;
  /**
   * cielo24 fetches the media itself. Not idempotent: a `TIMED_OUT` or `UNAVAILABLE` may have been accepted, unless it
   * `isUnsent`.
   */
  addMediaByUrl(
    media: { readonly jobId: string; readonly mediaUrl: string; readonly isDuplicate?: boolean },
    limits: CallLimits,
  ): Promise<{ readonly taskId: string }>;
  /** Whether the job has its media (`MediaLengthSeconds`, or a task JOB_ADD_MEDIA that is COMPLETE). */
  jobInfo(jobId: string, limits: CallLimits): Promise<{ readonly hasMedia: boolean }>;
  /**
   * Prepares one POST of a body; nothing is sent before `sendAllButLast`. A BAD_API_TOKEN is an answer like any other:
   * the caller opens another transfer with a fresh body, which logs in again.
   */
  openTransfer(
    media: {
      readonly jobId: string;
      readonly body: MediaBody;
      /** Called about every 64 KiB with the bytes sent so far. */
      readonly onProgress?: (sentBytes: number) => void;
    },
    limits: CallLimits & {
      /** A socket that neither takes nor gives a byte for so long is given up. */
      readonly idleTimeoutMs: number;
    },
  ): MediaTransfer;
}
