import type { Cielo24Error } from "./errors.ts";

/** The answer to an `add_media`: it was accepted, or why it was not. */
export type MediaAnswer = { readonly taskId: string } | { readonly error: Cielo24Error };

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
  sendAllButLast(): Promise<"held" | MediaAnswer>;
  /** Sends the last chunk and waits for the answer. Call once, after `"held"`. Never rejects; closes both sockets. */
  finish(): Promise<MediaAnswer>;
  /** Closes both sockets and waits until they are closed. Safe to call at any time, repeatedly. */
  abort(): Promise<void>;
  /** Lower-case hex SHA-256 of the whole body; known once `sendAllButLast` has resolved with `"held"`. */
  sha256(): string;
}

/** Where the bytes of a media transfer come from. */
export interface MediaBody {
  readonly sizeBytes: number;
  /**
   * The bytes in order, exactly `sizeBytes` of them. The transfer owns the iterator and closes it by `return()`; the
   * source throws MediaReadError where it cannot go on. Buffers may be reused by the source once the next one is asked for.
   */
  read(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

export interface CallLimits {
  /** Clock time (ms since the epoch) by which the call must have ended. */
  readonly deadline: number;
}

/** The calls of cielo24's API that this project makes. Every one fails with {@link Cielo24Error} and nothing else. */
export interface Cielo24 {
  updateMetadata(
    metadata: { readonly jobId: string; readonly referenceId: string; readonly requestorId: string },
    limits: CallLimits,
  ): Promise<{ readonly taskId: string }>;
  /** cielo24 fetches the media itself. Not idempotent: a `TIMED_OUT` or `UNAVAILABLE` may have been accepted. */
  addMediaByUrl(
    media: { readonly jobId: string; readonly mediaUrl: string; readonly isDuplicate?: boolean },
    limits: CallLimits,
  ): Promise<{ readonly taskId: string }>;
  /** Whether the job has its media (`MediaLengthSeconds`, or a task of type JOB_ADD_MEDIA that did not fail). */
  jobInfo(jobId: string, limits: CallLimits): Promise<{ readonly hasMedia: boolean }>;
  /**
   * Prepares one POST of a body; nothing is sent before `sendAllButLast`. A BAD_API_TOKEN is an answer like any other:
   * the caller opens another transfer with a fresh body and `renewToken`.
   */
  openTransfer(
    media: {
      readonly jobId: string;
      readonly body: MediaBody;
      /** Called about every 64 KiB with the bytes sent so far. */
      readonly onProgress?: (sentBytes: number) => void;
      /** Log in again first, since the last token was refused. */
      readonly renewToken?: boolean;
    },
    limits: CallLimits & {
      /** A socket that neither takes nor gives a byte for so long is given up. */
      readonly idleTimeoutMs: number;
    },
  ): MediaTransfer;
}
