import { faultOf, type Fate } from "./cielo24/fates.ts";
import type { Stack } from "./stack.ts";

/** As old as the message of the last attempt, before the queue gives it up. */
const LAST_ATTEMPT_AGE_MS = 6 * 24 * 3600 * 1000;

/** Makes jobs at the simulated cielo24, as an application's backend would. */
export type NewSampleJob = (fate?: Fate) => string;

/**
 * Sample jobs of a stack; undefined if its cielo24 is the real one. A job's fate is fixed when it is made, and happens to all
 * media that comes for it, by upload, body or URL.
 */
export const sampleJobsOf = ({ cielo24, ageMessages }: Stack): NewSampleJob | undefined =>
  cielo24 &&
  ((fate) => {
    const jobId = cielo24.addJob("sample job");
    if (fate) cielo24.faults.add(faultOf(fate, jobId));
    if (fate === "needs-review") ageMessages(jobId, LAST_ATTEMPT_AGE_MS);
    return jobId;
  });
