import { orAborted } from "./abort.ts";
import { ProxyError } from "./errors.ts";

/**
 * Bytes that are read anew each time they are sent, so that they are never in memory as a whole. Only a `sendMedia` of
 * the application's own can send them: `fetch` and XMLHttpRequest cannot.
 */
export interface MediaRange {
  readonly size: number;
  readonly stream: () => AsyncIterable<Uint8Array>;
}

/** Bytes that can be sent more than once. */
export type MediaBytes = Blob | Uint8Array<ArrayBuffer> | MediaRange;

export const sizeOf = (bytes: MediaBytes): number => (bytes instanceof Uint8Array ? bytes.byteLength : bytes.size);

/** Media to upload: a browser's File or Blob, or anything else that can be read by range. */
export interface MediaSource {
  readonly size: number;
  /** The bytes from `start` up to, but not including, `end`. The same range may be read more than once. */
  slice(start: number, end: number): MediaBytes | Promise<MediaBytes>;
}

/**
 * @throws {ProxyError} SOURCE_CHANGED if the slice is not as long as `size` promised
 * @throws the signal's reason
 */
export const readSlice = async (
  source: MediaSource,
  { start, end }: { readonly start: number; readonly end: number },
  signal: AbortSignal | undefined,
): Promise<MediaBytes> => {
  const bytes = await orAborted(source.slice(start, end), signal);
  if (sizeOf(bytes) === end - start) return bytes;
  throw sourceChanged();
};

/**
 * Whether a Blob of a file can still be read: it cannot once the file was changed, moved or deleted after it was chosen.
 * Senders cannot tell that from a lost connection. Of other bytes, nothing is known.
 */
export const canBeRead = async (bytes: MediaBytes | MediaSource): Promise<boolean> => {
  if (!(bytes instanceof Blob)) return true;
  try {
    await bytes.slice(-1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
};

export const sourceChanged = (cause?: unknown): ProxyError =>
  new ProxyError({
    source: "client",
    errorType: "SOURCE_CHANGED",
    comment: "The file has changed since it was chosen, or it can no longer be read.",
    cause,
  });
