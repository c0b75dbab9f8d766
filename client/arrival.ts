import type { UploadRun } from "./upload-run.ts";
import type { UploadOptions } from "./upload-types.ts";

/** The proxy sees what has arrived within a second or two. */
export const ARRIVAL_WAIT_S = 5;

/**
 * Whether the proxy has seen this media arrive for the job. Of what has arrived, a delivery tells the size alone: neither
 * its name, nor a checksum. So media of the same size, to the byte, for a job that takes one medium, counts as the same. An
 * unknown size does not: what has arrived in a bucket is measured before its delivery is more than UPLOADING, so that is media
 * that came by another way.
 *
 * @param waitS how long it may take to see it
 * @throws {ProxyError}
 */
export const hasArrived = async (
  { getDelivery }: Pick<UploadRun, "getDelivery">,
  { jobId, source, signal }: Pick<UploadOptions, "jobId" | "source" | "signal">,
  waitS: number,
): Promise<boolean> => {
  const { state, sizeBytes } = await getDelivery({ jobId, waitS, signal });
  return state !== "UPLOADING" && sizeBytes === source.size;
};
