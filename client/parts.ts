/** S3's limits: every part but the last has at least 5 MiB, and there are at most 10,000. */
const MIN_PART_BYTES = 5 * 1024 * 1024;
const MAX_PARTS = 10_000;

/** One part of an upload: the bytes from `start` up to, but not including, `end`. */
export interface PartRange {
  readonly partNumber: number;
  readonly start: number;
  readonly end: number;
}

/** The wished part size, within S3's limits. */
export const choosePartBytes = (sizeBytes: number, wishedBytes: number): number =>
  Math.max(Math.floor(wishedBytes), MIN_PART_BYTES, Math.ceil(sizeBytes / MAX_PARTS));

export const cutIntoParts = (sizeBytes: number, partBytes: number): PartRange[] =>
  Array.from({ length: Math.ceil(sizeBytes / partBytes) }, (_, index) => ({
    partNumber: index + 1,
    start: index * partBytes,
    end: Math.min((index + 1) * partBytes, sizeBytes),
  }));
