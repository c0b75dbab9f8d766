import type { UploadRun } from "./upload-run.ts";
import type { UploadOptions } from "./upload-types.ts";

/** The proxy sees what has arrived within a second or two. */
export const ARRIVAL_WAIT_S = 5;

/**
 * Whether the proxy has seen media of this size for the job. After a lost response, that is the only evidence there is.
 *
 * @param waitS how long it may take to see it
 * @throws {ProxyError}
 */
export const hasArrived = async (
  { getDelivery }: Pick<UploadRun, "getDelivery">,
  { jobId, source, signal }: Pick<UploadOptions, "jobId" | "source" | "signal">,
  waitS: number,
): Promise<boolean> => {
  const { sizeBytes } = await getDelivery({ jobId, waitS, signal });
  return sizeBytes === source.size;
};
