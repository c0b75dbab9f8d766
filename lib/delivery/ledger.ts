import type { Row, Write } from "./machine/row.ts";

/** The ports of the delivery ledger and of the owners of jobs. `aws/` implements them on DynamoDB. */

/** The ledger could not be reached, or its response was lost: a write may have happened or not. */
export class LedgerError extends Error {
  override readonly name = "LedgerError";
  readonly code = "LEDGER_UNAVAILABLE";
}

/** As many rows as DynamoDB reads at once. */
export const MOST_GLANCES = 100;

/** The delivery ledger: one row per job. Reads are consistent unless they say something else. */
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
  /**
   * Jobs whose open rows may be due by then (ms since the epoch), in no particular order, page by page. Seconds old, and
   * some are early: read the row before anything is done about it.
   * @throws {LedgerError}
   */
  listDue(by: number): AsyncIterable<string>;
  /**
   * The rows of so many jobs, at half the price of `read` and seconds old: one that seems to need something has to be read.
   * @param jobIds at most `MOST_GLANCES`, each once
   * @throws {LedgerError}
   */
  glance(jobIds: readonly string[]): Promise<ReadonlyMap<string, Row>>;
}

/** Who owns which job, as `owner.ts` names owners. Ownership outlives the rows of the ledger. */
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
