import { ARRIVAL_WAIT_S, hasArrived } from "./arrival.ts";
import { ProxyError } from "./errors.ts";
import { FAILURES_IN_A_ROW, smallerPartBytes } from "./parts.ts";
import { sendParts, type StoredPart } from "./send-parts.ts";
import { canBeRead, sourceChanged } from "./source.ts";
import { prepareRequest, type ShortRequest, type Stored } from "./storage.ts";
import { notTheStore } from "./store-errors.ts";
import type { UploadPorts, UploadRun } from "./upload-run.ts";
import type { Uploaded, UploadOptions, UploadState } from "./upload-types.ts";
import { elementsOf, escape, textOf } from "./xml.ts";

/** So often what the store lacks at the end is sent; then something must be wrong that does not pass. */
const ROUNDS = 5;

interface PartsOptions extends UploadOptions {
  readonly partBytes: number;
}

/** Uploads media in parts. Resumes `options.resume`. */
export const uploadInParts = async (upload: UploadRun, options: PartsOptions): Promise<Uploaded> => {
  const { onState, resume } = options;
  if (!resume) return begin(upload, options);
  const found = await findParts(upload, options, resume);
  if (found === undefined) return begin(upload, options);
  if (found !== "completed") return finish(upload, options, resume, found);
  const { sizeBytes } = resume;
  upload.tell({ sentBytes: sizeBytes, storedBytes: sizeBytes, totalBytes: sizeBytes });
  await onState?.(undefined);
  return { key: resume.key };
};

/** Begins anew, after larger parts, or the media as a whole, did not get through. */
export const uploadInSmallerParts = (upload: UploadRun, options: UploadOptions): Promise<Uploaded> => {
  upload.learned.doublings = FAILURES_IN_A_ROW;
  return begin(upload, { ...options, partBytes: smallerPartBytes(options.source.size) });
};

const begin = async (upload: UploadRun, options: PartsOptions): Promise<Uploaded> => {
  const state = await create(upload, options);
  await options.onState?.(state);
  return finish(upload, options, state, []);
};

/**
 * Sends what is missing, and completes. A part without a tag has either arrived, and the bucket's CORS does not show a page
 * that header, or something on the way has answered in the store's place. The store's list of parts tells which, and has
 * the tags. S3 would complete an upload with a gap.
 */
const finish = async (
  upload: UploadRun,
  options: PartsOptions,
  state: UploadState,
  found: readonly StoredPart[],
): Promise<Uploaded> => {
  const { source, onState, signal } = options;
  let parts = found;
  for (let rounds = 1; ; rounds += 1) {
    const sent = await sendParts(upload, options, state, parts);
    if (!sent) {
      // What is left of it costs little, and the bucket's lifecycle rule deletes it at last.
      await abortUpload(upload, state, signal).catch(() => undefined);
      signal?.throwIfAborted();
      return uploadInSmallerParts(upload, options);
    }
    if (sent.every(({ etag }) => etag !== "")) {
      if (!(await canBeRead(source))) throw sourceChanged();
      await onState?.({ ...state, isCompleting: true });
      try {
        await complete(upload, options, state, sent);
        await onState?.(undefined);
        return { key: state.key };
      } catch (error) {
        if (!isOfType(error, "InvalidPart") || rounds >= ROUNDS) throw error;
        await onState?.({ ...state, isCompleting: false });
      }
    } else if (rounds >= ROUNDS) throw notTheStore(200);
    parts = await listParts(upload, state, signal);
  }
};

