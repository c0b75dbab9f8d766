import { ProxyError } from "./errors.ts";
import { cutIntoParts, type PartRange } from "./parts.ts";
import { progressTeller } from "./progress.ts";
import { readSlice } from "./source.ts";
import { sendSigned, type StorageRequest, type Stored } from "./storage.ts";
import type { Uploaded, UploadOptions, UploadPorts, UploadState } from "./upload-types.ts";
import { elementsOf, escape, textOf } from "./xml.ts";

interface PartsOptions extends UploadOptions {
  readonly partBytes: number;
}

/** A part that has arrived at the store. */
interface StoredPart {
  readonly partNumber: number;
  readonly etag: string;
  readonly sizeBytes: number;
}

const PARALLEL_PARTS = 6;

/** Uploads media in parts, several at a time, each signed just before it is sent. Resumes `options.resume`. */
export const uploadInParts = async (ports: UploadPorts, options: PartsOptions): Promise<Uploaded> => {
  const { onState, resume } = options;
  if (!resume) return begin(ports, options);
  const found = await findParts(ports, options, resume);
  if (found === undefined) return begin(ports, options);
  if (found !== "completed") return finish(ports, options, resume, found);
  const { sizeBytes } = resume;
  options.onProgress?.({ sentBytes: sizeBytes, storedBytes: sizeBytes, totalBytes: sizeBytes });
  await onState?.(undefined);
  return { key: resume.key };
};

const begin = async (ports: UploadPorts, options: PartsOptions): Promise<Uploaded> => {
  const state = await create(ports, options);
  await options.onState?.(state);
  return finish(ports, options, state, []);
};

const finish = async (
  ports: UploadPorts,
  options: PartsOptions,
  state: UploadState,
  found: readonly StoredPart[],
): Promise<Uploaded> => {
  const parts = await sendParts(ports, options, state, found);
  await options.onState?.({ ...state, isCompleting: true });
  await complete(ports, options, state, parts);
  await options.onState?.(undefined);
  return { key: state.key };
};

