import progress from "cli-progress";
import { describeDelivery, type Display } from "./display.ts";
import { createMeter, type Speed } from "./meter.ts";
import { formatBytes, formatDuration } from "./units.ts";

/** What a bar shows beside how full it is. */
interface Payload {
  readonly name: string;
  readonly phase: string;
  readonly speed: Speed | undefined;
  readonly sentBytes: number;
  readonly totalBytes: number;
}

const WIDE = { name: 24, bar: 20 };
/** Fits into 80 columns. */
const NARROW = { name: 16, bar: 8 };
const WIDE_COLUMNS = 112;

/** One line of a terminal: name, bar, share, bytes, rate and time left, or what the delivery is at. */
export const renderBar = ({ name, phase, speed, sentBytes, totalBytes }: Payload, columns: number): string => {
  const isWide = columns >= WIDE_COLUMNS;
  const width = isWide ? WIDE : NARROW;
  const share = totalBytes === 0 ? 0 : Math.min(sentBytes / totalBytes, 1);
  const full = Math.round(share * width.bar);
  const rate = speed?.bytesPerS === undefined ? "" : `${formatBytes(speed.bytesPerS)}/s`;
  const left = speed?.etaS === undefined ? "" : `${formatDuration(speed.etaS)} left`;
  return [
    [
      name.length > width.name ? `${name.slice(0, width.name - 1)}…` : name.padEnd(width.name),
      "█".repeat(full) + "░".repeat(width.bar - full),
      `${String(Math.floor(share * 100)).padStart(3)}%`,
    ].join(" "),
    `${formatBytes(sentBytes)} of ${formatBytes(totalBytes)}`,
    rate,
    left,
    // Where there is no room, a rate says as much.
    isWide || rate === "" ? phase : "",
  ]
    .filter((piece) => piece !== "")
    .join("  ");
};

/** A bar for each file on a terminal. */
export const createBars = (stream: NodeJS.WriteStream, clock: () => number): Display => {
  const bars = new progress.MultiBar({
    stream,
    format: (_options, _params, payload: Payload) => renderBar(payload, stream.columns),
    hideCursor: true,
    clearOnComplete: false,
    stopOnComplete: false,
    autopadding: false,
    fps: 8,
    // Ctrl-C is ours: the bars are stopped in order by `close`.
    gracefulExit: false,
    linewrap: false,
  });
  const note = (text: string) => {
    bars.log(`${text}\n`);
    bars.update();
  };
  return {
    note,
    close: () => {
      bars.stop();
    },
    track: ({ name, sizeBytes }) => {
      const meter = createMeter(clock);
      let payload: Payload = { name, phase: "uploading", speed: undefined, sentBytes: 0, totalBytes: sizeBytes };
      const bar = bars.create(Math.max(sizeBytes, 1), 0, payload);
      const show = (news: Partial<Payload>) => {
        payload = { ...payload, ...news };
        bar.update(payload.sentBytes, payload);
      };
      return {
        uploading: (sent) => {
          show({ phase: "uploading", ...sent, speed: meter.measure(sent) });
        },
        delivering: (delivery) => {
          const { state, sentBytes, sizeBytes = 0 } = delivery;
          const share = state === "SENDING" && sizeBytes > 0 ? ` ${Math.floor((100 * sentBytes) / sizeBytes)}%` : "";
          show({ phase: `${describeDelivery(delivery)}${share}`, speed: undefined });
        },
        note: (text) => {
          note(`${name}: ${text}`);
        },
        end: (phase) => {
          show({ phase, speed: undefined });
          bar.stop();
        },
      };
    },
  };
};