/** Deletes the parts of an upload. An upload that is gone already is no error. @throws {ProxyError} */
export const abortUpload = async (
  ports: UploadPorts,
  state: Pick<UploadState, "jobId" | "key" | "uploadId">,
  signal?: AbortSignal,
): Promise<void> => {
  const patience = ports.beginPatience({ signal, isCall: true });
  try {
    await send({ ...ports, patience }, state, { method: "DELETE", signal });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
};

const isOfType = (error: unknown, errorType: string): boolean =>
  error instanceof ProxyError && error.errorType === errorType;

const isGone = (error: unknown): boolean => isOfType(error, "NoSuchUpload");

/** Sends a request about an upload that exists. */
const send = (
  upload: Pick<UploadRun, keyof UploadPorts | "patience">,
  { jobId, key, uploadId }: Pick<UploadState, "jobId" | "key" | "uploadId">,
  { partNumber, ...request }: ShortRequest & { readonly partNumber?: number | undefined },
): Promise<Stored> => {
  const { method, signal } = request;
  const sign = (limitMs?: number) => upload.signUpload({ jobId, method, key, uploadId, partNumber, signal }, limitMs);
  const prepared = prepareRequest(upload, upload.patience, { sign, isSameAnew: true }, request);
  return upload.patience.repeat(prepared.send, prepared);
};

const create = async (upload: UploadRun, options: PartsOptions): Promise<UploadState> => {
  const { jobId, filename, contentType, source, partBytes, signal } = options;
  const sign = () =>
    upload.signUpload({ jobId, method: "POST", filename, contentType, contentLength: source.size, signal });
  const request = { method: "POST", root: "InitiateMultipartUploadResult", signal } as const;
  const created = prepareRequest(upload, upload.patience, { sign, isSameAnew: false }, request);
  const { key, text } = await upload.patience.repeat(created.send);
  const uploadId = textOf(text, "UploadId");
  if (uploadId === undefined)
    throw new ProxyError({ source: "storage", errorType: "UNINTELLIGIBLE", comment: "The store named no upload." });
  return { jobId, key, uploadId, sizeBytes: source.size, partBytes, isCompleting: false };
};

/** The parts that an earlier run has sent; "completed" if it finished, undefined if the upload is gone. */
const findParts = async (
  upload: UploadRun,
  { signal }: UploadOptions,
  state: UploadState,
): Promise<readonly StoredPart[] | "completed" | undefined> => {
  try {
    return await listParts(upload, state, signal);
  } catch (error) {
    if (!isGone(error)) throw error;
    return state.isCompleting ? "completed" : undefined;
  }
};

const listParts = async (
  upload: UploadRun,
  state: UploadState,
  signal: AbortSignal | undefined,
): Promise<StoredPart[]> => {
  const parts: StoredPart[] = [];
  for (;;) {
    const { text } = await send(upload, state, {
      method: "GET",
      root: "ListPartsResult",
      partNumber: parts.at(-1)?.partNumber,
      signal,
    });
    const page = elementsOf(text, "Part").map((part) => ({
      partNumber: Number(textOf(part, "PartNumber")),
      etag: textOf(part, "ETag") ?? "",
      sizeBytes: Number(textOf(part, "Size")),
    }));
    parts.push(...page);
    if (page.length === 0 || textOf(text, "IsTruncated") !== "true") return parts;
  }
};

/**
 * If the response is lost after S3 completed the upload, the repeated request finds no such upload. That is success if
 * the completion was requested before. If not, the browser may have repeated it by itself, as it does where a connection
 * that was kept from an earlier request breaks: then the proxy sees what has arrived. Otherwise it is a real loss.
 */
const complete = async (
  upload: UploadRun,
  { jobId, source, signal }: PartsOptions,
  state: UploadState,
  parts: readonly StoredPart[],
): Promise<void> => {
  const list = [...parts]
    .sort((one, other) => one.partNumber - other.partNumber)
    .map(({ partNumber, etag }) => `<Part><PartNumber>${partNumber}</PartNumber><ETag>${escape(etag)}</ETag></Part>`)
    .join("");
  const body = `<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`;
  let requests = state.isCompleting ? 1 : 0;
  const countedFetch: typeof fetch = (...request) => {
    requests += 1;
    return upload.fetch(...request);
  };
  try {
    const request = { method: "POST", body, root: "CompleteMultipartUploadResult", signal } as const;
    await send({ ...upload, fetch: countedFetch }, state, request);
  } catch (error) {
    if (!isGone(error)) throw error;
    if (requests > 1 || (await hasArrived(upload, { jobId, source, signal }, ARRIVAL_WAIT_S).catch(() => false)))
      return;
    signal?.throwIfAborted();
    throw error;
  }
};
