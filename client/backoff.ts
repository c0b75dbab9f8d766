import { ProxyError } from "./errors.ts";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** A server that asks for more than this is asked again by a person. */
const LONGEST_RETRY_AFTER_MS = 60_000;

/** How failures are repeated: at most so many times, with pauses that grow from half a second to fifteen. */
export interface Repeats {
  readonly attempts: number;
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Told of a failure that is about to be repeated. */
  readonly onRepeat?: ((error: ProxyError, pauseMs: number) => void) | undefined;
}

/** Of a header, ms; undefined where it says nothing in seconds. */
export const readRetryAfter = (header: string | null): number | undefined => {
  const seconds = Number(header ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
};

/** @throws the signal's reason */
export const sleep = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = () => {
      clearTimeout(timer);
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the caller's own reason, as fetch does
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });

/** Does it until it succeeds, fails for good, or has failed too often. */
export const repeat = async <T>(
  { attempts, sleep: pause, random, onRepeat }: Repeats,
  signal: AbortSignal | undefined,
  attempt: (number: number) => Promise<T>,
): Promise<T> => {
  for (let number = 1; ; number += 1) {
    signal?.throwIfAborted();
    try {
      return await attempt(number);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof ProxyError) || !error.isRetryable || number >= attempts) throw error;
      if ((error.retryAfterMs ?? 0) > LONGEST_RETRY_AFTER_MS) throw error;
      const growing = Math.min(FIRST_PAUSE_MS * 2 ** (number - 1), LONGEST_PAUSE_MS);
      // Between half and all of it, so that parts that failed together don't return together.
      const pauseMs = Math.max(growing * (0.5 + random() / 2), error.retryAfterMs ?? 0);
      onRepeat?.(error, pauseMs);
      await pause(pauseMs, signal);
    }
  }
};
