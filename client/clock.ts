import { orAborted } from "./abort.ts";

/** Time. Tests have one of their own. */
export interface Clock {
  /** ms since the epoch */
  readonly now: () => number;
  /** Calls `act` once, after `ms`; returns what prevents that. */
  readonly after: (ms: number, act: () => void) => () => void;
}

export const platformClock: Clock = {
  now: () => Date.now(),
  after: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};

/** @throws the signal's reason */
export type Sleep = (ms: number, signal: AbortSignal | undefined) => Promise<void>;

export const sleepBy =
  ({ after }: Clock): Sleep =>
  (ms, signal) => {
    let cancel = () => {};
    const pause = new Promise<void>((resolve) => {
      cancel = after(ms, resolve);
    });
    return orAborted(pause, signal).finally(() => {
      cancel();
    });
  };

/** A signal that also aborts, with `reason`, once the time that was last allowed is over. To be ended by whoever began it. */
export interface Limit {
  readonly signal: AbortSignal;
  /** From now on. */
  readonly allow: (ms: number, reason: () => Error) => void;
  readonly end: () => void;
}

export const beginLimit = ({ after }: Clock, signal: AbortSignal | undefined): Limit => {
  const over = new AbortController();
  let cancel = () => {};
  return {
    signal: signal ? AbortSignal.any([signal, over.signal]) : over.signal,
    allow: (ms, reason) => {
      cancel();
      cancel = after(ms, () => {
        over.abort(reason());
      });
    },
    end: () => {
      cancel();
    },
  };
};
