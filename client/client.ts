import { createApi, type TokenSource } from "./api.ts";
import { sleep, type Repeats } from "./backoff.ts";
import { createCalls, type AddMediaUrlOptions, type Task, type UpdateMetadataOptions } from "./calls.ts";
import { createDeliveries, type Delivery, type DeliveryQuery, type WaitForDeliveryOptions } from "./delivery.ts";
import { abortUpload } from "./multipart.ts";
import { chooseSender, type SendMedia } from "./sending.ts";
import { createSigning, type SignUpload } from "./signing.ts";
import { uploadMedia, type Uploaded, type UploadOptions, type UploadState } from "./upload.ts";

export interface ClientOptions {
  /** Address of a stage, up to but without `/api`. */
  readonly baseUrl: string;
  readonly token: TokenSource;
  /** In place of the platform's own. */
  readonly fetch?: typeof globalThis.fetch;
  /** How media is sent, where the platform has a way that tells more of the progress than `fetch`. */
  readonly sendMedia?: SendMedia;
  /** How failures are repeated: 8 times, over about a minute. */
  readonly repeats?: Partial<Repeats>;
}

/** Everything throws ProxyError, the reason of the signal that it was given, or what the application's `token` threw. */
export interface Client {
  /** Uploads media for a job to the store, from where the proxy delivers it to cielo24. */
  readonly uploadMedia: (options: UploadOptions) => Promise<Uploaded>;
  /** Takes back an upload in parts that nobody goes on with. */
  readonly abortUpload: (
    state: Pick<UploadState, "jobId" | "key" | "uploadId">,
    options?: { readonly signal?: AbortSignal },
  ) => Promise<void>;
  /** Resolves once the delivery has ended, one way or another. */
  readonly waitForDelivery: (options: WaitForDeliveryOptions) => Promise<Delivery>;
  readonly getDelivery: (query: DeliveryQuery) => Promise<Delivery>;
  /** Has cielo24 fetch a job's media from a URL. */
  readonly addMediaUrl: (options: AddMediaUrlOptions) => Promise<Task>;
  /** Sets a job's grouping metadata at cielo24. */
  readonly updateMetadata: (options: UpdateMetadataOptions) => Promise<Task>;
  /** Signs one request to the store, for whoever uploads by other means, Uppy say. */
  readonly signUpload: SignUpload;
}

export const createClient = ({ baseUrl, token, repeats: wished, ...given }: ClientOptions): Client => {
  // Called without a `this`, which browsers insist on.
  const fetch: typeof globalThis.fetch = given.fetch ?? ((...request) => globalThis.fetch(...request));
  const repeats: Repeats = { attempts: 8, sleep, random: Math.random, ...wished };
  const callApi = createApi({ baseUrl, token, fetch, repeats });
  const deliveries = createDeliveries(callApi, repeats);
  const signUpload = createSigning(callApi);
  const ports = { fetch, sendMedia: chooseSender(given), repeats, signUpload, getDelivery: deliveries.getDelivery };
  return {
    uploadMedia: (options) => uploadMedia(ports, options),
    abortUpload: (state, { signal } = {}) => abortUpload(ports, state, signal),
    ...deliveries,
    ...createCalls(callApi),
    signUpload,
  };
};
