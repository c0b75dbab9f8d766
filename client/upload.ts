import type { Delivery, DeliveryQuery } from "./delivery.ts";
import { ProxyError } from "./errors.ts";
import { normalJobId } from "./job-id.ts";
import { uploadInParts } from "./multipart.ts";
import { choosePartBytes } from "./parts.ts";
import type { UploadProgress } from "./progress.ts";
import type { SignUpload } from "./signing.ts";
import { uploadWhole } from "./single.ts";
import type { MediaSource } from "./source.ts";
import type { StoragePorts } from "./storage.ts";

/**
 * Where an upload in parts has got to. It holds nothing secret; whoever keeps it can go on with the upload later, with
 * the same media.
 */
export interface UploadState {
  readonly jobId: string;
  readonly key: string;
  readonly uploadId: string;
  readonly sizeBytes: number;
  readonly partBytes: number;
  /** True once completing was asked for: an upload that is gone then was completed. */
  readonly isCompleting: boolean;
}

export interface UploadOptions {
  readonly jobId: string;
  readonly source: MediaSource;
  /** The media's own name, of which the object's is made. A File brings its own. */
  readonly filename?: string | undefined;
  /** Such as `video/mp4`. A File brings its own. */
  readonly contentType?: string | undefined;
  /** State of an earlier run, to go on with. */
  readonly resume?: UploadState | undefined;
  /**
   * Called with what to keep to be able to go on, and with undefined once there is nothing to go on with. Only uploads
   * in parts have a state. What it returns is awaited.
   */
  readonly onState?: ((state: UploadState | undefined) => void | Promise<void>) | undefined;
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
  /** Media of no more than this is sent in one request, larger in parts of this size: 8 MiB; at least 5 MiB. */
  readonly partBytes?: number | undefined;
  /** How many parts are under way at a time: 4. */
  readonly parallelParts?: number | undefined;
  /** Ends the upload with the signal's reason. What has arrived stays, to go on with. */
  readonly signal?: AbortSignal | undefined;
}

export interface Uploaded {
  readonly key: string;
}

/** What an upload is done with. */
export interface UploadPorts extends StoragePorts {
  readonly signUpload: SignUpload;
  readonly getDelivery: (query: DeliveryQuery) => Promise<Delivery>;
}

const PART_BYTES = 8 * 1024 * 1024;

/**
 * Uploads media for a job, in one request or in parts by size. Afterwards the proxy delivers it to cielo24 by itself:
 * `waitForDelivery` tells how that goes.
 *
 * @throws {ProxyError}
 * @throws the signal's reason
 */
export const uploadMedia = async (ports: UploadPorts, options: UploadOptions): Promise<Uploaded> => {
  const { source, jobId } = options;
  if (source.size === 0)
    throw new ProxyError({ source: "client", errorType: "EMPTY_MEDIA", comment: "The media is empty." });
  const resume = checkResume(options);
  const partBytes = resume?.partBytes ?? choosePartBytes(source.size, options.partBytes ?? PART_BYTES);
  const named = { ...options, ...describe(options) };
  if (!resume && source.size <= partBytes) return uploadWhole(ports, named);
  return uploadInParts(ports, { ...named, jobId, partBytes, resume });
};

const checkResume = ({ resume, jobId, source }: UploadOptions): UploadState | undefined => {
  if (!resume || (isSameJob(resume.jobId, jobId) && resume.sizeBytes === source.size)) return resume;
  throw new ProxyError({
    source: "client",
    errorType: "OTHER_UPLOAD",
    comment: "The upload to go on with is of another job, or of media of another size.",
  });
};

const isSameJob = (one: string, other: string): boolean =>
  one === other || (normalJobId(one) !== undefined && normalJobId(one) === normalJobId(other));

const describe = ({ source, filename, contentType }: UploadOptions) => {
  const { name, type } = source as { name?: unknown; type?: unknown };
  return {
    filename: filename ?? (typeof name === "string" ? name : undefined),
    contentType: contentType ?? (typeof type === "string" && type !== "" ? type : undefined),
  };
};
