import type { CallApi } from "./api.ts";
import { optionalNumber, optionalText, textField, type ResponseBody } from "./api-response.ts";
import type { Repeats } from "./backoff.ts";
import type { MediaDescription } from "./media-description.ts";

/** The last three are final. */
export type DeliveryState =
  "UPLOADING" | "SENDING" | "FINALIZING" | "HANDED_OVER" | "UNKNOWN" | "DELIVERED" | "REJECTED" | "NEEDS_REVIEW";

/** How far the delivery of a job's media to cielo24 has got, and what is known of the media. */
export interface Delivery extends MediaDescription {
  readonly jobId: string;
  readonly state: DeliveryState;
  /** cielo24's task, once it has taken the media. */
  readonly taskId?: string;
  readonly error?: { readonly errorType: string; readonly comment: string };
  /** Why the delivery is waiting. It is not final, and nothing needs to be done: the delivery goes on by itself. */
  readonly waiting?: DeliveryWait;
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

export interface DeliveryWait {
  readonly errorType: string;
  /** For people. */
  readonly comment: string;
  /** When the next step is due: ISO 8601, UTC. */
  readonly nextAttemptAt?: string;
}

export interface DeliveryQuery {
  readonly jobId: string;
  /** How long the API may hold the response back until something changes: seconds, at most 20. */
  readonly waitS?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface WaitForDeliveryOptions {
  readonly jobId: string;
  /** Called with every response. */
  readonly onDelivery?: ((delivery: Delivery) => void) | undefined;
  /** Gives up with the signal's reason; `AbortSignal.timeout(ms)` limits the time. */
  readonly signal?: AbortSignal | undefined;
}

const WAIT_S = 20;
/** Some responses come at once although nothing has ended; do not ask again right away. */
const SHORTEST_CYCLE_MS = 500;

export const hasEnded = ({ state }: Pick<Delivery, "state">): boolean =>
  state === "DELIVERED" || state === "REJECTED" || state === "NEEDS_REVIEW";

/** Whether the delivery is of media of another size: a job takes one upload, and another one may have come first. */
export const isOfOtherMedia = ({ sizeBytes }: Pick<Delivery, "sizeBytes">, uploadedBytes: number): boolean =>
  sizeBytes !== undefined && sizeBytes !== uploadedBytes;

export const createDeliveries = (callApi: CallApi, { sleep }: Pick<Repeats, "sleep">) => {
  const getDelivery = async ({ jobId, waitS = 0, signal }: DeliveryQuery): Promise<Delivery> =>
    readDelivery(
      await callApi({
        method: "GET",
        path: "/api/job/delivery",
        query: { job_id: jobId, ...(waitS > 0 && { wait: String(waitS) }) },
        signal,
      }),
    );

  const waitForDelivery = async ({ jobId, onDelivery, signal }: WaitForDeliveryOptions): Promise<Delivery> => {
    let waitS = 0;
    for (;;) {
      const askedAt = Date.now();
      const delivery = await getDelivery({ jobId, waitS, signal });
      onDelivery?.(delivery);
      if (hasEnded(delivery)) return delivery;
      const pauseMs = waitS === 0 ? 0 : SHORTEST_CYCLE_MS - (Date.now() - askedAt);
      if (pauseMs > 0) await sleep(pauseMs, signal);
      waitS = WAIT_S;
    }
  };

  return { getDelivery, waitForDelivery };
};

const readDelivery = (body: ResponseBody): Delivery => {
  const error = body["Error"] as ResponseBody | undefined;
  const waiting = body["Waiting"] as ResponseBody | undefined;
  const concern = body["Concern"] as ResponseBody | undefined;
  return withoutUndefined<Delivery>({
    jobId: textField(body, "JobId"),
    state: textField(body, "State") as DeliveryState,
    taskId: optionalText(body, "TaskId"),
    error: error ? readProblem(error) : undefined,
    waiting: waiting
      ? withoutUndefined<DeliveryWait>({
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
