import type { Runtime } from "../../runtime.ts";
import { MediaReadError, type MediaBody } from "../body.ts";
import { InterruptedError, openConnection, type ObjectResponse } from "./object-connection.ts";
import { createReadBuffers } from "./read-buffers.ts";
import { judgeRefusal, readStoreCode } from "./store-refusal.ts";

/**
 * How long S3 may send nothing, over all attempts. Longer than S3 takes to fail over. Shorter than a minute, after which
 * load balancers, and probably cielo24, give up a POST over which nothing comes.
 */
const PATIENCE_MS = 40_000;
/** One silent connection is given up earlier, so that several attempts fit into the 40 s. */
const LONGEST_STALL_MS = 10_000;
/** The least time for an attempt, even if this process itself stood still meanwhile. */
const SHORTEST_STALL_MS = 1_000;
/** Each chunk costs a hash update, a write and some turns of the event loop, so a fast source gives chunks of this size. */
const CHUNK_BYTES = 256 * 1024;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

export interface ObjectBodyOptions extends Pick<Runtime, "clock" | "sleep"> {
  readonly sizeBytes: number;
  /** ETag of the version. Without it, the first response's ETag counts. */
  readonly etag?: string | undefined;
  /** A new URL for a GET of the version. Its signature must allow for Range and If-Match. */
  readonly sign: () => Promise<string>;
  readonly idleTimeoutMs: number;
  /** From 0 to 1, for the jitter. */
  readonly random?: () => number;
}

/**
 * One version of an S3 object as a media body. If S3 resets, fails, stalls or stops short, reading resumes with the next
 * byte by Range and If-Match, after a pause with full jitter, so that the POST that sends it never notices. It gives up
 * 40 s after the last byte came, or was asked for. A buffer is reused once the next one is asked for.
 *
 * `read` throws MediaReadError, with S3's own code if there is one: `OBJECT_CHANGED` if the bytes are not those of `etag`
 * and `sizeBytes`, `OBJECT_GONE` if the version no longer exists, `OBJECT_ARCHIVED` if it must be restored first,
 * `ACCESS_REFUSED` if S3 or its keys refuse access, `READ_FAILED` if S3 fails for too long or gives an unexpected
 * response, or if the signal aborts.
 */
export const createObjectBody = (options: ObjectBodyOptions): MediaBody => ({
  sizeBytes: options.sizeBytes,
  read: (signal) => readObject(options, signal),
});

async function* readObject(
  { sizeBytes, etag: knownEtag, sign, idleTimeoutMs, clock, sleep, random = Math.random }: ObjectBodyOptions,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const buffers = createReadBuffers();
  let etag = knownEtag;
  let offset = 0;
  let failures = 0;
  /** S3's latest error code, for the operator who has to remove the cause. */
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
    const headers = { Range: offset > 0 ? `bytes=${offset}-` : undefined, "If-Match": etag };
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
          const bytes = await unlessInterrupted(connection.next(Math.min(CHUNK_BYTES, sizeBytes - offset)));
          if (!bytes) break;
          const wanted = bytes.subarray(0, sizeBytes - offset);
          offset += wanted.length;
          failures = 0;
          storeCode = undefined;
          // The consumer may hold the last bytes for long. S3 need not wait for that.
          if (offset === sizeBytes) await connection.close();
          yield wanted;
          if (offset === sizeBytes) return;
          // Time that the consumer takes does not count as S3's silence.
          silentSince = clock();
        }
      }
    } finally {
      await connection.close();
    }
    failIfAborted();
    failures += 1;
    const pauseMs = random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
    if (pauseMs >= patienceLeftMs()) throw new MediaReadError("READ_FAILED", storeCode);
    await orFail(sleep(pauseMs, signal));
  }
}

const isSuccess = ({ status }: ObjectResponse): boolean => status === 200 || status === 206;

/** @throws {MediaReadError} OBJECT_CHANGED if these are not the bytes that were asked for */
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

const unlessInterrupted = async <T>(pending: Promise<T>): Promise<T | undefined> => {
  try {
    return await pending;
  } catch (error) {
    if (error instanceof InterruptedError) return undefined;
    throw error;
  }
};

/** Replaces errors of the SDK, which quote requests, and of an aborted sleep. */
const orFail = async <T>(pending: Promise<T>): Promise<T> => {
  try {
    return await pending;
  } catch {
    throw new MediaReadError("READ_FAILED");
  }
};
