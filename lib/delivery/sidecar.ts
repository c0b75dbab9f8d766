import type { MediaRef } from "../media/key.ts";
import type { Ledger } from "./ledger.ts";
import { change } from "./machine/transitions.ts";
import type { Row, Write } from "./machine/row.ts";

/** Sidecars: files that go with a job's media, such as subtitles. They are marked on its row, and never sent. */

const SIDECARS_KEPT = 10;

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

/**
 * The write of the mark, which changes nothing else. No condition protects it from another mark at the same moment, which
 * may then be lost: the marks are only for people.
 */
const recordSidecar = ({ state, fence, media, sidecars = [] }: Row, id: string): Write =>
  change({ state: [state], fence, mediaId: media?.id }, { sidecars: [...sidecars, id].slice(-SIDECARS_KEPT) });