/** Deletes the parts of an upload. An upload that is gone already is no error. @throws {ProxyError} */
export const abortUpload = async (
  ports: UploadPorts,
  state: Pick<UploadState, "jobId" | "key" | "uploadId">,
  signal?: AbortSignal,
): Promise<void> => {
  try {
    await send(ports, state, { method: "DELETE", signal });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
};

const isGone = (error: unknown): boolean => error instanceof ProxyError && error.errorType === "NoSuchUpload";

/** Sends a request about an upload that exists. */
const send = (
  ports: UploadPorts,
  { jobId, key, uploadId }: Pick<UploadState, "jobId" | "key" | "uploadId">,
  { partNumber, ...request }: StorageRequest & { readonly partNumber?: number | undefined },
): Promise<Stored> => {
  const { method, signal } = request;
  return sendSigned(ports, () => ports.signUpload({ jobId, method, key, uploadId, partNumber, signal }), request);
};

const create = async (ports: UploadPorts, options: PartsOptions): Promise<UploadState> => {
  const { jobId, filename, contentType, source, partBytes, signal } = options;
  const sign = () =>
    ports.signUpload({ jobId, method: "POST", filename, contentType, contentLength: source.size, signal });
  const { key, text } = await sendSigned(ports, sign, { method: "POST", signal });
  const uploadId = textOf(text, "UploadId");
  if (uploadId === undefined)
    throw new ProxyError({ source: "storage", errorType: "UNINTELLIGIBLE", comment: "The store named no upload." });
  return { jobId, key, uploadId, sizeBytes: source.size, partBytes, isCompleting: false };
};

/** The parts that an earlier run has sent; "completed" if it finished, undefined if the upload is gone. */
const findParts = async (
  ports: UploadPorts,
  { signal }: UploadOptions,
  state: UploadState,
): Promise<readonly StoredPart[] | "completed" | undefined> => {
  try {
    return await listParts(ports, state, signal);
  } catch (error) {
    if (!isGone(error)) throw error;
    return state.isCompleting ? "completed" : undefined;
  }
};

const listParts = async (
  ports: UploadPorts,
  state: UploadState,
  signal: AbortSignal | undefined,
): Promise<StoredPart[]> => {
  const parts: StoredPart[] = [];
  for (;;) {
    const { text } = await send(ports, state, { method: "GET", partNumber: parts.at(-1)?.partNumber, signal });
    const page = elementsOf(text, "Part").map((part) => ({
      partNumber: Number(textOf(part, "PartNumber")),
      etag: textOf(part, "ETag") ?? "",
      sizeBytes: Number(textOf(part, "Size")),
    }));
    parts.push(...page);
    if (page.length === 0 || textOf(text, "IsTruncated") !== "true") return parts;
  }
};

const sendParts = async (
  ports: UploadPorts,
  options: PartsOptions,
  state: UploadState,
  found: readonly StoredPart[],
): Promise<StoredPart[]> => {
  const { source, parallelParts = PARALLEL_PARTS, signal } = options;
  const ranges = cutIntoParts(state.sizeBytes, state.partBytes);
  const stored = found.filter(({ partNumber, sizeBytes }) => {
    const range = ranges[partNumber - 1];
    return range !== undefined && sizeBytes === range.end - range.start;
  });
  const missing = ranges.filter(({ partNumber }) => !stored.some((part) => part.partNumber === partNumber));
  let storedBytes = stored.reduce((sum, part) => sum + part.sizeBytes, 0);
  /** Bytes sent so far of each part that is being sent. */
  const sending = new Map<number, number>();
  const tell = progressTeller(options.onProgress);
  const tellProgress = () => {
    const sentBytes = [...sending.values()].reduce((sum, bytes) => sum + bytes, storedBytes);
    tell({ sentBytes, storedBytes, totalBytes: state.sizeBytes });
  };
  tellProgress();

  // Once one part has failed for good, sending the others is pointless.
  const failing = new AbortController();
  const each = signal ? AbortSignal.any([signal, failing.signal]) : failing.signal;
  const sendPart = async ({ partNumber, start, end }: PartRange): Promise<void> => {
    const body = await readSlice(source, { start, end }, each);
    const onSent = (bytes: number) => {
      sending.set(partNumber, bytes);
      tellProgress();
    };
    const { etag } = await send(ports, state, { method: "PUT", partNumber, body, onSent, signal: each });
    stored.push({ partNumber, etag: etag ?? "", sizeBytes: end - start });
    sending.delete(partNumber);
    storedBytes += end - start;
    tellProgress();
  };
  const work = async (): Promise<void> => {
    for (let range = missing.shift(); range !== undefined; range = missing.shift()) {
      each.throwIfAborted();
      await sendPart(range);
    }
  };
  const workers = Array.from({ length: Math.max(1, parallelParts) }, () =>
    work().catch((error: unknown) => {
      failing.abort(error);
      throw error;
    }),
  );
  const outcomes = await Promise.allSettled(workers);
  signal?.throwIfAborted();
  if (outcomes.some(({ status }) => status === "rejected")) throw failing.signal.reason;
  // If the bucket's CORS does not expose ETag, a page cannot read that header; the list of parts has it, too.
  return stored.some(({ etag }) => etag === "") ? listParts(ports, state, signal) : stored;
};

/**
 * If the response is lost after S3 completed the upload, the repeated request finds no such upload. That is success if
 * the completion was requested before, and a real loss if not.
 */
const complete = async (
  ports: UploadPorts,
  { signal }: PartsOptions,
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
    return ports.fetch(...request);
  };
  try {
    await send({ ...ports, fetch: countedFetch }, state, { method: "POST", body, signal });
  } catch (error) {
    if (!isGone(error) || requests < 2) throw error;
  }
};
