import { start } from "../../lib/delivery/machine/machine.ts";
import { nextVisit } from "../../lib/delivery/machine/waits.ts";
import { readDeliverySettings } from "../../lib/delivery/settings.ts";
import { CIELO24_CALLS, deliveryS } from "./figures.ts";
import { createRandom, type Random } from "./random.ts";
import type { Stage } from "./stage.ts";
import { createTimetable } from "./timetable.ts";

/**
 * One day of drops through the queue, deliver-media and cielo24, event by event; no time passes in reality.
 *
 * A drop is received when an execution is free and SQS lets one more message be in flight. It is delivered, which takes as
 * long as its size asks for; or cielo24 is down or refuses the rate, and the message is hidden until the delivery
 * machine's own back-off has passed. What is left out: responses that are lost behind the last chunk, hand-overs (no
 * object is too large for the link), cold starts, and how fast Lambda adds pollers (300 a minute).
 */

/** Messages of a standard queue that may be received and not deleted. Hidden ones count. Source: SQS's quotas. */
export const IN_FLIGHT_MAX = 120_000;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** An attempt that ends at job/info. */
const ATTEMPT_MS = 500;

/** Sizes: log-normal, so that a hundredth of the drops has a sixth of the bytes, cut off at what cielo24 takes. */
const MEDIAN_BYTES = 150 * 1024 ** 2;
const SPREAD = 1.4;

/** By how much the busiest hour, at noon, is above the mean; midnight is as far below. */
export const PEAK = 1.8;

/** A day: what comes, and what it meets. */
export interface Scenario {
  readonly dropsPerDay: number;
  readonly maximumConcurrency: number;
  /** Calls a second that cielo24 answers; the others get a 429. */
  readonly callsPerS: number;
  readonly inFlightMax?: number;
  /** From when to when cielo24 answers 503 (ms since midnight). */
  readonly outage?: readonly [from: number, to: number];
  readonly stage: Pick<Stage, "memoryMb" | "maxMediaBytes" | "timeoutMs">;
  readonly seed: number;
}

/** What became of the day's drops. */
export interface Result {
  readonly drops: number;
  /** The times to TaskId (ms), the shortest first. */
  readonly waitsMs: Float64Array;
  readonly receives: number;
  readonly mostAtOnce: number;
  readonly mostInFlight: number;
  /** Drops without TaskId at the end of the outage, or of the day if there is none. */
  readonly backlog: number;
  /** How long after the outage the last drop that had come by then was delivered; undefined without an outage. */
  readonly drainMs: number | undefined;
}

/** The size of one drop. */
export const drawBytes = (random: Random, maxBytes: number): number =>
  Math.min(MEDIAN_BYTES * Math.exp(SPREAD * random.normal()), maxBytes);

/** The mean size of drops, and the mean of the seconds that a delivery takes. */
export const meanDrop = ({ memoryMb, maxMediaBytes }: Scenario["stage"], draws = 200_000) => {
  const random = createRandom(1);
  let bytes = 0;
  let seconds = 0;
  for (let drawn = 0; drawn < draws; drawn += 1) {
    const sizeBytes = drawBytes(random, maxMediaBytes);
    bytes += sizeBytes / draws;
    seconds += deliveryS(sizeBytes, memoryMb) / draws;
  }
  return { bytes, seconds };
};

/** Lets `perS` calls a second through, and as many at once. */
const createRate = (perS: number) => {
  let left = perS;
  let at = 0;
  return {
    admits: (calls: number, now: number): boolean => {
      left = Math.min(perS, left + ((now - at) / 1000) * perS);
      at = now;
      if (left < calls) return false;
      left -= calls;
      return true;
    },
  };
};

/** First in, first out. */
const createLine = <T>() => {
  let things: T[] = [];
  let first = 0;
  return {
    add: (thing: T) => things.push(thing),
    take: (): T | undefined => {
      if (first >= things.length) return undefined;
      const thing = things[first];
      first += 1;
      if (first === 100_000) {
        things = things.slice(first);
        first = 0;
      }
      return thing;
    },
  };
};

interface QueuedDrop {
  readonly arrivedAt: number;
  readonly sizeBytes: number;
  receives: number;
}

