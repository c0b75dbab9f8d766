import progress from "cli-progress";
import { formatBytes, formatBytesOf, formatPercent } from "../../client/words.ts";
import { standstillNoter, waitNoter, type Display } from "./display.ts";
import { createMeter, type Speed } from "./meter.ts";
import { describeDelivery, formatDuration } from "./words.ts";

/** What a line shows. */
interface Payload {
  readonly name: string;
  readonly phase: string;
  readonly speed: Speed | undefined;
  readonly sentBytes: number;
  readonly totalBytes: number;
}

/** The room for a name and a bar on terminals of at least `columns`, the widest first. */
const LAYOUTS = [
  { columns: 112, name: 24, bar: 20 },
  { columns: 60, name: 16, bar: 8 },
  { columns: 0, name: 12, bar: 8 },
] as const;
/** For terminals that do not tell their width, as under `script`. */
const COLUMNS = 80;

/** One line on a terminal: name, bar, percent, bytes, rate and time left, or the phase; less where there is no room. */
export const renderBar = ({ name, phase, speed, sentBytes, totalBytes }: Payload, columns: number): string => {
  const layout = LAYOUTS.find((each) => columns >= each.columns) ?? LAYOUTS[2];
  const share = totalBytes === 0 ? 0 : Math.min(sentBytes / totalBytes, 1);
  const full = Math.round(share * layout.bar);
  const head = [
    name.length > layout.name ? `${name.slice(0, layout.name - 1)}…` : name.padEnd(layout.name),
    "█".repeat(full) + "░".repeat(layout.bar - full),
    formatPercent(share).padStart(4),
  ].join(" ");
  const bytes = formatBytesOf(sentBytes, totalBytes);
  const rate = speed?.bytesPerS === undefined ? "" : `${formatBytes(speed.bytesPerS)}/s`;
  const left = speed?.etaS === undefined ? "" : `${formatDuration(speed.etaS)} left`;
  const isGoing = rate !== "";
  const lines = [
    [head, bytes, rate, left, phase],
    // A rate implies "uploading".
    [head, bytes, rate, left, isGoing ? "" : phase],
    [head, rate, left, isGoing ? "" : phase],
    [head, isGoing ? left : phase],
  ].map((pieces) => pieces.filter((piece) => piece !== "").join("  "));
  return lines.find((line) => line.length <= columns) ?? (lines.at(-1) ?? "").slice(0, columns);
};

/** The terminal's own wrapping is switched off while bars are shown, so long notes are wrapped here. */
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
    // We handle Ctrl-C ourselves; `close` stops the bars.
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
      const show = (news: Partial<Payload>) => {
        payload = { ...payload, ...news };
        bar.update(payload.sentBytes, payload);
      };
      const noteFile = (text: string) => {
        note(`${name}: ${text}`);
      };
      const noteWait = waitNoter(noteFile);
      const noteStandstill = standstillNoter(noteFile, clock);
      return {
        uploading: (sent) => {
          show({ phase: "uploading", ...sent, speed: meter.measure(sent) });
        },
        delivering: (delivery) => {
          const { state, sentBytes, sizeBytes = 0 } = delivery;
          const share = state === "SENDING" && sizeBytes > 0 ? ` ${formatPercent(sentBytes / sizeBytes)}` : "";
          show({ phase: `${describeDelivery(delivery)}${share}`, speed: undefined });
          noteWait(delivery);
        },
        waiting: (standstill) => {
          show({ phase: standstill.phase, speed: undefined });
          noteStandstill(standstill);
        },
        note: noteFile,
        end: (phase) => {
          show({ phase, speed: undefined });
          bar.stop();
        },
      };
    },
  };
};
