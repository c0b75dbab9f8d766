import { ProxyError } from "./errors.ts";
import { progressTeller } from "./progress.ts";
import type { SignedRequest } from "./sign-upload.ts";
import { readSlice } from "./source.ts";
import { sendSigned } from "./storage.ts";
import type { Uploaded, UploadOptions, UploadPorts } from "./upload-types.ts";

/** Uploads media in one PUT, for which the exact size is signed. */
export const uploadWhole = async (ports: UploadPorts, options: UploadOptions): Promise<Uploaded> => {
  const { source, jobId, filename, contentType, signal } = options;
  const totalBytes = source.size;
  const body = await readSlice(source, { start: 0, end: totalBytes }, signal);
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
  const tell = progressTeller(options.onProgress);
  const onSent = (sentBytes: number) => {
    tell({ sentBytes, storedBytes: 0, totalBytes });
  };
  onSent(0);
  try {
    await sendSigned(ports, sign, { method: "PUT", body, onSent, signal });
  } catch (error) {
    signal?.throwIfAborted();
    if (lastKey === undefined || !(await hasArrived(ports, options, error))) throw error;
  }
  tell({ sentBytes: totalBytes, storedBytes: totalBytes, totalBytes });
  return { key: lastKey ?? "" };
};

/**
 * Signing again is refused once the job's media is being delivered. If only the store's response was lost, that media is
 * ours. Its size is the only evidence there is.
 */
const hasArrived = async ({ getDelivery }: UploadPorts, { jobId, source, signal }: UploadOptions, error: unknown) => {
  if (!(error instanceof ProxyError) || error.source !== "api" || error.status !== 409) return false;
  const { sizeBytes } = await getDelivery({ jobId, signal });
  return sizeBytes === source.size;
};
