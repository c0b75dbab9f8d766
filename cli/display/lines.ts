import { describeDelivery, type Display } from "./display.ts";
import { createMeter } from "./meter.ts";
import { formatBytes, formatDuration } from "./units.ts";

const EVERY_MS = 10_000;

/** Plain lines, for logs and pipes: one for every change, and for progress every ten seconds. */
export const createLines = (write: (line: string) => void, clock: () => number): Display => ({
  note: write,
  close: () => undefined,
  track: ({ name }) => {
    const meter = createMeter(clock);
    let lastLineAt = -Infinity;
    let lastState = "";
    let lastWait = "";
    const progress = (what: string, sentBytes: number, totalBytes: number, speed = "") => {
      write(`${name}: ${what} ${formatBytes(sentBytes)} of ${formatBytes(totalBytes)}${speed}`);
      lastLineAt = clock();
    };
    return {
      uploading: (sent) => {
        const { bytesPerS, etaS } = meter.measure(sent);
        if (clock() - lastLineAt < EVERY_MS && sent.sentBytes < sent.totalBytes) return;
        const speed =
          bytesPerS === undefined || etaS === undefined
            ? ""
            : `, ${formatBytes(bytesPerS)}/s, ${formatDuration(etaS)} left`;
        progress("uploaded", sent.sentBytes, sent.totalBytes, speed);
      },
      delivering: ({ state, sentBytes, sizeBytes, waiting }) => {
        if (state !== lastState) {
          lastState = state;
          lastLineAt = clock();
          write(`${name}: ${describeDelivery({ state })}`);
        } else if (state === "SENDING" && sizeBytes !== undefined && clock() - lastLineAt >= EVERY_MS)
          progress("sent to cielo24", sentBytes, sizeBytes);
        const wait = waiting?.comment ?? "";
        if (wait !== "" && wait !== lastWait) write(`${name}: waits: ${wait}`);
        lastWait = wait;
      },
      note: (text) => {
        write(`${name}: ${text}`);
      },
      end: () => undefined,
    };
  },
});
