/**
 * Client of cielo24-proxy's HTTP API, for browsers and Node ≥ 20.3. It needs nothing but `fetch`.
 *
 * @example
 * const client = createClient({ baseUrl: "https://captions.example.org", token: () => session.accessToken() });
 * await client.uploadMedia({ jobId, source: file, onProgress: ({ sentBytes, totalBytes }) => … });
 * const { state, taskId } = await client.waitForDelivery({ jobId });
 */
export { createClient, type Client, type ClientOptions } from "./client.ts";
export type { TokenSource } from "./api.ts";
export type { AddMediaUrlOptions, CancelDeliveryOptions, Task, UpdateMetadataOptions } from "./calls.ts";
export {
  hasEnded,
  isOfOtherMedia,
  type Delivery,
  type DeliveryQuery,
  type DeliveryState,
  type WaitForDeliveryOptions,
} from "./delivery.ts";
export type { Clock } from "./clock.ts";
export { ProxyError } from "./errors.ts";
export { normalJobId } from "./job-id.ts";
export { describeMedia, type MediaDescription } from "./media-description.ts";
export type { MediaRequest, SendMedia, StoreAnswer } from "./send-media.ts";
export type { Repeats } from "./patience.ts";
export type { SignedRequest, SignUpload, SignUploadRequest } from "./sign-upload.ts";
export type { MediaBytes, MediaRange, MediaSource } from "./source.ts";
export type { UploadProgress } from "./progress.ts";
export type { Uploaded, UploadOptions, UploadState } from "./upload-types.ts";
export type { Waiting } from "./waiting.ts";
