/** Timers of this length are limits of the delivery; shorter ones are a client's patience with a service that is well. */
const SHORTEST_LIMIT_MS = 30_000;

/** The time of a process, which can be moved on by hand: its clock, and its timers of half a minute or more. */
export interface MovableTime {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Jumps ahead. What is due by then happens at once. */
  readonly advance: (ms: number) => void;
}

/** Takes the place of this process's `setTimeout` and `clearTimeout`. */
export const moveTimers = (): MovableTime => {
  const { setTimeout: start, clearTimeout: clear } = globalThis;
  const limits = new Map<unknown, { readonly at: number; readonly fire: () => void }>();
  let offsetMs = 0;
  const now = () => Date.now() + offsetMs;

  const startMovable = (callback: (...values: unknown[]) => void, ms = 0, ...values: unknown[]): NodeJS.Timeout => {
    if (ms < SHORTEST_LIMIT_MS) return start(callback, ms, ...values);
    const fire = () => {
      limits.delete(timer);
      callback(...values);
    };
    const timer = start(fire, ms);
    limits.set(timer, { at: now() + ms, fire });
    return timer;
  };
  Object.assign(globalThis, {
    setTimeout: startMovable,
    clearTimeout: (timer: NodeJS.Timeout | undefined) => {
      limits.delete(timer);
      clear(timer);
    },
  });
  return {
    now,
    advance: (ms) => {
      offsetMs += ms;
      for (const [timer, { at, fire }] of [...limits])
        if (at <= now()) {
          clear(timer as NodeJS.Timeout);
          fire();
        }
    },
  };
};