const settings = readDeliverySettings({});

/** Runs until the last drop of the day is delivered, which may be days later. The same seed gives the same result. */
export const simulate = (scenario: Scenario): Result => {
  const { dropsPerDay, maximumConcurrency, inFlightMax = IN_FLIGHT_MAX, outage, stage } = scenario;
  const [downFrom, downTo] = outage ?? [Infinity, Infinity];
  const random = createRandom(scenario.seed);
  const rate = createRate(scenario.callsPerS);

  const visible = createLine<QueuedDrop>();
  const hidden = createTimetable<QueuedDrop>();
  /** Executions, by when they end. */
  const running = createTimetable<{ readonly drop: QueuedDrop; readonly delivers: boolean }>();
  const waitsMs: number[] = [];
  let drops = 0;
  let receives = 0;
  let mostAtOnce = 0;
  let mostInFlight = 0;
  let backlog: number | undefined;
  let drainedAt = 0;

  const isDown = (now: number) => now >= downFrom && now < downTo;

  const nextArrival = (now: number): number => {
    const perMs = (dropsPerDay / DAY_MS) * (1 - (PEAK - 1) * Math.cos((2 * Math.PI * now) / DAY_MS));
    const at = now + random.exponential() / perMs;
    return at < DAY_MS ? at : Infinity;
  };

  const work = (drop: QueuedDrop, now: number) => {
    drop.receives += 1;
    receives += 1;
    if (isDown(now) || !rate.admits(CIELO24_CALLS, now)) {
      running.add(now + ATTEMPT_MS, { drop, delivers: false });
      return;
    }
    const endsAt = now + deliveryS(drop.sizeBytes, stage.memoryMb) * 1000;
    // What is on its way when cielo24 goes down is withdrawn: its last chunk has not been sent.
    const isCutOff = now < downFrom && endsAt >= downFrom;
    running.add(isCutOff ? downFrom : endsAt, { drop, delivers: !isCutOff });
  };

  const receive = (now: number) => {
    while (running.size < maximumConcurrency && running.size + hidden.size < inFlightMax) {
      const drop = visible.take();
      if (!drop) break;
      work(drop, now);
    }
    mostAtOnce = Math.max(mostAtOnce, running.size);
    mostInFlight = Math.max(mostInFlight, running.size + hidden.size);
  };

  /** For how long, says the delivery machine. */
  const hide = (drop: QueuedDrop, now: number) => {
    const about = { jobId: "", role: "queue", receiveCount: drop.receives, lastChance: false } as const;
    const input = {
      type: "noInfo",
      reply: { is: "unavailable" },
      now,
      timeLeftMs: stage.timeoutMs,
      random: random.bits().toString(16).padStart(8, "0"),
    } as const;
    hidden.add(nextVisit(start(about, settings).memory, input, { reason: "unavailable" }).at, drop);
  };

  const endExecution = (now: number) => {
    const execution = running.take();
    if (!execution) return;
    const { drop, delivers } = execution;
    if (delivers) {
      waitsMs.push(now - drop.arrivedAt);
      if (drop.arrivedAt < downTo) drainedAt = now;
    } else hide(drop, now);
  };

  const countAt = outage ? downTo : DAY_MS;
  for (let comesAt = nextArrival(0); ;) {
    const now = Math.min(comesAt, running.nextAt(), hidden.nextAt());
    if (now >= countAt) backlog ??= drops - waitsMs.length;
    if (now === Infinity) break;
    if (now === comesAt) {
      visible.add({ arrivedAt: now, sizeBytes: drawBytes(random, stage.maxMediaBytes), receives: 0 });
      drops += 1;
      comesAt = nextArrival(now);
    } else if (now === running.nextAt()) endExecution(now);
    else {
      const drop = hidden.take();
      if (drop) visible.add(drop);
    }
    receive(now);
  }
  return {
    drops,
    waitsMs: Float64Array.from(waitsMs).sort(),
    receives,
    mostAtOnce,
    mostInFlight,
    backlog: backlog ?? 0,
    drainMs: outage && drainedAt - downTo,
  };
};
