import type { Clock } from "../../client/index.ts";

/** A clock that moves only when it is told to. */
export interface TestClock extends Clock {
  readonly advance: (ms: number) => void;
  /** Moves on, in steps of a virtual second, until the promise settles. What is real, such as sockets, gets its time between. */
  readonly runUntil: <T>(promise: Promise<T>) => Promise<T>;
}

export const createTestClock = (): TestClock => {
  let now = Date.UTC(2026, 0, 1);
  const timers = new Set<{ readonly at: number; readonly act: () => void }>();
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
        await new Promise((resolve) => setTimeout(resolve, 3));
        advance(1_000);
      }
      return promise;
    },
  };
};
