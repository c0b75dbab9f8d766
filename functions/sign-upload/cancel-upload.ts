import * as v from "valibot";
import { LedgerError, type Ledger } from "../../lib/delivery/ledger.ts";
import { decideWrite, type Row } from "../../lib/delivery/machine/row.ts";
import { announcedBy, markAnnounced } from "../../lib/delivery/machine/transitions.ts";
import { cancelUpload, isExpired } from "../../lib/delivery/machine/uploading.ts";
import { recordAnnounced } from "../../lib/delivery/metrics.ts";
import type { Ownership } from "../../lib/http/caller.ts";
import { respond, type Endpoint } from "../../lib/http/endpoint.ts";
import { ApiError } from "../../lib/http/errors.ts";
import { showDelivery } from "../../lib/http/show-delivery.ts";
import { apiVersion, jobId, validate } from "../../lib/http/validate.ts";
import type { Observability } from "../../lib/observability.ts";
import type { Runtime } from "../../lib/runtime.ts";
import { ATTEMPTS, CODE_OF_OCCUPIED } from "./begin-upload.ts";

export interface CancelUpload {
  readonly ledger: Pick<Ledger, "read" | "write">;
  readonly ownership: Ownership;
  /** Publishes the event of a row's end; throws if the event is not out. */
  readonly announce: (row: Row) => Promise<void>;
  readonly runtime: Pick<Runtime, "clock" | "randomHex">;
  readonly observability: Observability;
  /** How long the row of a rejection is kept. */
  readonly expiryMs: number;
}

export const cancelParameters = v.object({ v: apiVersion, job_id: jobId });

const TOO_LATE =
  "cielo24 may have the job's media already: it can be cancelled no more. Ask /api/job/delivery how it goes.";

/**
 * `DELETE /api/job/delivery`: cancels the upload, or what waits to be sent of it. Responds with the delivery as it stands
 * then, like GET. Parts that lie in S3 are not the ledger's business: their uploader deletes them, or else the bucket's
 * lifecycle rule does.
 */
export const cancelDelivery =
  (parts: CancelUpload): Endpoint =>
  async ({ parameters, caller }) => {
    const { job_id } = validate(cancelParameters, parameters);
    await parts.ownership.check(caller, job_id);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const now = parts.runtime.clock();
      const row = await parts.ledger.read(job_id);
      if (!row || isExpired(row, now)) throw new ApiError("ITEM_NOT_FOUND");
      const admission = cancelUpload(row, { now, expiryMs: parts.expiryMs });
      if (!admission.admitted) throw refusal(admission.state);
      if (!admission.write) return respond(showDelivery(row));
      // Where the end of the row is out already, cancelling it is no other end.
      const write = row.announced
        ? admission.write
        : announcedBy(admission.write, { now, random: parts.runtime.randomHex() });
      const cancelled = decideWrite(job_id, row, write);
      // Refused: the row has changed since it was read. Decide again on what it says now.
      if (!cancelled || (await parts.ledger.write(job_id, write)) === "refused") continue;
      if (!row.announced) await announceEnd(parts, cancelled);
      return respond(showDelivery(cancelled));
    }
    throw new LedgerError("The row changes too fast");
  };

const refusal = (state: keyof typeof CODE_OF_OCCUPIED): ApiError => {
  const code = CODE_OF_OCCUPIED[state];
  return new ApiError(code, code === "DELIVERY_UNDER_WAY" ? { comment: TOO_LATE } : {});
};

/** Here rather than by a worker, so that another upload can begin at once. If it fails, the census has it done. */
const announceEnd = async ({ ledger, announce, observability }: CancelUpload, row: Row): Promise<void> => {
  try {
    await announce(row);
    recordAnnounced(row, observability.with({ jobId: row.jobId }));
    await ledger.write(row.jobId, markAnnounced(row));
  } catch {
    observability.log.warn("the event of the cancellation is not out, or not on record", { jobId: row.jobId });
  }
};
