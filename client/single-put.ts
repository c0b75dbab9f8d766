import { ARRIVAL_WAIT_S, hasArrived } from "./arrival.ts";
import { ProxyError } from "./errors.ts";
import { uploadInSmallerParts } from "./multipart.ts";
import { countInVain, smallerPartBytes } from "./parts.ts";
import type { SignedRequest } from "./sign-upload.ts";
import { readSlice } from "./source.ts";
import { prepareRequest, type Stored } from "./storage.ts";
import { notTheStore } from "./store-errors.ts";
import type { UploadRun } from "./upload-run.ts";
import type { Uploaded, UploadOptions } from "./upload-types.ts";

/** Uploads media in one PUT, for which the exact size is signed; in small parts if the PUT fails time and again. */
export const uploadWhole = async (upload: UploadRun, options: UploadOptions): Promise<Uploaded> => {
  const { signal, source } = options;
  let lastKey: string | undefined;
  const onSigned = (key: string) => {
    lastKey = key;
  };
  try {
    const stored = await putWhole(upload, options, onSigned);
    if (!stored) return await uploadInSmallerParts(upload, options);
  } catch (error) {
    signal?.throwIfAborted();
    if (lastKey === undefined || !isRefusedJob(error) || !(await hasArrived(upload, options, 0))) throw error;
    upload.patience.moved(true);
  }
  upload.tell({ sentBytes: source.size, storedBytes: source.size, totalBytes: source.size });
  return { key: lastKey ?? "" };
};

/** @returns undefined if the network seems to lose what is larger than a small part */
const putWhole = async (
  upload: UploadRun,
  { source, jobId, filename, contentType, takeConnection, signal }: UploadOptions,
  onSigned: (key: string) => void,
): Promise<Stored | undefined> => {
  const { patience, tell } = upload;
  const totalBytes = source.size;
  const sign = async (): Promise<SignedRequest> => {
    const put = { jobId, method: "PUT", filename, contentType, contentLength: totalBytes, signal } as const;
    const signed = await upload.signUpload(put);
    onSigned(signed.key);
    return signed;
  };
  let sent = 0;
  const onSent = (sentBytes: number) => {
    sent = sentBytes;
    tell({ sentBytes, storedBytes: 0, totalBytes });
  };
  onSent(0);
  const readBody = () => readSlice(source, { start: 0, end: totalBytes }, signal);
  const put = prepareRequest(
    upload,
    patience,
    { sign, isSameAnew: false },
    { method: "PUT", readBody, onSent, doublings: () => 0, signal },
  );
  const send = async () => {
    const stored = await put.send();
    // S3's answer has a tag. One without may be that of something on the way, or the bucket's CORS does not show it to a page.
    if (stored.etag !== null || (await hasArrived(upload, { jobId, source, signal }, ARRIVAL_WAIT_S))) return stored;
    throw notTheStore(200);
  };
  const enter = takeConnection && (() => takeConnection(signal ?? new AbortController().signal));
  const inVain = countInVain(upload.clock);
  for (;;) {
    const outcome = await patience.attempt(send, { enter });
    if ("value" in outcome) return outcome.value;
    if (inVain(outcome, sent) && smallerPartBytes(totalBytes) < totalBytes) return undefined;
  }
};

/** Signing again is refused once the job's media is being delivered. If only the store's response was lost, that media is ours. */
const isRefusedJob = (error: unknown): boolean =>
  error instanceof ProxyError && error.source === "api" && error.status === 409;
