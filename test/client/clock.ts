import type { Clock } from "../../client/index.ts";

/** A clock that moves only when it is told to. */
export interface TestClock extends Clock {
  readonly advance: (ms: number) => void;
  /**
   * Moves on until the promise settles, the faster the longer nobody asks for the time to be taken. So what is real, such
   * as sockets whose bytes are watched, gets its time.
   */
  readonly runUntil: <T>(promise: Promise<T>) => Promise<T>;
}

const SHORTEST_STEP_MS = 10;
const LONGEST_STEP_MS = 5_000;

export const createTestClock = (): TestClock => {
  let now = Date.UTC(2026, 0, 1);
  const timers = new Set<{ readonly at: number; readonly act: () => void }>();
  let stepMs = 0;
  const advance = (ms: number) => {
    const end = now + ms;
    for (;;) {
      const [next] = [...timers].sort((one, other) => one.at - other.at);
      if (!next || next.at > end) break;
      timers.delete(next);
      now = Math.max(now, next.at);
      next.act();
    }
    now = end;
  };
  return {
    now: () => now,
    after: (ms, act) => {
      stepMs = SHORTEST_STEP_MS;
      const timer = { at: now + ms, act };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    advance,
    runUntil: async (promise) => {
      let isOver = false as boolean;
      const end = () => {
        isOver = true;
      };
      promise.then(end, end);
      while (!isOver) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        advance(stepMs);
        stepMs = Math.min(Math.max(stepMs, SHORTEST_STEP_MS) * 1.15, LONGEST_STEP_MS);
      }
      return promise;
    },
  };
};
