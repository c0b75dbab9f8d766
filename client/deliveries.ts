import type { CallApi } from "./api.ts";
import type { Clock } from "./clock.ts";
import { hasEnded, readDelivery, type Delivery, type DeliveryQuery, type WaitForDeliveryOptions } from "./delivery.ts";
import { ProxyError } from "./errors.ts";
import type { BeginPatience, Repeats } from "./patience.ts";

const WAIT_S = 20;
/** News may come at any rate; do not ask again right away. */
const SHORTEST_CYCLE_MS = 500;
/** On average; see `waitForDelivery`. */
const PAUSE_FOR_OTHERS_MS = 5_000;
/** As many plain questions as fill a minute. */
const PLAIN_POLLS = 12;
/** A browser opens six connections to a host, of which uploads need their share. */
const LONG_POLLS = 2;
/** With more of them than this, each waits longer, so that a client asks at most about ten questions a second. */
const CROWD = 50;

/** What questions about deliveries need from the client. */
export interface DeliveryPorts {
  readonly callApi: CallApi;
  readonly beginPatience: BeginPatience;
  readonly clock: Clock;
  readonly repeats: Pick<Repeats, "sleep" | "random">;
}

export const createDeliveries = ({ callApi, beginPatience, clock, repeats: { sleep, random } }: DeliveryPorts) => {
  let longPolls = 0;
  let waits = 0;

  /** Asks once, with a long poll if the client has one to spare. */
  const ask = async ({ jobId, waitS = 0, signal }: DeliveryQuery) => {
    const isLong = waitS > 0 && longPolls < LONG_POLLS;
    if (isLong) longPolls += 1;
    try {
      const body = await callApi({
        method: "GET",
        path: "/api/job/delivery",
        query: { job_id: jobId, ...(isLong && { wait: String(waitS) }) },
        waitMs: isLong ? waitS * 1000 : 0,
        signal,
      });
      return { delivery: readDelivery(body), isLong };
    } finally {
      if (isLong) longPolls -= 1;
    }
  };

  const getDelivery = async ({ waitS = 0, ...query }: DeliveryQuery): Promise<Delivery> => {
    let nextWaitS = waitS;
    const { delivery } = await beginPatience({ signal: query.signal, isCall: true }).repeat(() =>
      ask({ ...query, waitS: nextWaitS }).catch((error: unknown) => {
        if (isNoRoom(error)) nextWaitS = 0;
        throw error;
      }),
    );
    return delivery;
  };

  /**
   * A long poll takes one of the few executions that the stage's account may run at once, and one of a browser's few
   * connections, for as long as it waits. So that others get their turn:
   *
   * - A client has two long polls at a time. Who finds none left asks plainly, every few seconds; and while there are more
   *   who wait, who has had one pauses before the next.
   * - A wait that brought no news is followed by a pause. Without one, whoever waits would never give the execution back, and
   *   a stage that allows shorter waits (`longestWaitS`) would gain nothing by it.
   * - If the gateway refuses a question, there was no execution left. It is repeated plainly, and for the next minute all
   *   questions are plain: one takes a few milliseconds. Waiting again after the first plain response would have every second
   *   question refused; and where a plain one is refused, too, the minute begins again.
   */
  const follow = async ({ jobId, onDelivery, onWaiting, signal }: WaitForDeliveryOptions): Promise<Delivery> => {
    const { repeat } = beginPatience({ signal, onWaiting });
    // At random, so that clients that were refused together do not come back together.
    const pauseForOthers = () =>
      sleep(PAUSE_FOR_OTHERS_MS * Math.max(1, waits / CROWD) * (0.75 + random() / 2), signal);
    let last: Delivery | undefined;
    let plainPolls = 0;
    for (;;) {
      const askedAt = clock.now();
      const { delivery, isLong } = await repeat(() =>
        // The first response is wanted at once, to have something to show.
        ask({ jobId, waitS: !last || plainPolls > 0 ? 0 : WAIT_S, signal }).catch((error: unknown) => {
          if (isNoRoom(error)) plainPolls = PLAIN_POLLS;
          throw error;
        }),
      );
      onDelivery?.(delivery);
      if (hasEnded(delivery)) return delivery;
      if (plainPolls > 0) {
        plainPolls -= 1;
        await pauseForOthers();
      } else if (isLong && waits <= LONG_POLLS && delivery.updatedAt !== last?.updatedAt) {
        const tookMs = clock.now() - askedAt;
        if (tookMs < SHORTEST_CYCLE_MS) await sleep(SHORTEST_CYCLE_MS - tookMs, signal);
      } else if (last || longPolls >= LONG_POLLS) await pauseForOthers();
      last = delivery;
    }
  };

  const waitForDelivery = async (options: WaitForDeliveryOptions): Promise<Delivery> => {
    waits += 1;
    try {
      return await follow(options);
    } finally {
      waits -= 1;
    }
  };

  return { getDelivery, waitForDelivery };
};

/** Whether the gateway, or something else before the functions, had no room for a call: 429, 500, 502, 503 and 504. */
const isNoRoom = (error: unknown): boolean =>
  error instanceof ProxyError && error.source === "gateway" && error.isRetryable;
