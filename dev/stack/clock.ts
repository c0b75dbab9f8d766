/** The time of a stack: real time or a given clock, plus what it was advanced by. */
export interface StackClock {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Resolves after this many milliseconds of this clock. Rejects as soon as the signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Jumps ahead, and ends every sleep that is over by then. */
  readonly advance: (ms: number) => void;
  /** Rejects every sleep, present and future. */
  readonly stop: () => void;
}

export const createStackClock = (base: () => number = Date.now): StackClock => {
  let offsetMs = 0;
  const sleepers = new Set<() => void>();
  const stopped = new AbortController();
  const now = () => base() + offsetMs;

  const sleep = (ms: number, given?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const signal = given ? AbortSignal.any([given, stopped.signal]) : stopped.signal;
      const until = now() + ms;
      let timer: NodeJS.Timeout;
      const end = (settle: () => void) => {
        clearTimeout(timer);
        sleepers.delete(check);
        signal.removeEventListener("abort", onAbort);
        settle();
      };
      const onAbort = () => {
        end(() => {
          reject(signal.reason as Error);
        });
      };
      const check = () => {
        clearTimeout(timer);
        if (now() >= until) end(resolve);
        else timer = setTimeout(check, Math.min(until - now(), MAX_TIMER_MS));
      };
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      signal.addEventListener("abort", onAbort, { once: true });
      sleepers.add(check);
      check();
    });

  return {
    now,
    sleep,
    advance: (ms) => {
      offsetMs += ms;
      for (const check of [...sleepers]) check();
    },
    stop: () => {
      stopped.abort(new Error("The stack is closed"));
    },
  };
};

/** The longest timer that Node allows. */
const MAX_TIMER_MS = 2 ** 31 - 1;
