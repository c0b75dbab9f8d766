import { formatBytes } from "../../client/words.ts";
import type { JobState } from "./snapshot.ts";

/** How states, metrics and times are called on the page. */

export const STATE_WORDS: Readonly<Record<JobState, { readonly name: string; readonly tone: Tone }>> = {
  UPLOADING: { name: "Signed", tone: "calm" },
  IN_QUEUE: { name: "In the queue", tone: "calm" },
  SENDING: { name: "Sending", tone: "busy" },
  FINALIZING: { name: "Finalizing", tone: "busy" },
  NEEDS_REVIEW: { name: "Needs review", tone: "warn" },
  REJECTED: { name: "Rejected", tone: "bad" },
  DELIVERED: { name: "Delivered", tone: "good" },
};

/** Which of the style sheet's colours something has. */
export type Tone = "calm" | "busy" | "warn" | "bad" | "good";

const METRIC_WORDS: Readonly<Record<string, string>> = {
  MediaDelivered: "Delivered",
  MediaRetried: "Tried again later",
  MediaRejected: "Rejected",
  MediaNeedsReview: "Needs review",
  MediaHandedOver: "Handed over by URL",
  MediaQuarantined: "Quarantined",
  BytesDelivered: "Bytes delivered",
  SecondsFromDrop: "From drop to delivered",
  SecondsFromSigning: "From signed to delivered",
};

/** `CensusFound` is called "Census found". */
export const metricWords = (metric: string): string =>
  METRIC_WORDS[metric] ?? metric.replaceAll(/\B([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `6 d 3 h`. */
export const formatDuration = (ms: number): string => {
  const s = Math.max(ms, 0) / 1000;
  if (s < 10 && s > 0) return `${s.toFixed(1)} s`;
  const [days, hours, minutes, seconds] = [s / 86_400, (s / 3600) % 24, (s / 60) % 60, s % 60].map(Math.floor) as [
    number,
    number,
    number,
    number,
  ];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  if (minutes > 0) return `${minutes} min ${seconds} s`;
  return `${seconds} s`;
};

/** An age without tenths, since it is shown anew each second. */
export const formatAge = (ms: number): string =>
  formatDuration(Math.max(Math.floor(ms / 1000) * 1000, 0)).replace(".0 ", " ");

export const formatCount = (value: number, isBytes: boolean): string =>
  isBytes ? formatBytes(value) : value.toLocaleString("en");

/** Two digits that mean something: `$0.22`, `$0.000015`. */
export const formatDollars = (dollars: number): string => {
  if (dollars >= 0.1) return `$${dollars.toFixed(2)}`;
  if (dollars < 0.000_000_1) return "$0";
  return `$${dollars.toFixed(Math.min(Math.ceil(-Math.log10(dollars)) + 1, 8))}`;
};

/** The time of day, in UTC as in logs. */
export const formatTime = (at: number): string => new Date(at).toISOString().slice(11, 19);
