import { defined } from "../defined.ts";
import { uploadIdOf } from "../media/key.ts";
import type { MetricName, Observability } from "../observability.ts";
import type { Command, Conflict, LaterReason } from "./machine/protocol.ts";
import { hasEnded, type Row } from "./machine/row.ts";

/** What the logs and metrics say of a delivery. */

/** Reasons that an operator has to see to, each with an alarm of its own; and `handedOver`, which only looks like one. */
const METRIC_OF: Partial<Record<LaterReason, MetricName>> = {
  loginInvalid: "LoginInvalid",
  accountRefused: "AccountRefused",
  jobUnknown: "JobUnknown",
  unintelligible: "AnswerNotUnderstood",
  accessRefused: "ObjectAccessRefused",
  urlRefused: "MediaUrlRefused",
  handedOver: "MediaHandedOver",
};

export const recordEnd = (
  command: Extract<Command, { do: "acknowledge" | "later" }>,
  { log, count }: Observability,
): void => {
  const { row, reason } = command;
  const fields = defined({
    reason,
    state: row?.state,
    attempt: row && (row.claims ?? row.posts ?? 0),
    taskId: row?.taskId,
    errorType: row?.error?.type ?? row?.waiting?.type,
  });
  if (command.do === "acknowledge") {
    log.info("delivery has ended", fields);
    if (command.reason === "superseded") count("MediaSuperseded");
  } else if (command.reason === "notDue" || command.reason === "settling") {
    log.info("delivery goes on later", fields);
  } else {
    log.warn("delivery goes on later", fields);
    count("MediaRetried");
    const metric = METRIC_OF[command.reason];
    if (metric) count(metric);
  }
};

export const recordConflict = ({ sameness }: Conflict, { count }: Observability): void => {
  count(sameness === "other" ? "MediaConflict" : "MediaConflictUnknown");
};

/** What a look at the bytes says, or a delete marker, whether the media was rejected for it or sent all the same. */
const METRIC_OF_TYPE: Readonly<Record<string, MetricName>> = {
  NOT_MEDIA: "NotMedia",
  MEDIA_INCOMPLETE: "MediaIncomplete",
  NO_AUDIO: "NoAudio",
  MEDIA_TOO_LONG: "MediaTooLong",
  WITHDRAWN: "MediaWithdrawn",
  CANCELLED: "UploadCancelled",
  TIMED_OUT: "UploadTimedOut",
};
/** Nobody refused anything: whoever uploads gave up. */
const GIVEN_UP: ReadonlySet<MetricName | undefined> = new Set(["UploadCancelled", "UploadTimedOut"]);

export const recordAnnounced = (row: Row, { log, count, countAll }: Observability): void => {
  const { state, error, look, media } = row;
  if (state === "DELIVERED") countAll(delivered(row));
  const metric = METRIC_OF_TYPE[error?.type ?? look?.concern?.type ?? ""];
  if (GIVEN_UP.has(metric)) log.info("upload given up", { state, errorType: error?.type, mediaId: media?.id });
  else if (state === "REJECTED") count("MediaRejected");
  if (metric) count(metric);
  if (state === "NEEDS_REVIEW") countAll(defined({ MediaNeedsReview: 1, DropLate: isPromised(row) ? 1 : undefined }));
};

const delivered = (row: Row) => {
  const { updatedAt, sizeBytes = 0, droppedAt, signedAt, media } = row;
  const since = (at: number | undefined) => (at === undefined ? undefined : (updatedAt - at) / 1000);
  const wasSigned = uploadIdOf(media?.key ?? "") !== undefined;
  return defined({
    MediaDelivered: 1,
    BytesDelivered: sizeBytes,
    SecondsFromDrop: row.decision ? undefined : since(droppedAt),
    SecondsFromSigning: wasSigned ? since(signedAt) : undefined,
    ...(isPromised(row) ? { [isPast(row, updatedAt) ? "DropLate" : "DropInTime"]: 1 } : {}),
  });
};

/** What is promised of a drop: cielo24 has it after ten minutes, and a second more for each 10 MiB. */
const PROMISED_MS = 600_000;
const PROMISED_BYTES_PER_MS = (10 * 1024 ** 2) / 1000;

/** A caller's media was never dropped, what an operator sends again waited for that, and no drop counts twice. */
const isPromised = ({ droppedAt, decision, late }: Row): boolean => droppedAt !== undefined && !decision && !late;

const isPast = ({ droppedAt = 0, sizeBytes = 0 }: Row, now: number): boolean =>
  now > droppedAt + PROMISED_MS + sizeBytes / PROMISED_BYTES_PER_MS;

/** Whether a drop that is still open has to be counted as late. What was never measured counts as small. */
export const hasBecomeLate = (row: Row, now: number): boolean =>
  !hasEnded(row) && row.state !== "UPLOADING" && isPromised(row) && isPast(row, now);

export const recordCostly = ({ sizeBytes = 0, bytesInVain = 0, sentBytes = 0 }: Row, to: Observability): void => {
  to.log.error("more than five times the media's size has been sent in vain", {
    sizeBytes,
    sentBytes: bytesInVain + sentBytes,
  });
  to.count("BytesCarriedInVain");
};
