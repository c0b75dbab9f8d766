import type { Runtime } from "../../runtime.ts";
import { MediaReadError } from "../body.ts";
import { InterruptedError, openConnection, type ObjectResponse } from "./object-connection.ts";
import { createReadBuffers } from "./read-buffers.ts";
import { judgeRefusal, readStoreCode } from "./store-refusal.ts";
import type { MediaBody } from "../body.ts";

/**
 * How long the store may bring nothing, over all attempts. Longer than what S3 takes to fail over; shorter than a minute,
 * after which load balancers and cielo24 give up a POST over which nothing comes.
 */
const PATIENCE_MS = 40_000;
/** One connection that brings nothing is given up earlier, so that several fit into that. */
const LONGEST_STALL_MS = 10_000;
/** What an attempt is given at least, where the process itself stood still meanwhile. */
const SHORTEST_STALL_MS = 1_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

export interface ObjectBodyOptions {
  readonly sizeBytes: number;
  /** Of the version that is meant; without one, the first answer's is held to. */
  readonly etag?: string | undefined;
  /** A fresh URL for a GET of the version, whose signature leaves room for Range and If-Match. */
  readonly sign: () => Promise<string>;
  readonly idleTimeoutMs: number;
  readonly clock: Runtime["clock"];
  readonly sleep: Runtime["sleep"];
  /** From 0 to 1, for the jitter. */
  readonly random: () => number;
}

/**
 * One version of an S3 object as a media body. Where the store resets, fails, stalls or stops short, reading goes on with
 * the next byte by Range and If-Match, after a pause with full jitter, so that a POST of it never notices: for 40 s since
 * the last byte was there, or since it was asked for. Buffers are reused once the next one is asked for.
 *
 * `read` throws MediaReadError, with the store's own code where it gave one: `OBJECT_CHANGED` when the bytes are not
 * those of `etag` and `sizeBytes`, `OBJECT_GONE` when the version does not exist any more, `OBJECT_ARCHIVED` when it
 * would have to be restored first, `ACCESS_REFUSED` when the store or its keys refuse us, `READ_FAILED` when the store
 * fails for longer than that, answers what nobody expects, or the signal aborts.
 */
export const createObjectBody = (options: ObjectBodyOptions): MediaBody => ({
  sizeBytes: options.sizeBytes,
  read: (signal) => readObject(options, signal),
});

async function* readObject(
  { sizeBytes, etag: knownEtag, sign, idleTimeoutMs, clock, sleep, random }: ObjectBodyOptions,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const buffers = createReadBuffers();
  let etag = knownEtag;
  let offset = 0;
  let fruitless = 0;
  /** What the store said last, for who has to mend it. */
  let storeCode: string | undefined;
  let silentSince = clock();
  const patienceLeftMs = () => silentSince + PATIENCE_MS - clock();
  const longestStallMs = () => Math.min(idleTimeoutMs, LONGEST_STALL_MS, Math.max(patienceLeftMs(), SHORTEST_STALL_MS));
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
    const connection = openConnection(url, { headers, buffers, idleTimeoutMs: longestStallMs, signal });
    try {
      const response = await unlessInterrupted(connection.response());
      if (response && !isSuccess(response)) {
        storeCode = await readStoreCode(connection, response);
        const code = judgeRefusal(response.status, storeCode);
        failIfAborted();
        if (code) throw new MediaReadError(code, storeCode);
      } else if (response) {
        failUnlessAsked(response, { offset, sizeBytes, etag });
        etag = response.headers.get("etag") ?? etag;
        for (;;) {
          const bytes = await unlessInterrupted(connection.next());
          if (!bytes) break;
          const wanted = bytes.length > sizeBytes - offset ? bytes.subarray(0, sizeBytes - offset) : bytes;
          offset += wanted.length;
          fruitless = 0;
          storeCode = undefined;
          // The last bytes may be held for long: the store need not wait for that.
          if (offset === sizeBytes) await connection.close();
          yield wanted;
          if (offset === sizeBytes) return;
          // What the consumer takes is no silence of the store's.
          silentSince = clock();
        }
      }
    } finally {
      await connection.close();
    }
    failIfAborted();
    fruitless += 1;
    const pauseMs = random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (fruitless - 1));
    if (pauseMs >= patienceLeftMs()) throw new MediaReadError("READ_FAILED", storeCode);
    await orFail(sleep(pauseMs, signal));
  }
}

const isSuccess = ({ status }: ObjectResponse): boolean => status === 200 || status === 206;

/** @throws {MediaReadError} OBJECT_CHANGED where these are not the bytes that were asked for */
const failUnlessAsked = (
  { status, headers }: ObjectResponse,
  { offset, sizeBytes, etag }: { offset: number; sizeBytes: number; etag: string | undefined },
): void => {
  const isSame =
    status === (offset > 0 ? 206 : 200) &&
    headers.get("content-length") === String(sizeBytes - offset) &&
    (offset === 0 || headers.get("content-range") === `bytes ${offset}-${sizeBytes - 1}/${sizeBytes}`) &&
    (etag === undefined || headers.get("etag") === etag);
  if (!isSame) throw new MediaReadError("OBJECT_CHANGED");
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
