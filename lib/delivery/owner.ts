import { createHash } from "node:crypto";

/** Who owns a job, as the ledger's table names it: the owner's name, or a hash of it once the person was forgotten. */

const HASH = /^sha256:[0-9a-f]{64}$/;

/** Whether what is on record is a hash. */
export const isHashed = (recorded: string): boolean => HASH.test(recorded);

/** The hash of an owner, salted with the job: of two jobs, nobody can tell by it whether they had the same owner. */
export const hashOwner = (jobId: string, owner: string): string =>
  `sha256:${createHash("sha256").update(`${jobId}\n${owner}`).digest("hex")}`;

/** How an owner is put on record. A name that looks like a hash is hashed, so that nobody owns a job by knowing its hash. */
export const recordedOwner = (jobId: string, owner: string): string =>
  isHashed(owner) ? hashOwner(jobId, owner) : owner;

/** Whether the owner is the one on record. */
export const isRecordedOwner = (jobId: string, owner: string, recorded: string | undefined): boolean =>
  recorded !== undefined && (isHashed(recorded) ? hashOwner(jobId, owner) : owner) === recorded;
