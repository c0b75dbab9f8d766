import { LedgerError, type Ledger } from "../../lib/delivery/ledger.ts";
import { admitUpload, wasJobSeen, type Occupied } from "../../lib/delivery/machine/uploading.ts";
import { ApiError } from "../../lib/http/errors.ts";
import type { Ownership } from "../../lib/http/ownership.ts";
import type { ApiRequest } from "../../lib/http/request.ts";
import type { AskAboutJob } from "./question.ts";

export interface BeginUpload {
  readonly ledger: Pick<Ledger, "read" | "write">;
  readonly ownership: Ownership;
  readonly askAboutJob: AskAboutJob;
  readonly clock: () => number;
  /** How long the row of an upload is kept. */
  readonly expiryMs: number;
}

const ATTEMPTS = 3;

/**
 * Makes sure that an upload for the job makes sense, and puts on record that it is being signed, so that its status can
 * be asked for and the census looks after it.
 *
 * The order is what keeps jobs apart. Whoever is not the job's owner gets the answer of an absent one before anybody is
 * asked; and only a job that cielo24 does not disown is taken into possession, so that a mistyped id is nobody's.
 *
 * @throws {ApiError} ITEM_NOT_FOUND where it is somebody else's, or cielo24 does not know it; another one where it has its
 *   media, or may have it
 * @throws {LedgerError}
 */
export const beginUpload = async (
  { ledger, ownership, askAboutJob, clock, expiryMs }: BeginUpload,
  { jobId, caller, deadline }: { readonly jobId: string } & Pick<ApiRequest, "caller" | "deadline">,
): Promise<void> => {
  await ownership.mayBind(caller, jobId);
  let row = await ledger.read(jobId);
  const askedAt = clock();
  // The row of a job that takes no upload knows more than job/info shows.
  const isAsked = admitUpload(row, { now: askedAt, expiryMs }).admitted && !wasJobSeen(row, askedAt);
  const answer = isAsked ? await askAboutJob(jobId, deadline) : undefined;
  if (answer === "unknown") throw new ApiError("ITEM_NOT_FOUND");
  await ownership.bind(caller, jobId);
  if (answer === "hasMedia") throw new ApiError("JOB_HAS_MEDIA");

  const jobSeenAt = answer === "free" ? askedAt : undefined;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const admission = admitUpload(row, { now: clock(), expiryMs, jobSeenAt });
    if (!admission.admitted) throw refusalOf(admission.state);
    if (!admission.write || (await ledger.write(jobId, admission.write)) === "written") return;
    // Refused: the row has changed since it was read, so another look decides.
    row = await ledger.read(jobId);
  }
  throw new LedgerError("The row changes too fast");
};

const refusalOf = (state: Occupied): ApiError => {
  switch (state) {
    case "SENDING":
    case "FINALIZING":
      return new ApiError("DELIVERY_UNDER_WAY");
    case "DELIVERED":
      return new ApiError("JOB_HAS_MEDIA");
    case "NEEDS_REVIEW":
      return new ApiError("JOB_IN_REVIEW");
    case "CLOSED":
      return new ApiError("JOB_CLOSED");
  }
};
