import type { Delivery, Waiting } from "../../client/index.ts";
import type { Standstill } from "./display.ts";

const UNITS = ["B", "KiB", "MiB", "GiB"] as const;

/** `12.0 MiB` */
export const formatBytes = (bytes: number): string => {
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  const value = bytes / 1024 ** power;
  return `${power === 0 ? String(Math.round(value)) : value.toFixed(1)} ${UNITS[power] ?? ""}`;
};

/** `12.0 MiB (12,582,913 bytes)`, where two sizes may differ by little. */
export const formatExactly = (bytes: number): string =>
  bytes < 1024 ? formatBytes(bytes) : `${formatBytes(bytes)} (${bytes.toLocaleString("en")} bytes)`;

/** `10.0 MiB of 12.0 MiB` */
export const formatBytesOf = (doneBytes: number, totalBytes: number): string =>
  `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;

/** `0:07`, `12:34`, `1:02:03` */
export const formatDuration = (seconds: number): string => {
  const whole = Math.max(0, Math.ceil(seconds));
  const pad = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
};

/** What the states of a delivery mean, in words. */
export const describeDelivery = ({ state }: Pick<Delivery, "state">): string => {
  switch (state) {
    case "UPLOADING":
      return "waiting for the proxy";
    case "SENDING":
      return "sending to cielo24";
    case "FINALIZING":
      return "waiting for cielo24";
    case "HANDED_OVER":
      return "cielo24 fetches it";
    case "UNKNOWN":
      return "looking for cielo24's answer";
    case "DELIVERED":
      return "delivered";
    case "REJECTED":
      return "rejected";
    case "NEEDS_REVIEW":
      return "needs review";
  }
};

/** `sending to cielo24, 10.0 MiB of 12.0 MiB` */
export const describeProgress = (delivery: Pick<Delivery, "state" | "sentBytes" | "sizeBytes">): string => {
  const { sentBytes, sizeBytes } = delivery;
  return `${describeDelivery(delivery)}${sizeBytes === undefined ? "" : `, ${formatBytesOf(sentBytes, sizeBytes)}`}`;
};

/** Why an upload, or the wait for a delivery, stands still: the network, or a server that refuses at present. */
export const describeWaiting = ({ errorType, comment }: Waiting): Standstill => ({
  phase: PHASES[errorType] ?? "waiting",
  comment: `${comment} It goes on by itself.`,
});

const PHASES: Readonly<Record<string, string>> = { NETWORK: "no answer", STALLED: "standing still" };
