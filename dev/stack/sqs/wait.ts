import type { StackClock } from "../clock.ts";
import type { Queue } from "./queue.ts";

/**
 * Resolves as soon as the queue may have a message to give, at the given time (ms since the epoch), or once the signal
 * aborts.
 */
export const waitForMessages = async (
  queue: Queue,
  clock: StackClock,
  { until, signal }: { until: number; signal: AbortSignal },
): Promise<void> => {
  const changed = new AbortController();
  const stopListening = queue.onChange(() => {
    changed.abort();
  });
  const wakeAt = Math.min(until, queue.nextVisibleAt());
  await clock.sleep(wakeAt - clock.now(), AbortSignal.any([signal, changed.signal])).catch(() => undefined);
  stopListening();
};
