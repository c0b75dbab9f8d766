/** How fast bytes are sent, and how long the rest will take. */
export interface Speed {
  /** Bytes per second over the last seconds; undefined until enough was measured. */
  readonly bytesPerS: number | undefined;
  readonly etaS: number | undefined;
}

const WINDOW_MS = 10_000;
/** Progress is reported every few KiB; not all of it is needed. */
const SAMPLE_EVERY_MS = 100;
/** A shorter time measures nothing: the first bytes only fill buffers. */
const SHORTEST_MS = 500;

/** Measures over a sliding window, so that the bytes of an earlier run and old pauses do not count. */
export const createMeter = (clock: () => number) => {
  const samples: { at: number; sentBytes: number }[] = [];
  return {
    measure: ({ sentBytes, totalBytes }: { readonly sentBytes: number; readonly totalBytes: number }): Speed => {
      const now = clock();
      const last = samples.at(-1);
      if (!last || now - last.at >= SAMPLE_EVERY_MS) samples.push({ at: now, sentBytes });
      while (samples.length > 2 && (samples[1]?.at ?? now) < now - WINDOW_MS) samples.shift();
      const first = samples[0];
      const elapsedMs = first ? now - first.at : 0;
      if (!first || elapsedMs < SHORTEST_MS || sentBytes <= first.sentBytes)
        return { bytesPerS: undefined, etaS: undefined };
      const bytesPerS = ((sentBytes - first.sentBytes) * 1000) / elapsedMs;
      return { bytesPerS, etaS: (totalBytes - sentBytes) / bytesPerS };
    },
  };
};
