import { normalJobId } from "../lib/job-id.ts";
import { usageError } from "./outcome.ts";

/** @returns the job's id in its normal form @throws {OpsError} */
export const readJobId = (text: string): string => {
  const jobId = normalJobId(text);
  if (jobId !== undefined) return jobId;
  throw usageError(`"${text}" is no job id: those are 32 hex characters, with or without the hyphens of a UUID.`);
};
