import type { Clock } from "./clock.ts";
import type { Failure } from "./patience.ts";

/** S3's limits: every part but the last has at least 5 MiB, and there are at most 10,000. */
const MIN_PART_BYTES = 5 * 1024 * 1024;
const MAX_PARTS = 10_000;

/** Files that are larger go in parts, of this size unless another is wished. */
export const PART_BYTES = 8 * 1024 * 1024;

/** One part of an upload: the bytes from `start` up to, but not including, `end`. */
export interface PartRange {
  readonly partNumber: number;
  readonly start: number;
  readonly end: number;
}

/** The wished part size, within S3's limits. */
export const choosePartBytes = (sizeBytes: number, wishedBytes: number): number =>
  Math.max(Math.floor(wishedBytes), MIN_PART_BYTES, Math.ceil(sizeBytes / MAX_PARTS));

/**
 * A size for parts of at most `PART_BYTES`, within S3's limits, with which they fill whole rounds: a part that is left over
 * takes as long as a whole round, alone.
 */
export const evenPartBytes = (sizeBytes: number, parallelParts: number): number => {
  if (sizeBytes <= PART_BYTES) return PART_BYTES;
  const rounds = Math.ceil(sizeBytes / (PART_BYTES * parallelParts));
  return choosePartBytes(sizeBytes, Math.ceil(sizeBytes / (rounds * parallelParts)));
};

export const cutIntoParts = (sizeBytes: number, partBytes: number): PartRange[] =>
  Array.from({ length: Math.ceil(sizeBytes / partBytes) }, (_, index) => ({
    partNumber: index + 1,
    start: index * partBytes,
    end: Math.min((index + 1) * partBytes, sizeBytes),
  }));

/** The size of the parts that an upload is begun anew with, where larger ones do not get through. */
export const smallerPartBytes = (sizeBytes: number): number => choosePartBytes(sizeBytes, MIN_PART_BYTES);

/** So many failures in a row make smaller parts worth a try. */
export const FAILURES_IN_A_ROW = 3;
/** Where nothing tells how much was sent: what failed sooner never had the time to send much. */
const TRIED_MS = 10_000;

/**
 * Counts the failures before anything is stored, and tells when there are enough of them. Failures at the same time are
 * one. An answer of the store's own is none, and neither is a connection that could not be made.
 */
export const countInVain = ({ now }: Clock) => {
  let count = 0;
  let countedAt = 0;
  return ({ error, beganAt }: Failure, sentBytes: number): boolean => {
    const wasSent = sentBytes > 0 || now() - beganAt >= TRIED_MS;
    if (error.source !== "network" || beganAt < countedAt || !wasSent) return false;
    countedAt = now();
    count += 1;
    return count >= FAILURES_IN_A_ROW;
  };
};
