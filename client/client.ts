import { createApi, type CallApi, type TokenSource } from "./api.ts";
import {
  createCalls,
  type AddMediaUrlOptions,
  type CancelDeliveryOptions,
  type Task,
  type UpdateMetadataOptions,
} from "./calls.ts";
import { platformClock, sleepBy, type Clock } from "./clock.ts";
import { createDeliveries } from "./deliveries.ts";
import type { Delivery, DeliveryQuery, WaitForDeliveryOptions } from "./delivery.ts";
import { abortUpload } from "./multipart.ts";
import { createPatience, type BeginPatience, type Repeats } from "./patience.ts";
import { chooseSender, type SendMedia } from "./send-media.ts";
import { createSignUpload, type SignUpload } from "./sign-upload.ts";
import type { UploadPorts } from "./upload-run.ts";
import type { Uploaded, UploadOptions, UploadState } from "./upload-types.ts";
import { uploadMedia } from "./upload.ts";

export interface ClientOptions {
  /** Address of a stage, without `/api`. */
  readonly baseUrl: string;
  readonly token: TokenSource;
  /** In place of the platform's own. */
  readonly fetch?: typeof globalThis.fetch;
  /** Sends media, on platforms that can report progress in more detail than `fetch` does. */
  readonly sendMedia?: SendMedia;
  /** How failures are repeated. */
  readonly repeats?: Partial<Repeats>;
  /** For tests. */
  readonly clock?: Clock;
}

const PATIENCE_MS = 10 * 60_000;
/** Somebody waits for the answer to a single call. */
const CALL_PATIENCE_MS = 60_000;

/** Every call throws ProxyError, the reason of the signal it was given, or whatever the application's `token` threw. */
export interface Client {
  /** Uploads media for a job to the store. From there the proxy delivers it to cielo24. */
  readonly uploadMedia: (options: UploadOptions) => Promise<Uploaded>;
  /** Deletes the parts of an upload that will not be resumed. */
  readonly abortUpload: (
    state: Pick<UploadState, "jobId" | "key" | "uploadId">,
    options?: { readonly signal?: AbortSignal },
  ) => Promise<void>;
  /** Resolves once the delivery has ended, successfully or not. */
  readonly waitForDelivery: (options: WaitForDeliveryOptions) => Promise<Delivery>;
  readonly getDelivery: (query: DeliveryQuery) => Promise<Delivery>;
  /**
   * Cancels an upload, or the delivery of its media as long as cielo24 cannot have it. What arrives for the job after that
   * is not sent, until another upload is begun. Parts are left to `abortUpload`.
   */
  readonly cancelDelivery: (options: CancelDeliveryOptions) => Promise<Delivery>;
  /** Makes cielo24 fetch a job's media from a URL. */
  readonly addMediaUrl: (options: AddMediaUrlOptions) => Promise<Task>;
  /** Sets a job's grouping metadata at cielo24. */
  readonly updateMetadata: (options: UpdateMetadataOptions) => Promise<Task>;
  /** Signs one request to the store, for applications that upload by other means, such as Uppy. */
  readonly signUpload: SignUpload;
}

export const createClient = ({
  baseUrl,
  token,
  repeats: wished,
  clock = platformClock,
  ...given
}: ClientOptions): Client => {
  // Browsers insist that `fetch` is called without a `this`.
  const fetch: typeof globalThis.fetch = given.fetch ?? ((...request) => globalThis.fetch(...request));
  const repeats: Repeats = { patienceMs: PATIENCE_MS, sleep: sleepBy(clock), random: Math.random, ...wished };
  const { call: callApi, hasAnswered } = createApi({ baseUrl, token, fetch, clock });
  const beginPatience: BeginPatience = ({ isCall, ...options }) => {
    const patienceMs = isCall ? Math.min(repeats.patienceMs, CALL_PATIENCE_MS) : repeats.patienceMs;
    return createPatience({ ...repeats, patienceMs }, clock, { ...options, hasAnswered });
  };
  const callPatiently: CallApi = (call) =>
    beginPatience({ signal: call.signal, isCall: true }).repeat(() => callApi(call));
  const deliveries = createDeliveries({ callApi, beginPatience, clock, repeats });
  const ports: UploadPorts = {
    fetch,
    sender: chooseSender(given),
    clock,
    beginPatience,
    signUpload: createSignUpload(callApi),
    getDelivery: deliveries.getDelivery,
  };
  return {
    uploadMedia: (options) => uploadMedia(ports, options),
    abortUpload: (state, { signal } = {}) => abortUpload(ports, state, signal),
    ...deliveries,
    ...createCalls(callApi, callPatiently),
    signUpload: createSignUpload(callPatiently),
  };
};
