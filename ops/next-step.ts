import { dueTime, isOpen } from "../lib/delivery/machine/open.ts";
import { hasEnded, type Row } from "../lib/delivery/machine/row.ts";
import { DAY_MS, formatDuration, formatTime } from "./quantities.ts";

/** What an operator can do about a job. */
export interface NextStep {
  readonly text: string;
  /** Where the docs say more: `docs/operations.md#needs-review`. */
  readonly docs?: string;
  /** Commands of this program, without its name and the stage. */
  readonly commands: readonly (readonly string[])[];
}

const DOCS = "docs/operations.md#";
/** The census puts back what is overdue for so long. */
const OVERDUE_MS = DAY_MS / 48;

/** Sections about what deliveries wait for, by the type on the row. */
const WAITS: Readonly<Record<string, string>> = {
  CIELO24_UNAVAILABLE: "when-cielo24-is-down",
  CIELO24_LOGIN_INVALID: "login-invalid",
  CIELO24_ACCOUNT_REFUSED: "account-refused",
  ITEM_NOT_FOUND: "job-unknown",
  CIELO24_UNINTELLIGIBLE: "answer-not-understood",
  OBJECT_ACCESS_REFUSED: "object-access-refused",
  MEDIA_URL_REFUSED: "media-url-refused",
  MEDIA_INCOMPLETE: "what-a-look-at-the-bytes-found",
};
/** What goes on only once somebody has mended something. */
const NEEDS_MENDING = new Set([
  "CIELO24_LOGIN_INVALID",
  "CIELO24_ACCOUNT_REFUSED",
  "CIELO24_UNINTELLIGIBLE",
  "OBJECT_ACCESS_REFUSED",
]);

/** What to do next about a job with this row. */
export const nextStep = (row: Row, now: number): NextStep => {
  const { jobId, state } = row;
  if (isOpen(row) && now - dueTime(row) > OVERDUE_MS)
    return {
      text: `It should have gone on ${formatDuration(now - dueTime(row))} ago. The census puts it back into the queue within a quarter of an hour; to do so now:`,
      docs: `${DOCS}census`,
      commands: [["census"]],
    };
  if (row.forgottenAt !== undefined)
    return { text: "Nothing: its media, and what was known of it, was deleted on request.", commands: [] };
  if (row.closed)
    return {
      text: "Nothing: an operator has closed it for good. If cielo24 shows its media after all:",
      docs: `${DOCS}needs-review`,
      commands: [["resolve", jobId, "delivered", "--reason", "…"]],
    };
  if (state === "NEEDS_REVIEW")
    return {
      text: "Look at the job at cielo24, and decide. cielo24 has its media: delivered. It has none: send-again. Nothing more is to be sent: close.",
      docs: `${DOCS}needs-review`,
      commands: ["delivered", "send-again", "close"].map((what) => ["resolve", jobId, what, "--reason", "…"]),
    };
  if (state === "REJECTED") return afterRejection(row);
  if (state === "DELIVERED")
    return row.otherMedia
      ? {
          text: `cielo24 has its media. ${row.otherMedia} with other contents came after that, and was not sent: was it meant for another job?`,
          docs: `${DOCS}conflict`,
          commands: [],
        }
      : { text: "Nothing: cielo24 has its media.", commands: [] };
  if (state === "UPLOADING")
    return {
      text: `Nothing: the upload has not arrived. If it does not until ${formatTime(dueTime(row))} UTC, it is given up, and the job is free.`,
      commands: [["tail", jobId]],
    };
  return whileUnderWay(row);
};

const afterRejection = ({ jobId, error }: Row): NextStep => {
  if (error?.type === "CANCELLED" || error?.type === "TIMED_OUT" || error?.type === "WITHDRAWN")
    return { text: "Nothing: it was given up, and the job is free.", commands: [] };
  return {
    text: "The job is free for other media. Once the cause is gone, the same object can be sent again:",
    docs: `${DOCS}${error?.type === "ITEM_NOT_FOUND" ? "job-unknown" : "rejections"}`,
    commands: [["resolve", jobId, "send-again", "--reason", "…"]],
  };
};

