import { setTimeout as wait } from "node:timers/promises";
import { hasEnded, type Decision, type Row } from "../../lib/delivery/machine/row.ts";
import { mayBeAccepted } from "../../lib/delivery/machine/transitions.ts";
import { confirm, type ConfirmOptions } from "../confirm.ts";
import type { CommandOptions, Context } from "../context.ts";
import { readJobId } from "../job-id.ts";
import { readRow } from "../ledger.ts";
import { LONGEST_NAME, whoDecides } from "../identity.ts";
import { OpsError, usageError, type Outcome } from "../outcome.ts";
import { note, print } from "../print.ts";
import { formatDuration, formatTime } from "../quantities.ts";
import { sendToQueue } from "../queue.ts";
import type { Stage } from "../stage.ts";

export interface ResolveOptions extends CommandOptions, ConfirmOptions {
  readonly reason: string;
  readonly by?: string;
  /** Ms. */
  readonly timeout?: number;
}

type Resolution = "delivered" | "send-again" | "close";

/** The words of the queue's messages. */
const WORD: Readonly<Record<Resolution, Decision["what"]>> = {
  delivered: "delivered",
  "send-again": "resend",
  close: "reject",
};
const LONGEST_REASON = 1000;
const DEFAULT_TIMEOUT_MS = 120_000;
const POLL_MS = 1_000;

/** `ops resolve`: what a person decides about a job, and what came of it. @returns the exit code */
export const resolve =
  (jobId: string, what: string) =>
  async (context: Context, stage: Stage, options: ResolveOptions): Promise<number> => {
    const job = readJobId(jobId);
    const resolution = readResolution(what);
    const { timeout = DEFAULT_TIMEOUT_MS } = options;
    const why = readText("--reason", options.reason, LONGEST_REASON);
    const by = options.by === undefined ? undefined : readText("--by", options.by, LONGEST_NAME);
    const row = await readRow(stage, job);
    if (row === undefined) throw noRow(job);
    const effect = effectOf(row, resolution, context.clock());
    for (const line of [...describeRow(row), effect]) note(context, line);
    await confirm(context, { ...options, stage: stage.name, plan: [] });
    const decision = {
      job,
      object: row.media?.id ?? "",
      fence: row.fence,
      by: by ?? (await whoDecides(stage)),
      why,
    };
    await sendToQueue(stage, { [WORD[resolution]]: decision });
    note(context, "The decision is in the queue. Waiting for what comes of it; Ctrl-C leaves it to the queue.");
    const after = await waitForOutcome(context, stage, row, { resolution, untilMs: context.clock() + timeout });
    const { outcome, text } = tell(row, after, resolution, decision);
    const document = {
      stage: stage.name,
      jobId: job,
      resolution,
      by: decision.by,
      reason: why,
      before: { state: row.state, fence: row.fence },
      after: { state: after.state, fence: after.fence, closed: after.closed, taskId: after.taskId, error: after.error },
    };
    return print(context, options, { outcome, text: [text], document });
  };

const readResolution = (text: string): Resolution => {
  if (Object.hasOwn(WORD, text)) return text as Resolution;
  throw usageError(`"${text}" is no decision: those are ${Object.keys(WORD).join(", ")}.`);
};

const readText = (option: string, text: string, most: number): string => {
  if (text.trim() === "") throw usageError(`${option} is empty.`);
  if (text.length > most) throw usageError(`${option} is longer than ${most} characters.`);
  return text;
};

const noRow = (jobId: string) =>
  new OpsError(
    "refused",
    "NO_SUCH_JOB",
    `The ledger has no row for the job ${jobId}: nothing has come for it, or its rejection is long past.`,
    "Compare the id; `show` tells what the bucket and the log have.",
  );

/**
 * What the decision will do, before anybody is asked.
 * @throws {OpsError} if there is nothing to decide, or not that
 */
const effectOf = (row: Row, resolution: Resolution, now: number): string => {
  const { state, media, settledAt = 0 } = row;
  if (state !== "NEEDS_REVIEW" && state !== "REJECTED") throw refuse(row, `nothing waits for a person`, NEXT[state]);
  if (media === undefined) throw refuse(row, "no media came for it", "The job is free: upload its media.");
  if (state === "REJECTED" && resolution === "delivered")
    throw refuse(
      row,
      "cielo24 cannot have what was rejected",
      "If cielo24 has media for the job, it did not come from here; if this media is to be sent, send-again does it.",
    );
  if (state === "REJECTED" && resolution === "close")
    throw refuse(row, "that is its end already", "The job is free for other media: nothing has to be closed.");
  if (row.closed && resolution !== "delivered")
    throw refuse(
      row,
      "an operator has closed it for good",
      "If cielo24 shows the media by now, `delivered` records it. For other media, use another job.",
    );
  if (resolution === "delivered")
    return "It will be DELIVERED by your word, even if job/info does not show the media. Nothing more is sent for the job.";
  if (resolution === "close")
    return mayBeAccepted(row)
      ? "cielo24 may have the media, so the job will be closed for good: nothing more is sent for it, and other media needs another job."
      : "cielo24 cannot have the media, so it will be REJECTED, and the job is free for other media.";
  if (media.kind === "forgotten")
    throw refuse(row, "its media was deleted on request", "Upload it again, if it is wanted after all.");
  if (media.kind !== "object")
    throw refuse(row, "its media came with a call and is kept nowhere", "Only its caller can send it again.");
  return settledAt > now
    ? `It will be sent again if job/info still shows no media at ${formatTime(settledAt)} UTC, in ${formatDuration(settledAt - now)}: until then, cielo24 may show what it has accepted.`
    : "It will be sent again, unless job/info shows the media by now.";
};

