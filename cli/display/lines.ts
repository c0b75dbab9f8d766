import { formatBytes, formatBytesOf } from "../../client/words.ts";
import { standstillNoter, waitNoter, type Display } from "./display.ts";
import { createMeter } from "./meter.ts";
import { describeDelivery, formatDuration } from "./words.ts";

const EVERY_MS = 10_000;

/** Plain lines, for logs and pipes: one for each change, and one every ten seconds for progress. */
export const createLines = (write: (line: string) => void, clock: () => number): Display => ({
  note: write,
  close: () => undefined,
  track: ({ name }) => {
    const meter = createMeter(clock);
    let lastLineAt = -Infinity;
    let lastState = "";
    let wasOut = false;
    const note = (text: string) => {
      write(`${name}: ${text}`);
    };
    const noteWait = waitNoter(note);
    const progress = (what: string, sentBytes: number, totalBytes: number, speed = "") => {
      note(`${what} ${formatBytesOf(sentBytes, totalBytes)}${speed}`);
      lastLineAt = clock();
    };
    return {
      uploading: (sent) => {
        const { bytesPerS, etaS } = meter.measure(sent);
        const isOut = sent.sentBytes >= sent.totalBytes;
        if (isOut ? wasOut : clock() - lastLineAt < EVERY_MS) return;
        wasOut = isOut;
        const speed =
          bytesPerS === undefined || etaS === undefined
            ? ""
            : `, ${formatBytes(bytesPerS)}/s, ${formatDuration(etaS)} left`;
        progress("uploaded", sent.sentBytes, sent.totalBytes, speed);
      },
      delivering: (delivery) => {
        const { state, sentBytes, sizeBytes } = delivery;
        if (state !== lastState) {
          lastState = state;
          lastLineAt = clock();
          note(describeDelivery(delivery));
        } else if (state === "SENDING" && sizeBytes !== undefined && clock() - lastLineAt >= EVERY_MS)
          progress("sent to cielo24", sentBytes, sizeBytes);
        noteWait(delivery);
      },
      waiting: standstillNoter(note, clock),
      note,
      end: () => undefined,
    };
  },
});
