import type { GenericSchema, InferOutput } from "valibot";
import { JobInfoAnswer, LoginAnswer, readAnswer, showsMedia, TaskAnswer } from "./response.ts";
import { callCielo24 } from "./transport/call.ts";
import { Cielo24Error } from "./errors.ts";
import type { Credentials } from "./credentials.ts";
import { createScrubber } from "./scrub.ts";
import { createSession, tokenFor } from "./session.ts";
import { Secret } from "./secret.ts";
import { createTransfer } from "./transport/transfer.ts";

/**
 * The answer to an `add_media`: it was accepted, or why it was not. `isUnsent`: the last chunk never went out, so that
 * nothing was accepted.
 */
export type MediaAnswer = { readonly taskId: string } | { readonly error: Cielo24Error; readonly isUnsent?: true };

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
  /** Bytes of the body that were handed to the socket so far; what is held back is among them once `finish` sends it. */
  sentBytes(): number;
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

interface Cielo24Parts {
  readonly baseUrl: string;
  /** Reads the account's credentials. Throws SecretError. */
  readonly readCredentials: () => Promise<Credentials>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** cielo24's API at a base URL. Token and credentials never leave what this returns. */
export const createCielo24 = ({ baseUrl, readCredentials, clock }: Cielo24Parts): Cielo24 => {
  const scrubber = createScrubber();
  const { learn, scrub } = scrubber;

  const session = createSession({
    clock,
    readCredentials: async () => {
      const credentials = await readCredentials();
      learn((credentials.kind === "token" ? credentials.token : credentials.secret).reveal());
      return credentials;
    },
    logIn: async ({ username, by, secret }, deadline) => {
      const answer = await callCielo24(
        baseUrl,
        {
          action: "account/login",
          query: {},
          headers: { "x-auth-user": username, [`x-auth-${by}`]: secret },
          isRepeatable: true,
          deadline,
        },
        clock,
      );
      const { ApiToken } = readAnswer(answer, LoginAnswer, scrub);
      learn(ApiToken);
      return new Secret(ApiToken);
    },
  });

  /** Calls with the present token, and once more with a renewed one where that was refused. */
  const call = async <S extends GenericSchema>(
    action: string,
    query: Readonly<Record<string, string>>,
    schema: S,
    { deadline, isRepeatable, clean = scrub }: CallLimits & { isRepeatable: boolean; clean?: typeof scrub },
  ): Promise<InferOutput<S>> => {
    const attempt = async (token: Secret) =>
      readAnswer(await callCielo24(baseUrl, { action, query, token, isRepeatable, deadline }, clock), schema, clean);
    const token = await tokenFor(session, deadline);
    try {
      return await attempt(token);
    } catch (error) {
      if (!(error instanceof Cielo24Error)) throw error;
      session.answered(token, error);
      if (error.code !== "BAD_API_TOKEN") throw error;
      return attempt(await tokenFor(session, deadline));
    }
  };

  return {
    updateMetadata: async ({ jobId, referenceId, requestorId }, limits) => {
      const query = { job_id: jobId, reference_id: referenceId, requestor_id: requestorId };
      const { TaskId } = await call("job/update_metadata", query, TaskAnswer, { ...limits, isRepeatable: true });
      return { taskId: TaskId };
    },
    addMediaByUrl: async ({ jobId, mediaUrl, isDuplicate }, limits) => {
      const query = { job_id: jobId, media_url: mediaUrl, ...(isDuplicate ? { is_duplicate: "true" } : {}) };
      // It may be a capability URL of ours, or a client's presigned one.
      const clean = scrubber.withUrl(mediaUrl);
      const { TaskId } = await call("job/add_media", query, TaskAnswer, { ...limits, isRepeatable: false, clean });
      return { taskId: TaskId };
    },
    jobInfo: async (jobId, limits) => {
      const info = await call("job/info", { job_id: jobId }, JobInfoAnswer, { ...limits, isRepeatable: true });
      return { hasMedia: showsMedia(info, jobId) };
    },
    openTransfer: ({ jobId, body, onProgress }, limits) =>
      createTransfer({ baseUrl, jobId, body, onProgress, scrub, clock, session }, limits),
  };
};
