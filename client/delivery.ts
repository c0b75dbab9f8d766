import { optionalNumber, optionalText, textField, type ApiAnswer } from "./answer-fields.ts";
import type { CallApi } from "./api.ts";
import type { Repeats } from "./backoff.ts";

/** The last three are the ends. */
export type DeliveryState =
  "UPLOADING" | "SENDING" | "FINALIZING" | "HANDED_OVER" | "UNKNOWN" | "DELIVERED" | "REJECTED" | "NEEDS_REVIEW";

/** How the delivery of a job's media to cielo24 goes. */
export interface Delivery {
  readonly jobId: string;
  readonly state: DeliveryState;
  /** cielo24's task, once it has taken the media. */
  readonly taskId?: string;
  readonly error?: { readonly errorType: string; readonly comment: string };
  /** What it waits for. No end, and nothing to do: it goes on by itself. */
  readonly waiting?: DeliveryWait;
  readonly sizeBytes?: number;
  /** Of `sizeBytes`, those that are at cielo24. */
  readonly sentBytes: number;
  /** How often sending it to cielo24 was begun. */
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
  /** Seconds, at most 20, that the answer may wait for a change. */
  readonly waitS?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface WaitForDeliveryOptions {
  readonly jobId: string;
  /** Called with every answer. */
  readonly onDelivery?: ((delivery: Delivery) => void) | undefined;
  /** Gives up with the signal's reason; `AbortSignal.timeout(ms)` limits the time. */
  readonly signal?: AbortSignal | undefined;
}

const WAIT_S = 20;
/** An answer that came at once without an end to tell must not be asked for again at once. */
const SHORTEST_CYCLE_MS = 500;

export const hasEnded = ({ state }: Pick<Delivery, "state">): boolean =>
  state === "DELIVERED" || state === "REJECTED" || state === "NEEDS_REVIEW";

/** Whether it is about other media than those of so many bytes: a job takes one, and somebody's may have come first. */
export const isOfOtherMedia = ({ sizeBytes }: Pick<Delivery, "sizeBytes">, uploadedBytes: number): boolean =>
  sizeBytes !== undefined && sizeBytes !== uploadedBytes;

export const createDeliveries = (callApi: CallApi, { sleep }: Pick<Repeats, "sleep">) => {
  const getDelivery = async ({ jobId, waitS = 0, signal }: DeliveryQuery): Promise<Delivery> =>
    readDelivery(
      await callApi({
        method: "GET",
        path: "/api/job/delivery",
        query: { job_id: jobId, ...(waitS > 0 ? { wait: String(waitS) } : {}) },
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

const readDelivery = (answer: ApiAnswer): Delivery => {
  const error = answer["Error"] as ApiAnswer | undefined;
  const waiting = answer["Waiting"] as ApiAnswer | undefined;
  const taskId = optionalText(answer, "TaskId");
  const sizeBytes = optionalNumber(answer, "SizeBytes");
  return {
    jobId: textField(answer, "JobId"),
    state: textField(answer, "State") as DeliveryState,
    ...(taskId === undefined ? {} : { taskId }),
    ...(error
      ? { error: { errorType: textField(error, "ErrorType"), comment: textField(error, "ErrorComment") } }
      : {}),
    ...(waiting ? { waiting: readWait(waiting) } : {}),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    sentBytes: optionalNumber(answer, "SentBytes") ?? 0,
    attempts: optionalNumber(answer, "Attempts") ?? 0,
    updatedAt: textField(answer, "UpdatedAt"),
  };
};

const readWait = (waiting: ApiAnswer): DeliveryWait => {
  const nextAttemptAt = optionalText(waiting, "NextAttemptAt");
  return {
    errorType: textField(waiting, "ErrorType"),
    comment: textField(waiting, "ErrorComment"),
    ...(nextAttemptAt === undefined ? {} : { nextAttemptAt }),
  };
};