const whileUnderWay = ({ jobId, waiting, state }: Row): NextStep => {
  const type = waiting?.type ?? "";
  const section = WAITS[type];
  const more = section === undefined ? {} : { docs: `${DOCS}${section}` };
  if (NEEDS_MENDING.has(type))
    return {
      text: "Mend the cause; then it goes on by itself. Whether it is mended:",
      ...more,
      commands: [["doctor"]],
    };
  const what = state === "FINALIZING" ? "cielo24 is asked whether it has the media" : "it goes on by itself";
  return { text: `Nothing: ${what}. To watch it:`, ...more, commands: [["tail", jobId]] };
};

/** What to do about a job without a row. */
export const nextStepWithoutRow = (jobId: string, bucket: string, keys: readonly string[]): NextStep =>
  keys.length === 0
    ? {
        text: `Nothing is known of the job: nothing came for it, or its row has expired. Check the id.`,
        commands: [],
      }
    : {
        text: "Its objects have no row: S3's events have not arrived, or wait in the queue, or the row has expired. To have them looked at now:",
        docs: `${DOCS}census`,
        commands: keys.map((key) => ["replay", `s3://${bucket}/${key}`]),
      };

/** What the row says, line by line: a word and what it is. */
export const explainRow = (row: Row, now: number): (readonly [string, string])[] => {
  const { media, waiting, error, look, decision, rejected = [], sidecars = [] } = row;
  const at = (ms: number) =>
    `${formatTime(ms)} UTC, ${ms > now ? `in ${formatDuration(ms - now)}` : `${formatDuration(now - ms)} ago`}`;
  const time = (word: string, ms: number | undefined) => (ms === undefined ? [] : [[word, at(ms)] as const]);
  const count = (word: string, number: number | undefined, what: string) =>
    number ? [[word, `${number} ${what}`] as const] : [];
  return [
    ...(error ? [["reason", `${error.comment} (${error.type})`] as const] : []),
    ...(waiting && !hasEnded(row) ? [["waits", `${waiting.comment} (${waiting.type})`] as const] : []),
    ...(hasEnded(row) ? [] : time("next step", dueTime(row))),
    ...(row.taskId === undefined ? [] : [["TaskId", row.taskId] as const]),
    ...(media ? [["media", describeMedia(row)] as const] : []),
    ...(look?.container === undefined ? [] : [["contents", describeLook(row)] as const]),
    ...(look?.concern ? [["concern", `${look.concern.comment} (${look.concern.type})`] as const] : []),
    ...time("signed", row.signedAt),
    ...time("came", row.droppedAt),
    ...time("changed", row.updatedAt),
    ...count("attempts", row.claims, "claims of this media, each of which sends it once at most"),
    ...count("unknown", row.posts, "of them went out whole and had no definite answer"),
    ...count("in vain", row.bytesInVain, "bytes"),
    ...count("pulls", row.pulls, "by cielo24"),
    ...(row.everUnknown ? [["doubt", "cielo24 may have accepted something that no record shows"] as const] : []),
    ...(decision
      ? [["decision", `${decision.what} by ${decision.by}, ${at(decision.at)}: ${decision.why}`] as const]
      : []),
    ...(row.closed ? [["closed", "nothing more is ever sent for the job"] as const] : []),
    ...time("cancelled", row.cancelledAt),
    ...count("rejected", rejected.length, "objects so far"),
    ...count(
      "surplus",
      row.conflictCount,
      `objects came when the job had its media, ${row.otherMedia ?? 0} with other contents`,
    ),
    ...count("sidecars", sidecars.length, "files beside the media"),
    ...(hasEnded(row) ? [["announced", row.announced ? "yes, on the event bus" : "not yet"] as const] : []),
    ["fence", String(row.fence)],
  ];
};

const WITHOUT_KEY: Readonly<Record<string, string>> = {
  url: "from the caller's URL",
  body: "the body of a call",
  forgotten: "deleted on request",
};

const describeMedia = ({ media, sizeBytes }: Row): string =>
  [
    media?.key ?? WITHOUT_KEY[media?.kind ?? ""] ?? "",
    sizeBytes === undefined ? "" : `${sizeBytes} bytes`,
    media?.versionId === undefined ? "" : `version ${media.versionId}`,
    media?.id ?? "",
  ]
    .filter((part) => part !== "")
    .join(", ");

const describeLook = ({ look = {} }: Row): string =>
  [
    look.container,
    look.durationS === undefined ? undefined : formatDuration(look.durationS * 1000),
    look.audioTracks === undefined ? undefined : `${look.audioTracks} audio`,
    look.videoTracks === undefined ? undefined : `${look.videoTracks} video`,
  ]
    .filter((part) => part !== undefined)
    .join(", ");
