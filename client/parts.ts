/** S3's limits: parts of at least 5 MiB but for the last, and at most 10,000 of them. */
const MIN_PART_BYTES = 5 * 1024 * 1024;
const MAX_PARTS = 10_000;

/** One part of an upload: bytes from `start` up to but without `end`. */
export interface PartRange {
  readonly partNumber: number;
  readonly start: number;
  readonly end: number;
}

/** As wished, within S3's limits. */
export const choosePartBytes = (sizeBytes: number, wishedBytes: number): number =>
  Math.max(Math.floor(wishedBytes), MIN_PART_BYTES, Math.ceil(sizeBytes / MAX_PARTS));

export const cutIntoParts = (sizeBytes: number, partBytes: number): PartRange[] =>
  Array.from({ length: Math.ceil(sizeBytes / partBytes) }, (_, index) => ({
    partNumber: index + 1,
    start: index * partBytes,
    end: Math.min((index + 1) * partBytes, sizeBytes),
  }));
