import { install } from "@sinonjs/fake-timers";
import { setImmediate as nextTurn } from "node:timers/promises";

/**
 * Virtual time for this process. Import it before everything else: from then on `Date` and the global timers, those of
 * the AWS SDK included, follow {@link virtualTime} alone. Sockets and `setImmediate` stay real.
 */
const FIRST_DAY = Date.UTC(2031, 4, 6);
/** Real pauses are needed while another process works. */
const realSetTimeout = globalThis.setTimeout;

export const virtualTime = install({
  now: FIRST_DAY,
  // The SDK clears timers that it never set.
  shouldClearNativeTimers: true,
  toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"],
});

export const realPause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    realSetTimeout(resolve, ms);
  });

/** Data that a process sends itself over the loopback interface arrives within a turn or two of the event loop. */
const QUIET_TURNS = 40;

/**
 * Resolves once nothing has happened for a while: no socket is active, and all work waits for a timer. Resolves early
 * if `isOver` says so.
 *
 * @param countActivity grows with everything that happens
 */
export const untilQuiet = async (countActivity: () => number, isOver: () => boolean): Promise<void> => {
  let seen = countActivity();
  for (let turns = 0; turns < QUIET_TURNS && !isOver(); turns += 1) {
    await nextTurn();
    const count = countActivity();
    if (count === seen) continue;
    seen = count;
    turns = 0;
  }
};

/** More steps of time than anything here needs. */
const MAX_STEPS = 1_000;

/** Awaits work that may wait for timers: whenever all is quiet, time goes on to the next one. */
export const whileTimePasses = async <T>(work: Promise<T>, countActivity: () => number): Promise<T> => {
  const state = { isDone: false };
  const done = work.finally(() => (state.isDone = true));
  done.catch(() => undefined);
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    await untilQuiet(countActivity, () => state.isDone);
    if (state.isDone) return done;
    if (virtualTime.countTimers() > 0) virtualTime.next();
    else await realPause(1);
  }
  throw new Error("Time passes and the work does not end");
};
