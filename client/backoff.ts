import { ProxyError } from "./errors.ts";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** A server that asks for a longer pause than this is left to the person to ask again. */
const LONGEST_RETRY_AFTER_MS = 60_000;

/** How failures are repeated: with pauses that grow from half a second to fifteen seconds. */
export interface Repeats {
  /** How long failures are repeated while nothing arrives, ms. 10 min by default. */
  readonly patienceMs: number;
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Called with a failure that is about to be repeated. */
  readonly onRepeat?: ((error: ProxyError, pauseMs: number) => void) | undefined;
}

/** A Retry-After header in ms; undefined if it gives no number of seconds. */
export const readRetryAfter = (header: string | null): number | undefined => {
  const seconds = Number(header ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
};

/** Repeats `attempt` until it succeeds, fails for good, or has used up its attempts. @throws the signal's reason */
export const repeat = async <T>(
  { patienceMs, sleep, random, onRepeat }: Repeats,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
): Promise<T> => {
  let waitedMs = 0;
  for (let number = 1; ; number += 1) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof ProxyError) || !error.isRetryable) throw error;
      if ((error.retryAfterMs ?? 0) > LONGEST_RETRY_AFTER_MS) throw error;
      const growing = Math.min(FIRST_PAUSE_MS * 2 ** (number - 1), LONGEST_PAUSE_MS);
      // At random between half the pause and all of it, so that parts that failed together do not come back together.
      const pauseMs = Math.max(growing * (0.5 + random() / 2), error.retryAfterMs ?? 0);
      waitedMs += pauseMs;
      if (waitedMs > patienceMs) throw error;
      onRepeat?.(error, pauseMs);
      await sleep(pauseMs, signal);
    }
  }
};
