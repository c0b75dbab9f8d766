import { Cielo24Error, type Cielo24 } from "../../lib/cielo24/api.ts";
import { LedgerError, type Ledger } from "../../lib/delivery/ledger.ts";
import { admitUpload, wasJobSeen, type Occupied } from "../../lib/delivery/machine/uploading.ts";
import type { Ownership } from "../../lib/http/caller.ts";
import type { ApiRequest } from "../../lib/http/endpoint.ts";
import { ApiError, type ApiErrorCode } from "../../lib/http/errors.ts";
import type { Observability } from "../../lib/observability.ts";
import type { Runtime } from "../../lib/runtime.ts";

/** What cielo24 says about a job before an upload for it; undefined if it says nothing useful in time. */
export type JobStatus = "free" | "hasMedia" | "unknown" | undefined;

/** Never rejects. @param deadline clock time (ms since the epoch) by which the call must have ended */
export type AskAboutJob = (jobId: string, deadline: number) => Promise<JobStatus>;

export interface BeginUpload {
  readonly ledger: Pick<Ledger, "read" | "write">;
  readonly ownership: Ownership;
  readonly askAboutJob: AskAboutJob;
  readonly runtime: Pick<Runtime, "clock">;
  /** How long the row of an upload is kept. */
  readonly expiryMs: number;
}

/** Each signing after a cancellation moves the fence: those of one job that are asked for at once come one after the other. */
export const ATTEMPTS = 10;

/**
 * Checks that an upload for the job makes sense, and records that one is being signed, so that its status can be asked for
 * and the census looks after it.
 *
 * The order keeps jobs apart. For someone else's job, the caller gets the same response as for an absent one, before
 * cielo24 is asked. And the job is bound to the caller only after cielo24 has not denied it, so nobody owns a mistyped id.
 *
 * @throws {ApiError} ITEM_NOT_FOUND if the job is someone else's or cielo24 does not know it; another code if it has its
 *   media, or may have it
 * @throws {LedgerError}
 */
export const beginUpload = async (
  { ledger, ownership, askAboutJob, runtime, expiryMs }: BeginUpload,
  { jobId, uploadId }: { readonly jobId: string; readonly uploadId: string },
  { caller, deadline }: Pick<ApiRequest, "caller" | "deadline">,
): Promise<void> => {
  await ownership.mayBind(caller, jobId);
  let row = await ledger.read(jobId);
  const askedAt = runtime.clock();
  // The row of a job that takes no upload knows more than job/info shows.
  const isAsked = admitUpload(row, { uploadId, now: askedAt, expiryMs }).admitted && !wasJobSeen(row, askedAt);
  const answer = isAsked ? await askAboutJob(jobId, deadline) : undefined;
  if (answer === "unknown") throw new ApiError("ITEM_NOT_FOUND");
  await ownership.bind(caller, jobId);
  if (answer === "hasMedia") throw new ApiError("JOB_HAS_MEDIA");

  const jobSeenAt = answer === "free" ? askedAt : undefined;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const admission = admitUpload(row, { uploadId, now: runtime.clock(), expiryMs, jobSeenAt });
    if (!admission.admitted) throw new ApiError(CODE_OF_OCCUPIED[admission.state]);
    if (!admission.write || (await ledger.write(jobId, admission.write)) === "written") return;
    // Refused: the row has changed since it was read. Decide again on what it says now.
    row = await ledger.read(jobId);
  }
  throw new LedgerError("The row changes too fast");
};

/** Why the row takes no other upload, or no cancellation, as a client hears it. */
export const CODE_OF_OCCUPIED: Readonly<Record<Occupied, ApiErrorCode>> = {
  SENDING: "DELIVERY_UNDER_WAY",
  FINALIZING: "DELIVERY_UNDER_WAY",
  DELIVERED: "JOB_HAS_MEDIA",
  NEEDS_REVIEW: "JOB_IN_REVIEW",
  CLOSED: "JOB_CLOSED",
  NEWER: "LEDGER_UNAVAILABLE",
};

interface Question {
  readonly cielo24: Pick<Cielo24, "jobInfo">;
  readonly clock: Runtime["clock"];
  readonly observability: Observability;
}

/** For everything: the secret, a login, the question, and the last two once more if the token was refused. */
const LONGEST_MS = 3_000;

/**
 * Asks cielo24 whether it knows a job and whether the job has its media, so that nobody uploads gigabytes in vain. This is
 * a courtesy: nothing that is wrong with cielo24, its account or our secret prevents an upload. The delivery waits for an
 * outage to end, and decides by what cielo24 says then.
 */
export const askWith =
  ({ cielo24, clock, observability }: Question): AskAboutJob =>
  async (jobId, deadline) => {
    const { log, count } = observability.with({ jobId });
    try {
      const { hasMedia } = await cielo24.jobInfo(jobId, { deadline: Math.min(deadline, clock() + LONGEST_MS) });
      return hasMedia ? "hasMedia" : "free";
    } catch (error) {
      const { code, errorType } =
        error instanceof Cielo24Error ? error : { code: "UNHANDLED_ERROR", errorType: undefined };
      if (code === "REFUSED" && errorType === "ITEM_NOT_FOUND") {
        // Usually a mistyped id. If it is every job, cielo24's account or address is the wrong one.
        count("UploadOfUnknownJob");
        return "unknown";
      }
      log.warn("cielo24 did not say whether it knows the job: the upload is signed all the same", {
        code,
        errorType,
      });
      return undefined;
    }
  };
