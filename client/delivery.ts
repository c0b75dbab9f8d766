import type { CallApi } from "./api.ts";
import { optionalNumber, optionalText, textField, type ResponseBody } from "./api-response.ts";
import type { Repeats } from "./backoff.ts";
import type { ProxyError } from "./errors.ts";
import type { MediaDescription } from "./media-description.ts";
import type { OnWaiting, Waiting } from "./upload-types.ts";

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
   * How long the API may hold the response back until something changes: seconds, at most 20. The stage may allow less, and
   * if it is so busy that the gateway refuses the call, it is repeated without waiting.
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

const WAIT_S = 20;
/** News may come at any rate; do not ask again right away. */
const SHORTEST_CYCLE_MS = 500;
/** On average; see `waitForDelivery`. */
const PAUSE_FOR_OTHERS_MS = 5_000;
/** As many plain questions as fill a minute. */
const PLAIN_POLLS = 12;

export const hasEnded = ({ state }: Pick<Delivery, "state">): boolean =>
  state === "DELIVERED" || state === "REJECTED" || state === "NEEDS_REVIEW";

/** Whether the delivery is of media of another size: a job takes one upload, and another one may have come first. */
export const isOfOtherMedia = ({ sizeBytes }: Pick<Delivery, "sizeBytes">, uploadedBytes: number): boolean =>
  sizeBytes !== undefined && sizeBytes !== uploadedBytes;

export const createDeliveries = (callApi: CallApi, { sleep, random }: Pick<Repeats, "sleep" | "random">) => {
  const ask = async ({ jobId, waitS = 0, signal }: DeliveryQuery, onNoRoom = () => {}): Promise<Delivery> => {
    const plain = { job_id: jobId };
    return readDelivery(
      await callApi({
        method: "GET",
        path: "/api/job/delivery",
        query: waitS > 0 ? { ...plain, wait: String(waitS) } : plain,
        queryAfter: (error) => {
          if (!isNoRoom(error)) return undefined;
          onNoRoom();
          return plain;
        },
        signal,
      }),
    );
  };

  /**
   * A long poll takes one of the few executions that the stage's account may run at once, for as long as it waits. So that
   * others get their turn:
   *
   * - A wait that brought no news is followed by a pause. Without one, whoever waits would never give the execution back, and
   *   a stage that allows shorter waits (`longestWaitS`) would gain nothing by it.
   * - If the gateway refuses a question, there was no execution left. It is repeated plainly, and for the next minute all
   *   questions are plain: one takes a few milliseconds. Waiting again after the first plain response would have every second
   *   question refused; and where a plain one is refused, too, the minute begins again.
   */
  const waitForDelivery = async ({ jobId, onDelivery, signal }: WaitForDeliveryOptions): Promise<Delivery> => {
    // At random, so that clients that were refused together do not come back together.
    const pauseForOthers = () => sleep(PAUSE_FOR_OTHERS_MS * (0.75 + random() / 2), signal);
    let last: Delivery | undefined;
    let plainPolls = 0;
    for (;;) {
      // The first response is wanted at once, to have something to show.
      const waitS = !last || plainPolls > 0 ? 0 : WAIT_S;
      const askedAt = Date.now();
      const delivery = await ask({ jobId, waitS, signal }, () => {
        plainPolls = PLAIN_POLLS;
      });
      onDelivery?.(delivery);
      if (hasEnded(delivery)) return delivery;
      const tookMs = Date.now() - askedAt;
      if (plainPolls > 0) {
        plainPolls -= 1;
        await pauseForOthers();
      } else if (last) {
        if (delivery.updatedAt === last.updatedAt) await pauseForOthers();
        else if (tookMs < SHORTEST_CYCLE_MS) await sleep(SHORTEST_CYCLE_MS - tookMs, signal);
      }
      last = delivery;
    }
  };

  return { getDelivery: (query: DeliveryQuery) => ask(query), waitForDelivery };
};

/** Whether the gateway, or something else before the functions, had no room for a call: 429, 500, 502, 503 and 504. */
const isNoRoom = ({ source, isRetryable }: ProxyError): boolean => source === "gateway" && isRetryable;

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
