import { hasEnded, type Row, type Write } from "./row.ts";

/**
 * Which rows are open, and from when on somebody should have looked after them. Open rows have an entry in an index of the
 * table, so that the census reads them and not every row that there ever was. The entry follows from the write alone, so
 * that no transition can forget it.
 */

const DAY_MS = 86_400_000;
/**
 * How long an upload may take to arrive, once it is signed. S3 removes parts seven days after they were begun
 * (resources/bucket.yml), and may take a day for it.
 */
export const UPLOAD_LIFE_MS = 9 * DAY_MS;

/** Something has still to happen: the row has no end, or nobody was told of it. */
export const isOpen = (row: Row): boolean => !(hasEnded(row) && row.announced);

/**
 * When an open row's next step is due at the latest (ms since the epoch): not before `notBefore`, which may be days away; in
 * SENDING, not before the claim's lease is over; in FINALIZING, not before `settledAt`. Until then, a message that is waiting
 * comes back. An upload that nothing arrives for is given up at the end of its life.
 */
export const dueTime = (row: Row): number => {
  const { state, leaseUntil, settledAt, notBefore = 0, updatedAt } = row;
  if (state === "UPLOADING") return endOfUpload(row);
  if (hasEnded(row)) return updatedAt;
  return Math.max((state === "SENDING" ? leaseUntil : settledAt) ?? updatedAt, notBefore);
};

const endOfUpload = ({ updatedAt }: Pick<Row, "updatedAt">): number => updatedAt + UPLOAD_LIFE_MS;

/**
 * What a write does to the row's entry: the time from which on the row may be due, `"closed"` if the row is open no more, or
 * `"kept"`. An entry that is too early costs the census a read; each one that is moved costs two writes. So it stays where it is
 * while a claim's lease lasts, which is when most deliveries happen, and while nothing but progress or a conflict is noted;
 * and the many signatures of one upload move it once a day.
 */
export const entryAfter = ({ if: condition, set }: Write): number | "closed" | "kept" => {
  const { state, announced, leaseUntil = 0, settledAt = 0, notBefore, updatedAt = 0 } = set;
  if (announced) return "closed";
  if (state === "UPLOADING") return Math.ceil(endOfUpload({ updatedAt }) / DAY_MS) * DAY_MS;
  const isWithinLease = condition.claimId !== undefined;
  if (notBefore === undefined && (state === undefined || isWithinLease)) return "kept";
  return Math.max(updatedAt, leaseUntil, settledAt, notBefore ?? 0);
};
