import { describeMedia, type Waiting } from "../client/index.ts";
import { formatBytes, formatPercent } from "../client/words.ts";
import type { MediaItem } from "./media.ts";
import { checkJobId, refusalOf } from "./problems.ts";

/** `12 MB · 48 min, MP4, 1 audio track`, as far as it is known: by the proxy, or by a look into the file. */
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

/** Waits of a delivery that the general sentence does not fit. */
const DELIVERY_WAITS: Readonly<Record<string, string>> = {
  SETTLING: "It has arrived. If it is replaced within a moment, the latest version is delivered.",
  MEDIA_INCOMPLETE: "What arrived is cut off. It waits for the whole file; if that does not come, it is rejected.",
};

/** Why an upload stands still, where the client's own sentence would say less. */
const UPLOAD_WAITS: Readonly<Record<string, string>> = {
  NETWORK: "There is no connection at present.",
  STALLED: "Nothing has moved for a while.",
};
const BY_ITSELF = "It goes on by itself.";

/** Whether the upload stands still, but for a pause that the person wants. */
export const isStandingStill = ({ phase, waiting }: MediaItem): boolean =>
  phase === "uploading" && waiting !== undefined;

interface PhaseText {
  /** A word or two. */
  readonly badge: string;
  /** How good that is. */
  readonly tone: "calm" | "busy" | "good" | "warn" | "bad";
  readonly text: string;
  /** Of the progress bar, 0 to 1; "unknown" while something is under way; undefined where nothing is. */
  readonly share?: number | "unknown";
}

/** What a phase is called, and what it means. */
export const phaseText = (item: MediaItem): PhaseText => {
  const { phase, uploaded = 0, delivery } = item;
  const share = uploaded;
  const howFar = `${formatPercent(uploaded)} uploaded`;
  switch (phase) {
    case "chosen":
      return chosenText(item);
    case "uploading":
      return isStandingStill(item)
        ? { badge: "Waiting", tone: "warn", text: `${howFar}. ${uploadWaitText(item.waiting)}`, share }
        : { badge: "Uploading", tone: "busy", text: howFar, share };
    case "elsewhere":
      return { badge: "In another tab", tone: "calm", text: "It is being uploaded in another tab." };
    case "paused":
      return { badge: "Paused", tone: "warn", text: howFar, share };
    case "failed":
      return { badge: "Not uploaded", tone: "bad", text: "" };
    case "delivering":
      return deliveringText(item);
    case "delivered":
      return { badge: "Delivered", tone: "good", text: "cielo24 has the media." };
    case "ended":
      return { badge: delivery?.state === "NEEDS_REVIEW" ? "Needs review" : "Not delivered", tone: "bad", text: "" };
  }
};

const chosenText = (item: MediaItem): PhaseText => {
  const badge = refusalOf(item)
    ? "Held back"
    : item.problem?.isAboutJob || checkJobId(item.jobId)
      ? "Needs a job"
      : item.problem
        ? "Not ready"
        : undefined;
  return badge === undefined ? { badge: "Ready", tone: "calm", text: "" } : { badge, tone: "warn", text: "" };
};

const uploadWaitText = (waiting: Waiting | undefined): string =>
  `${UPLOAD_WAITS[waiting?.errorType ?? ""] ?? waiting?.comment ?? ""} ${BY_ITSELF}`;

const deliveringText = ({ delivery, waiting, problem, sizeBytes }: MediaItem): PhaseText => {
  if (problem)
    return { badge: "Not known", tone: "warn", text: "Uploaded. What has become of it cannot be seen at present." };
  if (waiting)
    return {
      badge: "Waiting",
      tone: "warn",
      text: "Uploaded. The proxy cannot be reached at present; the delivery goes on all the same.",
    };
  if (delivery?.waiting && delivery.state === "SENDING") {
    const { errorType, comment } = delivery.waiting;
    return {
      badge: "Waiting",
      tone: "warn",
      text: DELIVERY_WAITS[errorType] ?? `Uploaded. It waits: ${comment} ${BY_ITSELF}`,
      share: "unknown",
    };
  }
  return underWayText(delivery?.state, delivery?.sentBytes ?? 0, delivery?.sizeBytes ?? sizeBytes);
};

const underWayText = (state: string | undefined, sentBytes: number, sizeBytes: number | undefined): PhaseText => {
  const busy = { tone: "busy", share: "unknown" } as const;
  if (state === "HANDED_OVER")
    return { ...busy, badge: "Fetched by cielo24", text: "cielo24 is fetching the media itself." };
  if (state === "UNKNOWN")
    return {
      ...busy,
      badge: "Checking",
      text: "cielo24's answer was lost; it is being asked what it has. This may take a while.",
    };
  if (state === "SENDING" && sizeBytes !== undefined && sentBytes > 0) {
    const share = Math.min(sentBytes / sizeBytes, 1);
    return {
      ...busy,
      badge: "Delivering",
      text: `Uploaded. ${formatPercent(share)} sent on to cielo24.`,
      share,
    };
  }
  return { ...busy, badge: "Delivering", text: "Uploaded. On its way to cielo24; you may close this page." };
};
