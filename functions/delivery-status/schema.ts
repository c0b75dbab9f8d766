import * as v from "valibot";
import { apiVersion, jobId, wholeNumber } from "../../lib/http/fields.ts";

/** Longer would not fit into the 24 s that a call may take. */
const LONGEST_WAIT_S = 20;

export const deliveryParameters = v.object({
  v: apiVersion,
  job_id: jobId,
  /** Seconds that the answer may wait for a change. */
  wait: v.optional(wholeNumber(0, LONGEST_WAIT_S), "0"),
});
