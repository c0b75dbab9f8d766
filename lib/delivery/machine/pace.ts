/** The rate is not judged before this much time has passed: the first seconds say little. */
const WARM_UP_MS = 15_000;

/** Judges from the bytes sent so far whether a transfer will finish in time; if not, the object is handed over by URL. */
export const createPace = ({
  sizeBytes,
  startedAt,
  mustEndAt,
}: {
  readonly sizeBytes: number;
  readonly startedAt: number;
  readonly mustEndAt: number;
}) => ({
  willFit(sentBytes: number, now: number): boolean {
    const elapsedMs = now - startedAt;
    if (elapsedMs < WARM_UP_MS) return true;
    const leftMs = ((sizeBytes - sentBytes) * elapsedMs) / Math.max(sentBytes, 1);
    return now + leftMs <= mustEndAt;
  },
});
