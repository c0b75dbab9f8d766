import { ProxyError } from "./errors.ts";
import { isSameJob } from "./job-id.ts";
import { uploadInParts } from "./multipart.ts";
import { choosePartBytes, PART_BYTES } from "./parts.ts";
import { progressTeller } from "./progress.ts";
import { uploadWhole } from "./single-put.ts";
import type { UploadPorts, UploadRun } from "./upload-run.ts";
import type { Uploaded, UploadOptions, UploadState } from "./upload-types.ts";

/** As many as a browser opens connections to a host. */
const PARALLEL_PARTS = 6;

/**
 * Uploads media for a job, in one request or in parts, depending on its size. The proxy then delivers it to cielo24 by
 * itself; `waitForDelivery` follows that.
 *
 * @throws {ProxyError}
 * @throws the signal's reason
 */
export const uploadMedia = async (ports: UploadPorts, options: UploadOptions): Promise<Uploaded> => {
  const { source } = options;
  if (source.size === 0)
    throw new ProxyError({ source: "client", errorType: "EMPTY_MEDIA", comment: "The media is empty." });
  const resume = checkResume(options);
  const partBytes = resume?.partBytes ?? choosePartBytes(source.size, options.partBytes ?? PART_BYTES);
  const named = { ...options, ...describe(options) };
  const { signal, onWaiting, onProgress } = options;
  const parallelParts = Math.max(1, Math.floor(options.parallelParts ?? PARALLEL_PARTS));
  const upload: UploadRun = {
    ...ports,
    patience: ports.beginPatience({ signal, onWaiting, isWatched: !ports.sender.isSilent }),
    tell: progressTeller(onProgress),
    parallelParts,
    learned: { doublings: 0, parallelParts },
  };
  if (!resume && source.size <= partBytes) return uploadWhole(upload, named);
  return uploadInParts(upload, { ...named, partBytes });
};

const checkResume = ({ resume, jobId, source }: UploadOptions): UploadState | undefined => {
  if (!resume || (isSameJob(resume.jobId, jobId) && resume.sizeBytes === source.size)) return resume;
  throw new ProxyError({
    source: "client",
    errorType: "OTHER_UPLOAD",
    comment: "The upload to resume belongs to another job, or to media of another size.",
  });
};

const describe = ({ source, filename, contentType }: UploadOptions) => {
  const { name, type } = source as { name?: unknown; type?: unknown };
  return {
    filename: filename ?? (typeof name === "string" ? name : undefined),
    contentType: contentType ?? (typeof type === "string" && type !== "" ? type : undefined),
  };
};
