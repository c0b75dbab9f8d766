import type { TakeConnection } from "./connections.ts";
import type { Delivery, DeliveryQuery } from "./delivery.ts";
import type { Patience, PatienceOptions } from "./patience.ts";
import type { UploadProgress } from "./progress.ts";
import type { SignUpload } from "./sign-upload.ts";
import type { MediaSource } from "./source.ts";
import type { StoragePorts } from "./storage.ts";

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

/** Why something stands still. It is not final, and nothing needs to be done: it goes on by itself. */
export interface Waiting {
  /**
   * NETWORK (no answer), STALLED (a connection on which nothing moves), or the type of the refusal that is being repeated.
   * Deliveries have the proxy's own types.
   */
  readonly errorType: string;
  /** For people. */
  readonly comment: string;
  /** When the next step is due: ISO 8601, UTC. */
  readonly nextAttemptAt?: string;
}

/** Told when something begins to stand still, or for another reason, and undefined once it moves again. */
export type OnWaiting = (waiting: Waiting | undefined) => void;

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

/** Begins the budget of an operation. A single call, for whose answer somebody waits, has less of it. */
export type BeginPatience = (options: Omit<PatienceOptions, "hasAnswered"> & { readonly isCall?: boolean }) => Patience;

/** What an upload needs from the client. Nothing but `getDelivery` repeats anything by itself. */
export interface UploadPorts extends StoragePorts {
  readonly beginPatience: BeginPatience;
  readonly signUpload: SignUpload;
  readonly getDelivery: (query: DeliveryQuery) => Promise<Delivery>;
}

/** One upload that is under way: all its steps share one budget and one account of progress. */
export interface UploadRun extends UploadPorts {
  readonly patience: Patience;
  readonly tell: (progress: UploadProgress) => void;
  /** The most that are sent at the same time. */
  readonly parallelParts: number;
  /** What it has learned about its line. */
  readonly learned: {
    /** How often the time for the store's answer is doubled from the start. */
    doublings: number;
    /** How many parts are sent at the same time now. */
    parallelParts: number;
  };
}
