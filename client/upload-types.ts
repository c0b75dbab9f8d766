import type { TakeConnection } from "./connections.ts";
import type { UploadProgress } from "./progress.ts";
import type { MediaSource } from "./source.ts";
import type { OnWaiting } from "./waiting.ts";

export type { Waiting } from "./waiting.ts";

/** How far an upload in parts has got. It holds no secret; keep it to resume the upload later, with the same media. */
export interface UploadState {
  readonly jobId: string;
  readonly key: string;
  readonly uploadId: string;
  readonly sizeBytes: number;
  readonly partBytes: number;
  /** True once the completion was requested: if the upload is gone then, it was completed. */
  readonly isCompleting: boolean;
}

export interface UploadOptions {
  readonly jobId: string;
  readonly source: MediaSource;
  /** The media's file name, which becomes part of the object's name. A File brings its own. */
  readonly filename?: string | undefined;
  /** Such as `video/mp4`. A File brings its own. */
  readonly contentType?: string | undefined;
  /** The state of an earlier run, to resume it. */
  readonly resume?: UploadState | undefined;
  /**
   * Called with the state to keep in order to resume, and with undefined once there is nothing left to resume. Only
   * uploads in parts have a state. A promise that it returns is awaited.
   */
  readonly onState?: ((state: UploadState | undefined) => void | Promise<void>) | undefined;
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
  readonly onWaiting?: OnWaiting | undefined;
  /** Media up to this size is sent in one request, larger media in parts of this size. 8 MiB by default, at least 5 MiB. */
  readonly partBytes?: number | undefined;
  /** How many parts are sent at the same time. 6 by default. */
  readonly parallelParts?: number | undefined;
  /** Called before each request that carries media, where several uploads share connections to the store. */
  readonly takeConnection?: TakeConnection | undefined;
  /** Ends the upload with the signal's reason. The parts that have arrived stay, so the upload can be resumed. */
  readonly signal?: AbortSignal | undefined;
}

export interface Uploaded {
  readonly key: string;
}
