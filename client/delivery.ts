import { optionalNumber, optionalText, textField, type ResponseBody } from "./api-response.ts";
import type { MediaDescription } from "./media-description.ts";
import type { OnWaiting, Waiting } from "./waiting.ts";

/** The last three are final. */
export type DeliveryState =
  "UPLOADING" | "SENDING" | "FINALIZING" | "HANDED_OVER" | "UNKNOWN" | "DELIVERED" | "REJECTED" | "NEEDS_REVIEW";

/** How far the delivery of a job's media to cielo24 has got, and what is known of the media. */
export interface Delivery extends MediaDescription {
  readonly jobId: string;
  readonly state: DeliveryState;
  /** cielo24's task, once it has taken the media. */
  readonly taskId?: string;
  /**
   * Why it is REJECTED, or in NEEDS_REVIEW; the comment says what to do. `TIMED_OUT` is here an upload that never arrived, and
   * `CANCELLED` one that its owner cancelled.
   */
  readonly error?: { readonly errorType: string; readonly comment: string };
  /** Why the delivery is waiting. It is not final, and nothing needs to be done: the delivery goes on by itself. */
  readonly waiting?: Waiting;
  /** What may be wrong with the media, which is sent all the same: a film without sound, for example. */
  readonly concern?: { readonly errorType: string; readonly comment: string };
  /** How many objects with other contents came for the job when it had its media. They were not sent. */
  readonly otherMedia?: number;
  /** How many files that are no media, such as subtitles, came for the job. They were not sent. */
  readonly sidecars?: number;
  readonly sizeBytes?: number;
  /** How many of `sizeBytes` cielo24 has received. */
  readonly sentBytes: number;
  /** How often sending to cielo24 was started. */
  readonly attempts: number;
  /** ISO 8601, UTC. */
  readonly updatedAt: string;
}

export interface DeliveryQuery {
  readonly jobId: string;
  /**
   * How long the API may hold the response back until something changes: seconds, at most 20. The stage may allow less; a
   * client waits in this way for at most two deliveries at a time; and if the stage is so busy that the gateway refuses the
   * call, it is repeated without waiting.
   */
  readonly waitS?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface WaitForDeliveryOptions {
  readonly jobId: string;
  /** Called with every response. */
  readonly onDelivery?: ((delivery: Delivery) => void) | undefined;
  /** Told while the API cannot be reached. What the delivery itself waits for is in `delivery.waiting`. */
  readonly onWaiting?: OnWaiting | undefined;
  /** Gives up with the signal's reason; `AbortSignal.timeout(ms)` limits the time. */
  readonly signal?: AbortSignal | undefined;
}

export const hasEnded = ({ state }: Pick<Delivery, "state">): boolean =>
  state === "DELIVERED" || state === "REJECTED" || state === "NEEDS_REVIEW";

/** Whether the delivery is of media of another size: a job takes one upload, and another one may have come first. */
export const isOfOtherMedia = ({ sizeBytes }: Pick<Delivery, "sizeBytes">, uploadedBytes: number): boolean =>
  sizeBytes !== undefined && sizeBytes !== uploadedBytes;

/** @throws {ProxyError} UNINTELLIGIBLE */
export const readDelivery = (body: ResponseBody): Delivery => {
  const error = body["Error"] as ResponseBody | undefined;
  const waiting = body["Waiting"] as ResponseBody | undefined;
  const concern = body["Concern"] as ResponseBody | undefined;
  return withoutUndefined<Delivery>({
    jobId: textField(body, "JobId"),
    state: textField(body, "State") as DeliveryState,
    taskId: optionalText(body, "TaskId"),
    error: error ? readProblem(error) : undefined,
    waiting: waiting
      ? withoutUndefined<Waiting>({
          ...readProblem(waiting),
          nextAttemptAt: optionalText(waiting, "NextAttemptAt"),
        })
      : undefined,
    container: optionalText(body, "Container"),
    durationSeconds: optionalNumber(body, "DurationSeconds"),
    audioTracks: optionalNumber(body, "AudioTracks"),
    videoTracks: optionalNumber(body, "VideoTracks"),
    concern: concern ? readProblem(concern) : undefined,
    otherMedia: optionalNumber(body, "OtherMedia"),
    sidecars: optionalNumber(body, "Sidecars"),
    sizeBytes: optionalNumber(body, "SizeBytes"),
    sentBytes: optionalNumber(body, "SentBytes") ?? 0,
    attempts: optionalNumber(body, "Attempts") ?? 0,
    updatedAt: textField(body, "UpdatedAt"),
  });
};

const readProblem = (body: ResponseBody) => ({
  errorType: textField(body, "ErrorType"),
  comment: textField(body, "ErrorComment"),
});

/** Optional properties are absent, as their types promise, not undefined. */
const withoutUndefined = <T extends object>(fields: { readonly [Name in keyof T]: T[Name] | undefined }): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
