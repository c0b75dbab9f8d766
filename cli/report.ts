import { describeMedia, ProxyError, type Delivery } from "../client/index.ts";
import { describeProgress } from "./display/words.ts";
import { watchCommand, type Invocation } from "./next-command.ts";
import { EXIT_CODES, outcomeOfDelivery, outcomeOfError, UsageError, type Outcome } from "./outcome.ts";

/** The result of a command, or of one of its files: printed for people, or as a line of JSON for programs. */
export interface Report {
  readonly outcome: Outcome;
  readonly file?: string | undefined;
  readonly jobId?: string | undefined;
  readonly taskId?: string | undefined;
  readonly delivery?: Delivery | undefined;
  readonly error?: ReportedError | undefined;
  /** What to do next, in a sentence. */
  readonly next?: string | undefined;
  /** The command line that does it. */
  readonly command?: string | undefined;
}

interface ReportedError {
  readonly errorType: string;
  readonly comment: string;
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
}

export const reportError = (error: unknown): Pick<Report, "outcome" | "error" | "next"> => {
  const outcome = outcomeOfError(error);
  if (error instanceof ProxyError) {
    const { errorType, comment, status, requestId, nextStep } = error;
    return { outcome, error: { errorType, comment, status, requestId }, next: nextStep };
  }
  if (error instanceof UsageError)
    return { outcome, error: { errorType: "USAGE", comment: error.message }, next: error.nextStep };
  if (outcome === "not_yet")
    return { outcome, error: { errorType: "TIMEOUT", comment: "The time that was given is over." } };
  if (outcome === "interrupted" || outcome === "terminated") return { outcome };
  return {
    outcome,
    error: { errorType: "FAILED", comment: error instanceof Error ? error.message : String(error) },
    next: "This should not happen: report it.",
  };
};

const AFTER_OTHER_REJECTION = "Remove the cause and upload again: the job still takes media.";
const AFTER_REJECTION: Readonly<Record<string, string>> = {
  ITEM_NOT_FOUND: "Check the job id, and upload for the right job.",
  JOB_HAS_MEDIA: "Upload for another job: this one has its media.",
  NOT_MEDIA: "Nothing was sent to cielo24: upload the media itself, for the same job.",
  MEDIA_INCOMPLETE: "Nothing was sent to cielo24: upload the whole file, for the same job.",
  NO_AUDIO: "Nothing was sent to cielo24: upload a version that has sound, for the same job.",
  MEDIA_TOO_LONG: "Nothing was sent to cielo24: cut it up, and use a job for each piece.",
  WITHDRAWN: "Nothing was sent to cielo24: if nobody meant to delete it, upload it again for the same job.",
  CANCELLED: "Nothing was sent to cielo24. To send it after all, upload it again, with --restart.",
  TIMED_OUT: "The upload was begun and never arrived: upload it again, for the same job.",
  INVALID_URL: "Give a public https URL of the media itself, or upload the file: the job still takes media.",
};

/** How far a delivery has got, and what a person can do about it. */
export const reportDelivery = (delivery: Delivery, invocation: Invocation, file?: string): Report => {
  const { jobId, taskId, error } = delivery;
  const outcome = outcomeOfDelivery(delivery);
  const known = { outcome, file, jobId, taskId, delivery, error };
  switch (outcome) {
    case "delivered":
      return known;
    case "rejected":
      return { ...known, next: AFTER_REJECTION[error?.errorType ?? ""] ?? AFTER_OTHER_REJECTION };
    case "needs_review":
      return { ...known, next: "Don't send it again: ask the operator, who can see what cielo24 has." };
    default:
      return {
        ...known,
        next: `It is ${describeProgress(delivery)}. The proxy goes on by itself; to watch:`,
        command: watchCommand(jobId, invocation),
      };
  }
};

const WORDS: Readonly<Record<Outcome, string>> = {
  done: "Done",
  delivered: "Delivered",
  already_delivered: "Already delivered",
  uploaded: "Uploaded",
  skipped: "Skipped",
  failed: "Failed",
  usage: "Not possible",
  refused: "Refused",
  unauthorized: "Not authorized",
  unavailable: "Not reachable",
  rejected: "Rejected",
  needs_review: "Needs review",
  not_yet: "Not yet",
  interrupted: "Interrupted",
  terminated: "Terminated",
};

/** For people: what happened, why, and what to do next. */
export const renderReport = (report: Report): string => {
  const { outcome, file, jobId, taskId, delivery, error, next, command } = report;
  const about = [file, jobId === undefined ? undefined : `job ${jobId}`]
    .filter((text) => text !== undefined)
    .join(", ");
  const head = `${WORDS[outcome]}${about === "" ? "" : `: ${about}`}${taskId === undefined ? "" : `, TaskId ${taskId}`}`;
  const codes =
    error && [error.errorType, error.status, error.requestId && `request ${error.requestId}`].filter(Boolean);
  return [
    head,
    ...(error && codes ? [`  ${error.comment} (${codes.join(", ")})`] : []),
    ...(delivery ? renderMedia(delivery) : []),
    ...(delivery?.waiting ? [`  waits: ${delivery.waiting.comment}`] : []),
    ...(next === undefined ? [] : [`  ${next}`]),
    ...(command === undefined ? [] : [`    ${command}`]),
  ].join("\n");
};

/** What is known of the media, and what else came for the job. */
const renderMedia = (delivery: Delivery): string[] => {
  const { concern, otherMedia = 0, sidecars = 0 } = delivery;
  const media = describeMedia(delivery);
  const count = (files: number) => (files === 1 ? "1 file" : `${files} files`);
  return [
    ...(media === "" ? [] : [`  ${media}`]),
    ...(concern ? [`  concern: ${concern.comment} (${concern.errorType})`] : []),
    ...(otherMedia > 0
      ? [`  not sent: ${count(otherMedia)} with other contents, which came when the job had its media`]
      : []),
    ...(sidecars > 0 ? [`  not sent: ${count(sidecars)} beside the media, such as subtitles`] : []),
  ];
};

/** For programs, one line. */
export const renderJson = ({ outcome, ...report }: Report): string =>
  JSON.stringify({ outcome, exitCode: EXIT_CODES[outcome], ...report });
