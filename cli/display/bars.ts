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

/** How much room there is for a name and a bar on terminals of so many columns and more, the widest first. */
const LAYOUTS = [
  { columns: 112, name: 24, bar: 20 },
  { columns: 60, name: 16, bar: 8 },
  { columns: 0, name: 12, bar: 8 },
] as const;
/** A terminal that does not tell, as under `script`. */
const COLUMNS = 80;

/** One line of a terminal: name, bar, share, bytes, rate and time left, or what the delivery is at; less of it where there is no room. */
export const renderBar = ({ name, phase, speed, sentBytes, totalBytes }: Payload, columns: number): string => {
  const layout = LAYOUTS.find((each) => columns >= each.columns) ?? LAYOUTS[2];
  const share = totalBytes === 0 ? 0 : Math.min(sentBytes / totalBytes, 1);
  const full = Math.round(share * layout.bar);
  const head = [
    name.length > layout.name ? `${name.slice(0, layout.name - 1)}…` : name.padEnd(layout.name),
    "█".repeat(full) + "░".repeat(layout.bar - full),
    `${String(Math.floor(share * 100)).padStart(3)}%`,
  ].join(" ");
  const bytes = `${formatBytes(sentBytes)} of ${formatBytes(totalBytes)}`;
  const rate = speed?.bytesPerS === undefined ? "" : `${formatBytes(speed.bytesPerS)}/s`;
  const left = speed?.etaS === undefined ? "" : `${formatDuration(speed.etaS)} left`;
  const isGoing = rate !== "";
  const lines = [
    [head, bytes, rate, left, phase],
    // A rate says as much as "uploading".
    [head, bytes, rate, left, isGoing ? "" : phase],
    [head, rate, left, isGoing ? "" : phase],
    [head, isGoing ? left : phase],
  ].map((pieces) => pieces.filter((piece) => piece !== "").join("  "));
  return lines.find((line) => line.length <= columns) ?? (lines.at(-1) ?? "").slice(0, columns);
};

/** The line of a terminal on which a bar is ends where it ends; text goes on in the next one. */
const wrapWords = (text: string, columns: number): string =>
  text.replace(new RegExp(`(.{1,${columns}})(?:\\s+|$)|(.{${columns}})`, "g"), "$1$2\n");

/** A bar for each file on a terminal. */
export const createBars = (stream: NodeJS.WriteStream, clock: () => number): Display => {
  const bars = new progress.MultiBar({
    stream,
    format: (_options, _params, payload: Payload) => renderBar(payload, stream.columns || COLUMNS),
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
    bars.log(wrapWords(text, stream.columns || COLUMNS));
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
      let lastWait = "";
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
          const wait = delivery.waiting?.comment ?? "";
          if (wait !== "" && wait !== lastWait) note(`${name}: waits: ${wait}`);
          lastWait = wait;
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
