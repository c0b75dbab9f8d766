import { describeMedia } from "../client/index.ts";
import type { MediaItem } from "./media.ts";
import { refusalOf } from "./problems.ts";

/** The same units as Uppy shows, so that the page is consistent. */
const formatBytes = (bytes: number): string => {
  const units = ["B", "KB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ""}`;
};

/** `12.0 MB · 48 min, MP4, 1 audio track`, as far as it is known: by the proxy, or by a look into the file. */
export const describeItem = ({ sizeBytes, look, delivery }: MediaItem): string =>
  [
    sizeBytes === undefined ? "" : formatBytes(sizeBytes),
    describeMedia(delivery ?? {}) || describeMedia(look?.media ?? {}),
  ]
    .filter((part) => part !== "")
    .join(" · ");

/** What the person should know, although it stops nothing. */
export const warningsOf = ({ look, delivery }: MediaItem): readonly string[] => {
  const { concern, otherMedia = 0 } = delivery ?? {};
  return [
    ...(concern ? [concern.comment] : []),
    // The proxy's own verdict takes the place of this one.
    ...(!delivery && look?.verdict?.type === "NO_AUDIO" ? [`${look.verdict.message} It may go up as it is, too.`] : []),
    ...(otherMedia > 0
      ? [
          otherMedia === 1
            ? "Another file with other contents came for this job. It was not sent."
            : `${otherMedia} other files with other contents came for this job. They were not sent.`,
        ]
      : []),
  ];
};

/** Waits that the general sentence does not fit. */
const WAITS: Readonly<Record<string, string>> = {
  SETTLING: "It has arrived. If it is replaced within a moment, the latest version is delivered.",
  MEDIA_INCOMPLETE: "What arrived is cut off. It waits for the whole file; if that does not come, it is rejected.",
};

interface PhaseText {
  /** A word or two. */
  readonly badge: string;
  readonly text: string;
  /** Of the progress bar, 0 to 1; undefined if unknown. */
  readonly share?: number;
}

const percent = (share: number): string => `${Math.floor(share * 100)} %`;

/** What a phase is called, and what it means. */
export const phaseText = (item: MediaItem): PhaseText => {
  const { phase, uploaded = 0, delivery, sizeBytes } = item;
  switch (phase) {
    case "chosen":
      return { badge: refusalOf(item) ? "Held back" : "Ready", text: "" };
    case "uploading":
      return { badge: "Uploading", text: `${percent(uploaded)} uploaded`, share: uploaded };
    case "elsewhere":
      return { badge: "In another tab", text: "It is being uploaded in another tab." };
    case "paused":
      return { badge: "Paused", text: `${percent(uploaded)} uploaded`, share: uploaded };
    case "failed":
      return { badge: "Not uploaded", text: "" };
    case "delivering":
      return delivery?.waiting && delivery.state === "SENDING"
        ? {
            badge: "Waiting",
            text:
              WAITS[delivery.waiting.errorType] ??
              `Uploaded. It waits: ${delivery.waiting.comment} It goes on by itself.`,
          }
        : deliveringText(delivery?.state, delivery?.sentBytes ?? 0, delivery?.sizeBytes ?? sizeBytes);
    case "delivered":
      return { badge: "Delivered", text: "cielo24 has the media." };
    case "ended":
      return { badge: delivery?.state === "NEEDS_REVIEW" ? "Needs review" : "Not delivered", text: "" };
  }
};

const deliveringText = (state: string | undefined, sentBytes: number, sizeBytes: number | undefined): PhaseText => {
  if (state === "HANDED_OVER") return { badge: "Fetched by cielo24", text: "cielo24 is fetching the media itself." };
  if (state === "UNKNOWN")
    return {
      badge: "Checking",
      text: "cielo24's answer was lost; it is being asked what it has. This may take a while.",
    };
  if (state === "SENDING" && sizeBytes !== undefined && sentBytes > 0) {
    const share = Math.min(sentBytes / sizeBytes, 1);
    return { badge: "Delivering", text: `Uploaded. ${percent(share)} sent on to cielo24.`, share };
  }
  return { badge: "Delivering", text: "Uploaded. On its way to cielo24; you may close this page." };
};
