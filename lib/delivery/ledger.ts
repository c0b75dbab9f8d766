import type { Row, Write } from "./machine/row.ts";

/** The ports of the delivery ledger and of the owners of jobs. `aws/` implements them on DynamoDB. */

/** The ledger could not be reached, or its response was lost: a write may have happened or not. */
export class LedgerError extends Error {
  override readonly name = "LedgerError";
  readonly code = "LEDGER_UNAVAILABLE";
}

/** The delivery ledger: one row per job. Every read is consistent. */
export interface Ledger {
  /** @throws {LedgerError} */
  read(jobId: string): Promise<Row | undefined>;
  /**
   * Carries the write out if its condition holds; `"refused"` if it does not.
   * @throws {LedgerError} if it is not known whether it happened
   */
  write(jobId: string, write: Write): Promise<"written" | "refused">;
  /** Counts a pull that cielo24 made through the job's capability URL. */
  countPull(jobId: string): Promise<void>;
  /** Every row, in no particular order, page by page. For the census. */
  scan(): AsyncIterable<Row>;
}

/** Who owns which job. Ownership outlives the rows of the ledger. */
export interface Owners {
  /** The owner on record; a job without one becomes `owner`'s. @throws {LedgerError} */
  bind(jobId: string, owner: string): Promise<string>;
  /** @throws {LedgerError} */
  ownerOf(jobId: string): Promise<string | undefined>;
  /**
   * An admin's correction: makes `to` the owner, or leaves the job to the next caller that uses it. `"refused"` if the owner
   * is not `from`, which the admin has seen, but also of a change that happened if its response was lost: read the owner back.
   * @throws {LedgerError} if it is not known whether it happened
   */
  changeOwner(jobId: string, change: { from: string; to?: string }): Promise<"written" | "refused">;
}
