import { normalJobId, ProxyError, type Delivery } from "../client/index.ts";
import type { MediaItem, Problem } from "./media.ts";

/** How a person tries again, as the end of a sentence. */
export const AGAIN = {
  upload: "press “Retry”",
  delivery: "press “Check again”",
  url: "press “Add by URL” again",
  sampleJob: "press “New sample job”",
  page: "reload the page",
} as const;

/** Next steps that differ on this page from those for users of the API. */
const ON_THIS_PAGE: Readonly<Record<string, (again: string) => string>> = {
  JOB_HAS_MEDIA: (again) => `Give another job, then ${again}.`,
  DELIVERY_UNDER_WAY: (again) => `Another medium came first. Give another job, then ${again}.`,
  ITEM_NOT_FOUND: (again) => `Check the job id: cielo24 may not know it, or it may be somebody else's. Then ${again}.`,
  UNAUTHORIZED: (again) => `Log in again, then ${again}: what is uploaded is not lost.`,
  FORBIDDEN: (again) => `Log in as somebody who may do this, then ${again}.`,
  NETWORK: (again) => `Check your network, then ${again}: what is uploaded is not lost.`,
  SOURCE_CHANGED: () => "Remove it, and choose it again.",
};

/** What went wrong with a call or an upload, and what the person can do about it. */
export const describeError = (error: unknown, again: (typeof AGAIN)[keyof typeof AGAIN]): Problem => {
  if (error instanceof ProxyError) {
    // Where nothing has ever answered, the network may be well, and the page's own words would mislead.
    const isStranger = error.nextStep.startsWith("Check the address");
    const next = (isStranger ? undefined : ON_THIS_PAGE[error.errorType]?.(again)) ?? error.nextStep;
    // Only for errors that the operator, who needs it, can fix.
    const requestId = (error.status ?? 0) >= 500 ? error.requestId : undefined;
    return { text: error.message, next: requestId === undefined ? next : `${next} (Request ${requestId})` };
  }
  return { text: error instanceof Error ? error.message : "Something went wrong.", next: `To go on, ${again}.` };
};

export const OTHER_MEDIUM: Problem = {
  text: "cielo24 took another medium for this job.",
  next: "Upload this file again, for another job.",
};

export const checkJobId = (jobId: string): Problem | undefined =>
  normalJobId(jobId) !== undefined
    ? undefined
    : jobId === ""
      ? { text: "Which job is this for?", next: "Give the id of a cielo24 job.", isAboutJob: true }
      : {
          text: "That is no job id.",
          next: "It has 32 characters, 0 to 9 and a to f, and perhaps hyphens: copy all of it.",
          isAboutJob: true,
        };

/** Verdicts for which a file is not uploaded unless the person insists. */
const HOLDS_BACK: ReadonlySet<string> = new Set(["NOT_MEDIA", "MEDIA_INCOMPLETE"]);

/** Why a chosen file is held back; undefined if it is not, or no longer. */
export const refusalOf = ({ phase, look, isOverruled = false }: MediaItem): Problem | undefined =>
  phase === "chosen" && !isOverruled && look?.verdict && HOLDS_BACK.has(look.verdict.type)
    ? {
        text: look.verdict.message,
        next: "Remove it and choose another one, or press “Upload anyway”: the proxy looks at it again, and decides.",
      }
    : undefined;

/** What to do about media that was refused, by error type. */
const AFTER_REFUSAL: Readonly<Record<string, string>> = {
  ITEM_NOT_FOUND: "Check the job id, and upload the file again for the right job.",
  JOB_HAS_MEDIA: "Upload the file again, for another job.",
  INVALID_URL: "Check that anybody can fetch the address, and add it again.",
  NOT_MEDIA: "cielo24 was not asked, and the job is free for the media.",
  MEDIA_INCOMPLETE: "cielo24 was not asked, and the job is free for the whole file.",
  NO_AUDIO: "cielo24 was not asked, and the job is free for a version with sound.",
  MEDIA_TOO_LONG: "cielo24 was not asked, and the job is free for the first of the pieces.",
  WITHDRAWN: "If nobody meant to delete it, upload it again.",
  CANCELLED: "Nothing was sent to cielo24. To send it after all, upload it again; the job is free.",
  TIMED_OUT: "The job is free: upload the file again. If it arrives all the same, it is sent.",
};

/** Why a delivery failed. */
export const describeEnd = ({ state, error }: Delivery): Problem =>
  state === "NEEDS_REVIEW"
    ? {
        text: error?.comment ?? "An operator has to look.",
        next: "Do not upload it again: an operator finds out whether cielo24 has it. Tell them the job id.",
      }
    : {
        text: error?.comment ?? "cielo24 did not take the media.",
        next:
          AFTER_REFUSAL[error?.errorType ?? ""] ??
          "Correct the file and upload it again; the job is free for another medium.",
      };
