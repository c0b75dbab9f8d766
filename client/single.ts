import { ProxyError } from "./errors.ts";
import type { SignedRequest } from "./signing.ts";
import { readSlice } from "./source.ts";
import { sendSigned } from "./storage.ts";
import type { Uploaded, UploadOptions, UploadPorts } from "./upload.ts";

/** Uploads media in one PUT, whose exact size is signed. */
export const uploadWhole = async (ports: UploadPorts, options: UploadOptions): Promise<Uploaded> => {
  const { source, jobId, filename, contentType, onProgress, signal } = options;
  const totalBytes = source.size;
  const body = await readSlice(source, 0, totalBytes);
  let lastKey: string | undefined;
  const sign = async (): Promise<SignedRequest> => {
    const signed = await ports.signUpload({
      jobId,
      method: "PUT",
      filename,
      contentType,
      contentLength: totalBytes,
      signal,
    });
    lastKey = signed.key;
    return signed;
  };
  onProgress?.({ sentBytes: 0, totalBytes });
  try {
    await sendSigned(ports, sign, { method: "PUT", body, signal });
  } catch (error) {
    signal?.throwIfAborted();
    if (lastKey === undefined || !(await hasArrived(ports, options, error))) throw error;
  }
  onProgress?.({ sentBytes: totalBytes, totalBytes });
  return { key: lastKey ?? "" };
};

/**
 * Signing again may be refused since the job's media is on its way: ours, if an answer of the store's was lost. The
 * delivery's size tells, as far as anybody can tell.
 */
const hasArrived = async ({ getDelivery }: UploadPorts, { jobId, source, signal }: UploadOptions, error: unknown) => {
  if (!(error instanceof ProxyError) || error.source !== "api" || error.status !== 409) return false;
  const { sizeBytes } = await getDelivery({ jobId, signal });
  return sizeBytes === source.size;
};
