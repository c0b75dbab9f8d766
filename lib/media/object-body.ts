import type { MediaBody } from "../cielo24/client.ts";
import type { Runtime } from "../runtime.ts";
import { MediaReadError } from "./errors.ts";
import { InterruptedError, openConnection, type ObjectResponse } from "./object-connection.ts";
import { createReadBuffers } from "./read-buffers.ts";

/** Attempts in a row that bring not one byte. */
const FRUITLESS_ATTEMPTS = 5;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

export interface ObjectBodyOptions {
  readonly sizeBytes: number;
  /** Of the version that is meant; without one, the first answer's is held to. */
  readonly etag?: string | undefined;
  /** A fresh URL for a GET of the version, whose signature leaves room for Range and If-Match. */
  readonly sign: () => Promise<string>;
  readonly idleTimeoutMs: number;
  readonly sleep: Runtime["sleep"];
  /** From 0 to 1, for the jitter. */
  readonly random: () => number;
}

/**
 * One version of an S3 object as a media body. Where the store resets, fails, stalls or stops short, reading goes on with
 * the next byte by Range and If-Match, after a pause with full jitter, so that a POST of it never notices. Buffers are
 * reused once the next one is asked for.
 *
 * `read` throws MediaReadError: `OBJECT_CHANGED` when the bytes are not those of `etag` and `sizeBytes`, `OBJECT_GONE`
 * when the version does not exist any more, `READ_FAILED` when the store refuses, fails again and again, or the signal
 * aborts.
 */
export const createObjectBody = (options: ObjectBodyOptions): MediaBody => ({
  sizeBytes: options.sizeBytes,
  read: (signal) => readObject(options, signal),
});

async function* readObject(
  { sizeBytes, etag: knownEtag, sign, idleTimeoutMs, sleep, random }: ObjectBodyOptions,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const buffers = createReadBuffers();
  let etag = knownEtag;
  let offset = 0;
  let fruitless = 0;
  const failIfAborted = () => {
    if (signal.aborted) throw new MediaReadError("READ_FAILED");
  };
  while (offset < sizeBytes) {
    const url = await orFail(sign());
    failIfAborted();
    const headers = {
      ...(offset > 0 ? { Range: `bytes=${offset}-` } : {}),
      ...(etag === undefined ? {} : { "If-Match": etag }),
    };
    const connection = openConnection(url, { headers, buffers, idleTimeoutMs, signal });
    try {
      const response = await unlessInterrupted(connection.response());
      if (response && isWhatWasAsked(response, { offset, sizeBytes, etag })) {
        etag = response.headers.get("etag") ?? etag;
        for (;;) {
          const bytes = await unlessInterrupted(connection.next());
          if (!bytes) break;
          const wanted = bytes.length > sizeBytes - offset ? bytes.subarray(0, sizeBytes - offset) : bytes;
          offset += wanted.length;
          fruitless = 0;
          // The last bytes may be held for long: the store need not wait for that.
          if (offset === sizeBytes) await connection.close();
          yield wanted;
          if (offset === sizeBytes) return;
        }
      }
    } finally {
      await connection.close();
    }
    failIfAborted();
    fruitless += 1;
    if (fruitless >= FRUITLESS_ATTEMPTS) throw new MediaReadError("READ_FAILED");
    const pauseMs = random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (fruitless - 1));
    await orFail(sleep(pauseMs, signal));
  }
}

/** Whether these are the bytes that were asked for; false when the store failed in a way that may pass. */
const isWhatWasAsked = (
  { status, headers }: ObjectResponse,
  asked: { offset: number; sizeBytes: number; etag: string | undefined },
): boolean => {
  if (status >= 500 || status === 429 || status === 408) return false;
  // 405 is the answer for a version that is a delete marker.
  if (status === 404 || status === 405) throw new MediaReadError("OBJECT_GONE");
  // 416: the object ends before the byte that was asked for.
  if (status === 412 || status === 416) throw new MediaReadError("OBJECT_CHANGED");
  if (status !== 200 && status !== 206) throw new MediaReadError("READ_FAILED");
  const { offset, sizeBytes, etag } = asked;
  const isSame =
    status === (offset > 0 ? 206 : 200) &&
    headers.get("content-length") === String(sizeBytes - offset) &&
    (offset === 0 || headers.get("content-range") === `bytes ${offset}-${sizeBytes - 1}/${sizeBytes}`) &&
    (etag === undefined || headers.get("etag") === etag);
  if (!isSame) throw new MediaReadError("OBJECT_CHANGED");
  return true;
};

const unlessInterrupted = async <T>(answer: Promise<T>): Promise<T | undefined> => {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof InterruptedError) return undefined;
    throw error;
  }
};

/** Errors of the SDK and of a cut sleep are replaced: they quote requests, or say nothing. */
const orFail = async <T>(answer: Promise<T>): Promise<T> => {
  try {
    return await answer;
  } catch {
    throw new MediaReadError("READ_FAILED");
  }
};
