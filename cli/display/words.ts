import type { Delivery, Waiting } from "../../client/index.ts";
import { formatBytes, formatBytesOf } from "../../client/words.ts";
import type { Standstill } from "./display.ts";

/** `12 MB (12,582,913 bytes)`, where two sizes may differ by little. */
export const formatExactly = (bytes: number): string =>
  bytes < 1024 ? formatBytes(bytes) : `${formatBytes(bytes)} (${bytes.toLocaleString("en")} bytes)`;

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

/** `sending to cielo24, 10 MB of 12 MB` */
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
