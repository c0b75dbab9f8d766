import { ProxyError, type Delivery } from "../client/index.ts";
import { EXIT_CODES, outcomeOfError, UsageError, type Outcome } from "./outcome.ts";

/** What a command, or one file of it, has come to: printed for people, or as a line of JSON for programs. */
export interface Report {
  readonly outcome: Outcome;
  readonly file?: string;
  readonly jobId?: string;
  readonly taskId?: string;
  readonly delivery?: Delivery;
  readonly error?: ReportedError;
  /** What to do next, in a sentence. */
  readonly next?: string;
  /** The command line with which to do it. */
  readonly command?: string;
}

interface ReportedError {
  readonly errorType: string;
  readonly comment: string;
  readonly status?: number;
  readonly requestId?: string;
}

export const reportError = (error: unknown): Pick<Report, "outcome" | "error" | "next"> => {
  const outcome = outcomeOfError(error);
  if (error instanceof ProxyError) {
    const { errorType, comment, status, requestId, nextStep } = error;
    return {
      outcome,
      error: {
        errorType,
        comment,
        ...(status === undefined ? {} : { status }),
        ...(requestId === undefined ? {} : { requestId }),
      },
      next: nextStep,
    };
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

const WORDS: Readonly<Record<Outcome, string>> = {
  done: "Done",
  delivered: "Delivered",
  uploaded: "Uploaded",
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
    ...(delivery?.waiting ? [`  waits: ${delivery.waiting.comment}`] : []),
    ...(next === undefined ? [] : [`  ${next}`]),
    ...(command === undefined ? [] : [`    ${command}`]),
  ].join("\n");
};

/** For programs, one line. */
export const renderJson = ({ outcome, ...report }: Report): string =>
  JSON.stringify({ outcome, exitCode: EXIT_CODES[outcome], ...report });

/** A command line that shells read as it is meant. */
export const quoteCommand = (words: readonly string[]): string =>
  words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ");
