import { cutIntoParts, countInVain, smallerPartBytes, type PartRange } from "./parts.ts";
import { createSignAhead } from "./sign-ahead.ts";
import { readSlice } from "./source.ts";
import { prepareRequest } from "./storage.ts";
import type { UploadRun } from "./upload-run.ts";
import type { UploadOptions, UploadState } from "./upload-types.ts";

/** A part that has arrived at the store. */
export interface StoredPart {
  readonly partNumber: number;
  readonly etag: string;
  readonly sizeBytes: number;
}

/**
 * Sends the parts that are missing, several at a time: fewer after each failure, more again with each part that is stored.
 *
 * @returns all parts; undefined if none was stored, and smaller ones are worth a try
 * @throws {ProxyError}
 * @throws the signal's reason
 */
export const sendParts = async (
  upload: UploadRun,
  { source, signal, takeConnection }: UploadOptions,
  state: UploadState,
  found: readonly StoredPart[],
): Promise<StoredPart[] | undefined> => {
  const { clock, patience, learned } = upload;
  const { jobId, key, uploadId, sizeBytes: totalBytes } = state;
  const ranges = cutIntoParts(totalBytes, state.partBytes);
  const stored = found.filter(({ partNumber, sizeBytes }) => {
    const range = ranges[partNumber - 1];
    return range !== undefined && sizeBytes === range.end - range.start;
  });
  const storedNumbers = new Set(stored.map(({ partNumber }) => partNumber));
  /** Bytes sent so far of each part that is being sent. */
  const sending = new Map<number, number>();
  let storedBytes = stored.reduce((sum, part) => sum + part.sizeBytes, 0);
  const tell = () => {
    const sentBytes = [...sending.values()].reduce((sum, bytes) => sum + bytes, storedBytes);
    upload.tell({ sentBytes, storedBytes, totalBytes });
  };
  tell();

  // Once one part has failed for good, sending the others is pointless.
  const failing = new AbortController();
  const each = signal ? AbortSignal.any([signal, failing.signal]) : failing.signal;
  const enter = takeConnection && (() => takeConnection(each));
  const sign = (partNumber: number, limitMs?: number) =>
    upload.signUpload({ jobId, method: "PUT", key, uploadId, partNumber, signal: each }, limitMs);
  const ahead = createSignAhead(clock, sign);
  const inVain = countInVain(clock);

  const prepare = ({ partNumber, start, end }: PartRange) => ({
    partNumber,
    sizeBytes: end - start,
    ...prepareRequest(
      upload,
      patience,
      {
        sign: (limitMs) => (limitMs === undefined ? ahead.sign(partNumber) : sign(partNumber, limitMs)),
        isSameAnew: true,
      },
      {
        method: "PUT",
        readBody: () => readSlice(source, { start, end }, each),
        onSent: (bytes) => {
          sending.set(partNumber, bytes);
          tell();
        },
        doublings: () => learned.doublings,
        signal: each,
      },
    ),
  });
  const queue = ranges.filter(({ partNumber }) => !storedNumbers.has(partNumber)).map(prepare);

  /** One attempt. @returns whether smaller parts are worth a try */
  const attempt = async (part: ReturnType<typeof prepare>): Promise<boolean> => {
    const { partNumber, sizeBytes, send, isInDoubt } = part;
    const outcome = await patience.attempt(send, { signal: each, enter, isInDoubt });
    const sentBytes = sending.get(partNumber);
    sending.delete(partNumber);
    if ("error" in outcome) {
      learned.parallelParts = Math.max(1, Math.floor(learned.parallelParts / 2));
      queue.unshift(part);
      // Without a signature, nothing was sent.
      return sentBytes !== undefined && stored.length === 0 && inVain(outcome, sentBytes);
    }
    const { etag, doublings } = outcome.value;
    ahead.took(clock.now() - outcome.beganAt);
    learned.doublings = doublings;
    learned.parallelParts = Math.min(upload.parallelParts, learned.parallelParts + 1);
    stored.push({ partNumber, etag: etag ?? "", sizeBytes });
    storedBytes += sizeBytes;
    tell();
    return false;
  };

  const running = new Set<Promise<boolean>>();
  const begin = (part: ReturnType<typeof prepare>) => {
    const one = attempt(part).finally(() => running.delete(one));
    running.add(one);
  };
  try {
    while (queue.length > 0 || running.size > 0) {
      for (let part; running.size < learned.parallelParts && (part = queue.shift());) begin(part);
      const next = queue.slice(0, running.size).filter(({ isInDoubt }) => !isInDoubt());
      ahead.signNext(next.map(({ partNumber }) => partNumber));
      if (!(await Promise.race(running)) || smallerPartBytes(totalBytes) >= state.partBytes) continue;
      failing.abort(new Error("Smaller parts are tried"));
      await Promise.allSettled(running);
      return undefined;
    }
    return stored;
  } catch (error) {
    failing.abort(error);
    await Promise.allSettled(running);
    throw error;
  }
};
