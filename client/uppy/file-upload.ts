import { ARRIVAL_WAIT_S, hasArrived } from "../arrival.ts";
import type { Client } from "../client.ts";
import { ProxyError } from "../errors.ts";
import { isSameJob, normalJobId } from "../job-id.ts";
import type { UploadProgress } from "../progress.ts";
import type { UploadState, Waiting } from "../upload-types.ts";
import { createAttempts } from "./attempts.ts";
import { takeFreeLock, takeLock, type Lock } from "./lock.ts";
import type { Take } from "./pool.ts";

/** What of the client the plugin uses. */
export type Uploader = Pick<Client, "uploadMedia" | "abortUpload" | "getDelivery" | "waitForDelivery">;

interface FileUploadOptions {
  readonly client: Uploader;
  /** Room for files, and for requests to the store. */
  readonly takeTurn: Take;
  readonly takeConnection: Take;
  readonly id: string;
  readonly jobId: string;
  readonly source: Blob;
  readonly filename: string;
  readonly contentType: string | undefined;
  readonly isPaused: boolean;
  /** Whether it was begun earlier. A file that goes out in one request has no state then. */
  readonly wasBegun: boolean;
  /** Of an earlier run. */
  readonly state: UploadState | undefined;
  readonly onState: (state: UploadState | undefined) => void;
  readonly onProgress: (progress: UploadProgress) => void;
  readonly onWaiting: (waiting: Waiting | undefined) => void;
  readonly onElsewhere: (isElsewhere: boolean) => void;
}

/** The file is at the store. */
export interface UploadedFile {
  /** Undefined if another tab has uploaded it. */
  readonly key: string | undefined;
  /** To be given back once the proxy has seen that the file has arrived: until then, another tab would upload it, too. */
  readonly lock: Lock;
}

/** One file on its way to the store. */
export const createFileUpload = (options: FileUploadOptions) => {
  const { client, id, jobId, source, onElsewhere } = options;
  const removed = new AbortController();
  const { signal } = removed;
  let { state } = options;
  let isMine = false;
  const attempts = createAttempts({ signal, isPaused: options.isPaused, onWaiting: options.onWaiting });
  const keep = (next: UploadState | undefined) => {
    state = next;
    if (!signal.aborted) options.onState(next);
  };

  const upload = () =>
    attempts.run(async ({ signal, onWaiting }) => {
      const endTurn = await options.takeTurn(id, signal);
      try {
        const { key } = await client.uploadMedia({
          jobId,
          source,
          filename: options.filename,
          contentType: options.contentType,
          resume: state,
          onState: keep,
          onProgress: options.onProgress,
          onWaiting,
          takeConnection: (each) => options.takeConnection(id, each),
          signal,
        });
        return key;
      } finally {
        endTurn();
      }
    });

  const isThere = (waitS: number): Promise<boolean> =>
    hasArrived(client, { jobId, source, signal }, waitS).catch(() => false);

  const uploadUnlessArrived = async (wasElsewhere: boolean): Promise<string | undefined> => {
    if (wasElsewhere && (await isThere(ARRIVAL_WAIT_S))) return undefined;
    signal.throwIfAborted();
    const wasBegun = options.wasBegun || state !== undefined;
    try {
      return await upload();
    } catch (error) {
      signal.throwIfAborted();
      // It may have arrived before the page was loaded again, or another tab have completed the upload that was begun.
      if (!wasBegun || !isRefusedJob(error) || !(await isThere(0))) throw error;
      keep(undefined);
      return undefined;
    }
  };

  return {
    ...attempts,
    /** Uploads the file. @throws what the client throws; undefined: the file was removed */
    run: async (): Promise<UploadedFile | undefined> => {
      if (state && !isSameJob(state.jobId, jobId)) {
        void discard(client, state);
        keep(undefined);
      }
      let lock: Lock | undefined;
      try {
        lock = await takeLock(normalJobId(jobId) ?? jobId, {
          signal,
          onElsewhere: () => {
            onElsewhere(true);
          },
        });
        isMine = true;
        if (lock.wasElsewhere) onElsewhere(false);
        return { key: await uploadUnlessArrived(lock.wasElsewhere), lock };
      } catch (error) {
        // Only then: another tab that waits may have the same state, and would go on with parts that are being deleted.
        if (signal.aborted && state && isMine) void discard(client, state).then(lock?.release);
        else lock?.release();
        if (signal.aborted) return undefined;
        throw error;
      }
    },
    /** Ends the upload, and deletes its parts if they are this tab's. */
    remove: (): void => {
      removed.abort(new DOMException("The file was removed", "AbortError"));
    },
    /** Ends the upload, and leaves its parts: it can go on later. */
    stop: (): void => {
      state = undefined;
      removed.abort(new DOMException("The uploader was removed", "AbortError"));
    },
  };
};

const isRefusedJob = (error: unknown): boolean =>
  error instanceof ProxyError && (error.status === 409 || error.errorType === "NoSuchUpload");

/** If this fails, the bucket's lifecycle rule removes the parts after a week. */
const discard = (client: Uploader, state: UploadState): Promise<void> =>
  client.abortUpload(state).catch(() => undefined);

/** Deletes the parts of an upload that was interrupted earlier, unless another tab goes on with it. */
export const discardLeftBehind = async (client: Uploader, state: UploadState): Promise<void> => {
  const lock = await takeFreeLock(normalJobId(state.jobId) ?? state.jobId);
  if (!lock) return;
  await discard(client, state);
  lock.release();
};
