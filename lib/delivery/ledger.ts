import type { Row, Write } from "./machine/row.ts";

/** The ledger could not be reached, or its answer was lost: a write may have happened or not. */
export class LedgerError extends Error {
  override readonly name = "LedgerError";
  readonly code = "LEDGER_UNAVAILABLE";
}

/** The delivery ledger: one row a job. Every read is consistent. */
export interface Ledger {
  /** @throws {LedgerError} */
  read(jobId: string): Promise<Row | undefined>;
  /**
   * Carries the write out if its condition holds; `"refused"` where it does not.
   * @throws {LedgerError} when nobody knows whether it happened
   */
  write(jobId: string, write: Write): Promise<"written" | "refused">;
  /** Adds one to the pulls that cielo24 made through the job's capability URL. */
  countPull(jobId: string): Promise<void>;
  /** Every row, in no order, page by page. For the census. */
  scan(): AsyncIterable<Row>;
}

/** Who owns which job. Outlives the rows of the ledger. */
export interface Owners {
  /** The owner on record; the job becomes `owner`'s where it had none. @throws {LedgerError} */
  bind(jobId: string, owner: string): Promise<string>;
  /** @throws {LedgerError} */
  ownerOf(jobId: string): Promise<string | undefined>;
}
