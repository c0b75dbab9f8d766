import { Cielo24Error } from "../../lib/cielo24/errors.ts";
import type { Observability } from "../../lib/observability.ts";
import type { Cielo24 } from "../../lib/cielo24/api.ts";

/** What cielo24 says about a job before an upload for it; undefined where it says nothing of use in time. */
export type JobAnswer = "free" | "hasMedia" | "unknown" | undefined;

/** Never rejects. @param deadline clock time (ms since the epoch) by which the call must have ended */
export type AskAboutJob = (jobId: string, deadline: number) => Promise<JobAnswer>;

/** For all of it: the secret, a login, the question, and the last two once more where the token was refused. */
const LONGEST_MS = 3_000;

/**
 * Asks cielo24 whether it knows a job, and whether that has its media already, so that nobody uploads gigabytes for
 * nothing. A courtesy: whatever is wrong with cielo24, with its account or with our secret keeps nobody from uploading.
 * The delivery waits for an outage, and decides by what it hears itself.
 */
export const askWith =
  ({
    cielo24,
    clock,
    observability: { log, count },
  }: {
    cielo24: Pick<Cielo24, "jobInfo">;
    clock: () => number;
    observability: Observability;
  }): AskAboutJob =>
  async (jobId, deadline) => {
    try {
      const { hasMedia } = await cielo24.jobInfo(jobId, { deadline: Math.min(deadline, clock() + LONGEST_MS) });
      return hasMedia ? "hasMedia" : "free";
    } catch (error) {
      const { code, errorType } =
        error instanceof Cielo24Error ? error : { code: "UNHANDLED_ERROR", errorType: undefined };
      if (code === "REFUSED" && errorType === "ITEM_NOT_FOUND") {
        // A mistyped id, as a rule. Where it is all jobs, cielo24's account or address is the wrong one.
        count("UploadOfUnknownJob");
        return "unknown";
      }
      log.warn("cielo24 did not say whether it knows the job: the upload is signed all the same", {
        jobId,
        code,
        ...(errorType === undefined ? {} : { errorType }),
      });
      return undefined;
    }
  };
