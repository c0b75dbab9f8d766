import { ProxyError } from "../errors.ts";
import type { Waiting } from "../upload-types.ts";

interface AttemptsOptions {
  /** Ends all of it, with the signal's reason. */
  readonly signal: AbortSignal;
  readonly isPaused: boolean;
  readonly onWaiting: (waiting: Waiting | undefined) => void;
}

export interface Attempt {
  readonly signal: AbortSignal;
  readonly onWaiting: (waiting: Waiting | undefined) => void;
}

/** An upload that is begun again after a pause, and once the browser is back online. */
export const createAttempts = ({ signal, isPaused, onWaiting }: AttemptsOptions) => {
  let isHeld = isPaused;
  let isWaiting = false;
  let current = new AbortController();
  let wake: () => void = () => undefined;

  const tellWaiting = (waiting: Waiting | undefined) => {
    if (!waiting && !isWaiting) return;
    isWaiting = waiting !== undefined;
    onWaiting(waiting);
  };
  const toBeWoken = () =>
    new Promise<void>((resolve, reject) => {
      const end = () => {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the caller's own reason
        reject(signal.reason);
      };
      signal.addEventListener("abort", end, { once: true });
      wake = () => {
        signal.removeEventListener("abort", end);
        resolve();
      };
    });
  const interrupt = () => {
    current.abort(new DOMException("The upload is paused", "AbortError"));
  };

  return {
    pause: (): void => {
      isHeld = true;
      interrupt();
    },
    resume: (): void => {
      isHeld = false;
      wake();
    },
    /** Does not wait any longer before the next attempt. */
    hurry: (): void => {
      if (!isWaiting) return;
      interrupt();
      if (!isHeld) wake();
    },
    run: async <T>(attempt: (attempt: Attempt) => Promise<T>): Promise<T> => {
      for (;;) {
        signal.throwIfAborted();
        if (isHeld) await toBeWoken();
        current = new AbortController();
        const { signal: interrupted } = current;
        try {
          return await attempt({ signal: AbortSignal.any([signal, interrupted]), onWaiting: tellWaiting });
        } catch (error) {
          signal.throwIfAborted();
          if (!interrupted.aborted) {
            if (!isOffline(error)) throw error;
            tellWaiting({ errorType: error.errorType, comment: error.comment });
            await toBeWoken();
          }
        } finally {
          tellWaiting(undefined);
        }
      }
    },
  };
};

/** As long as the browser knows that it is offline, no failure of the network is final. */
const isOffline = (error: unknown): error is ProxyError =>
  error instanceof ProxyError && error.source === "network" && !navigator.onLine;