const refuse = (row: Row, why: string, next: string) =>
  new OpsError(
    "refused",
    "NOTHING_TO_DECIDE",
    `The job ${row.jobId} is ${row.state}${row.closed ? ", closed" : ""}: ${why}.`,
    next,
  );

/** What to do about a row that waits for nobody. */
const NEXT: Readonly<Record<Exclude<Row["state"], "NEEDS_REVIEW" | "REJECTED">, string>> = {
  UPLOADING: "Its media has not arrived. Its owner, or an admin, can cancel the upload: DELETE /api/job/delivery.",
  SENDING: "It goes on by itself; `show` tells what it waits for.",
  FINALIZING: "It goes on by itself: job/info is asked whether cielo24 has the media. `show` tells when.",
  DELIVERED: "cielo24 has its media, and that is final.",
};

/** The row as the person should know it before deciding. */
const describeRow = (row: Row): string[] => {
  const { jobId, state, error, media, sizeBytes, claims, updatedAt, decision, closed } = row;
  return [
    `Job ${jobId}: ${state}${closed ? ", closed for good" : ""} since ${formatTime(updatedAt)} UTC`,
    ...(error ? [`  why       ${error.type}: ${error.comment}`] : []),
    ...(media?.key === undefined ? [] : [`  object    ${media.key} (version ${media.versionId ?? "null"})`]),
    ...(media ? [`  media     ${media.id}${sizeBytes === undefined ? "" : `, ${sizeBytes} bytes`}`] : []),
    ...(claims === undefined ? [] : [`  attempts  ${claims}`]),
    ...(decision ? [`  decided   ${decision.what} by ${decision.by}: ${decision.why}`] : []),
  ];
};

/** The row once the decision was carried out, or as it is when the time is over. */
const waitForOutcome = async (
  context: Context,
  stage: Stage,
  before: Row,
  { resolution, untilMs }: { readonly resolution: Resolution; readonly untilMs: number },
): Promise<Row> => {
  const signal = context.interruptible();
  for (;;) {
    const row = (await readRow(stage, before.jobId)) ?? before;
    const isChanged = row.fence !== before.fence || row.state !== before.state;
    // What is sent again goes on for a while.
    if (isChanged && (resolution !== "send-again" || hasEnded(row)) && row.announced) return row;
    if (context.clock() >= untilMs) return row;
    await wait(POLL_MS, undefined, { signal }).catch(() => {
      throw signal.reason;
    });
  }
};

/** What came of it, in a sentence. */
const tell = (
  before: Row,
  after: Row,
  resolution: Resolution,
  { fence, by, why }: { readonly fence: number; readonly by: string; readonly why: string },
): { readonly outcome: Outcome; readonly text: string } => {
  const { state, jobId, decision } = after;
  const job = `Job ${jobId}`;
  if (after.fence === before.fence && state === before.state)
    return {
      outcome: "not_yet",
      text: `${job} is still ${state}: the decision is in the queue and is carried out as soon as cielo24 answers job/info${resolution === "send-again" ? ", and says so late enough" : ""}. \`show\` tells when that was.`,
    };
  const isOurs =
    decision?.fence === fence && decision.what === WORD[resolution] && decision.by === by && decision.why === why;
  if (state === "DELIVERED") {
    const task = after.taskId === undefined ? "" : `, TaskId ${after.taskId}`;
    if (isOurs && resolution === "delivered") return { outcome: "done", text: `${job} is DELIVERED, by your word.` };
    const seen = isOurs ? "" : ": cielo24 shows the media";
    return { outcome: "done", text: `${job} is DELIVERED${task}${seen}.` };
  }
  if (!isOurs)
    return {
      outcome: "refused",
      text: `${job} has changed before the decision was carried out, and is ${state} now: nothing was done. Look at it again.`,
    };
  if (resolution === "close")
    return after.closed
      ? {
          outcome: "done",
          text: `${job} is closed for good: cielo24 may have its media. Other media needs another job.`,
        }
      : { outcome: "done", text: `${job} is REJECTED: its media was never sent, and the job is free for other media.` };
  if (state === "REJECTED")
    return { outcome: "rejected", text: `${job} was sent again and is REJECTED: ${after.error?.comment ?? ""}` };
  if (state === "NEEDS_REVIEW")
    return {
      outcome: "needs_review",
      text: `${job} was sent again and needs a person again: ${after.error?.comment ?? ""}`,
    };
  return {
    outcome: "not_yet",
    text: `${job} is being sent again (${state}${after.waiting ? `, waits: ${after.waiting.comment}` : ""}). It goes on by itself.`,
  };
};
