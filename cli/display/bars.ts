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

const NAME_WIDTH = 24;
const BAR_WIDTH = 20;

/** One line of a terminal: name, bar, share, bytes, rate and time left, or what the delivery is at. */
export const renderBar = ({ name, phase, speed, sentBytes, totalBytes }: Payload): string => {
  const share = totalBytes === 0 ? 0 : Math.min(sentBytes / totalBytes, 1);
  const full = Math.round(share * BAR_WIDTH);
  const shown = name.length > NAME_WIDTH ? `${name.slice(0, NAME_WIDTH - 1)}…` : name.padEnd(NAME_WIDTH);
  const bar = "█".repeat(full) + "░".repeat(BAR_WIDTH - full);
  const percent = `${String(Math.floor(share * 100)).padStart(3)}%`;
  const rate = speed?.bytesPerS === undefined ? "" : `  ${formatBytes(speed.bytesPerS)}/s`;
  const left = speed?.etaS === undefined ? "" : `  ${formatDuration(speed.etaS)} left`;
  return `${shown} ${bar} ${percent}  ${formatBytes(sentBytes)} of ${formatBytes(totalBytes)}${rate}${left}  ${phase}`;
};

/** A bar for each file on a terminal. */
export const createBars = (stream: NodeJS.WriteStream, clock: () => number): Display => {
  const bars = new progress.MultiBar({
    stream,
    format: (_options, _params, payload: Payload) => renderBar(payload),
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
