import type { MediaRef } from "../media/key.ts";
import type { Ledger } from "./ledger.ts";
import { recordSidecar } from "./machine/transitions.ts";

/** Sidecars: files that go with a job's media, such as subtitles. They are marked on its row, and never sent. */

/**
 * Marks a sidecar on the job's row. A job without one gets none: the delivery machine has no case for a row that holds
 * nothing but sidecars.
 *
 * @returns `busy` if the row changed meanwhile, or may have: try again
 * @throws {LedgerError} if the ledger could not be reached
 */
export const markSidecar = async (
  ledger: Pick<Ledger, "read" | "write">,
  { jobId, media }: { jobId: string; media: MediaRef },
): Promise<"marked" | "busy" | "noRow"> => {
  const row = await ledger.read(jobId);
  if (!row) return "noRow";
  if (row.sidecars?.includes(media.id)) return "marked";
  return (await ledger.write(jobId, recordSidecar(row, media.id))) === "written" ? "marked" : "busy";
};
