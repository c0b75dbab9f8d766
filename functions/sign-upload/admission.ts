import type { Ledger } from "../../lib/delivery/ledger.ts";
import { admitUpload, type Occupied } from "../../lib/delivery/uploading.ts";
import { ApiError, type ApiErrorCode } from "../../lib/http/errors.ts";
import { LedgerError } from "../../lib/delivery/ledger.ts";

const ATTEMPTS = 3;

const OCCUPIED: Readonly<Record<Occupied, ApiErrorCode>> = {
  SENDING: "DELIVERY_UNDER_WAY",
  FINALIZING: "DELIVERY_UNDER_WAY",
  DELIVERED: "JOB_HAS_MEDIA",
  NEEDS_REVIEW: "JOB_IN_REVIEW",
};

/**
 * Puts on record that an upload for the job is being signed, so that its status can be asked for and the census looks
 * after it.
 *
 * @throws {ApiError} where the job has its media, or may have it
 * @throws {LedgerError}
 */
export const recordUpload = async (
  { ledger, clock }: { ledger: Pick<Ledger, "read" | "write">; clock: () => number },
  jobId: string,
): Promise<void> => {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const admission = admitUpload(await ledger.read(jobId), clock());
    if (!admission.admitted) throw new ApiError(OCCUPIED[admission.state]);
    // Refused: the row has changed since it was read, so another look decides.
    if (!admission.write || (await ledger.write(jobId, admission.write)) === "written") return;
  }
  throw new LedgerError("The row changes too fast");
};
