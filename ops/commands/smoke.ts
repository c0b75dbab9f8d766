import { PutObjectCommand } from "@aws-sdk/client-s3";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { formatBytes } from "../../client/words.ts";
import { shownState } from "../../lib/http/show-delivery.ts";
import { hasEnded, type Row } from "../../lib/delivery/machine/row.ts";
import { randomHex } from "../../lib/runtime.ts";
import { confirm, type ConfirmOptions } from "../confirm.ts";
import type { CommandOptions, Context } from "../context.ts";
import { readJobId } from "../job-id.ts";
import { readRow } from "../ledger.ts";
import { opsCommand } from "../next-command.ts";
import { OpsError, usageError, type Outcome } from "../outcome.ts";
import { note, print } from "../print.ts";
import { formatDuration } from "../quantities.ts";
import type { Stage } from "../stage.ts";
import { deleteVersions, listVersions } from "../versions.ts";

export interface SmokeOptions extends CommandOptions, ConfirmOptions {
  readonly jobId: string;
  readonly file?: string;
  readonly timeout?: number;
}

/** A video of half a second with sound. */
const SAMPLE = new URL("../../test/media/moov-first.mp4", import.meta.url);
const DEFAULT_TIMEOUT_MS = 10 * 60_000;
const INTERVAL_MS = 2_000;
const LOCAL_INTERVAL_MS = 100;

const OUTCOMES = { DELIVERED: "done", REJECTED: "rejected", NEEDS_REVIEW: "needs_review" } as const;

/**
 * `ops smoke`: drops a small file for a job into the stage's bucket, follows it until its end has been announced, and
 * deletes the object. The job has its media then, and the row stays, so that nothing is ever sent again.
 *
 * @returns the exit code
 */
export const smoke = async (context: Context, stage: Stage, options: SmokeOptions): Promise<number> => {
  const jobId = readJobId(options.jobId);
  const body = await readFile(options.file ?? SAMPLE).catch((error: unknown) => {
    throw usageError(`The file ${options.file ?? ""} cannot be read: ${(error as Error).message}.`);
  });
  const before = await readRow(stage, jobId);
  if (before && !isFree(before))
    throw new OpsError(
      "refused",
      "JOB_IN_USE",
      `Job ${jobId} is ${before.closed ? "closed" : shownState(before)}: it is not free for this.`,
      "Make another job at cielo24 for this.",
    );
  const plan = [
    `Sends ${options.file ?? "a video of half a second"} (${formatBytes(body.length)}) to job ${jobId} at ${stage.outputs.Cielo24BaseUrl}.`,
    "The job has its media then, for good, and cielo24 may charge for it.",
  ];
  await confirm(context, { ...options, stage: stage.name, plan });

  const signal = context.interruptible();
  const key = `media/${jobId}/smoke-${randomHex().slice(0, 8)}-${basename(options.file ?? SAMPLE.pathname)}`;
  const droppedAt = context.clock();
  const { VersionId } = await stage.s3.send(
    new PutObjectCommand({ Bucket: stage.outputs.MediaBucketName, Key: key, Body: body, ContentType: "video/mp4" }),
  );
  note(context, `dropped: s3://${stage.outputs.MediaBucketName}/${key}`);
  const until = droppedAt + (options.timeout ?? DEFAULT_TIMEOUT_MS);
  const row = await follow(context, stage, { jobId, key, until, signal });
  const tookMs = context.clock() - droppedAt;

  if (!row || !hasEnded(row) || !row.announced) {
    const command = opsCommand(context, options, ["show", jobId]);
    const text = [
      `Not yet: job ${jobId} is ${row ? shownState(row) : "not taken out of the queue"} after ${formatDuration(tookMs)}.`,
      `  The delivery goes on, so the object stays: ${key}`,
      `    ${command}`,
    ];
    return print(context, options, { outcome: "not_yet", text, document: describe(jobId, key, row, tookMs, 0) });
  }
  const deleted = await cleanUp(stage, key);
  const outcome: Outcome = OUTCOMES[row.state];
  const text = [
    row.state === "DELIVERED"
      ? `Delivered: job ${jobId}, TaskId ${row.taskId ?? "none"}, after ${(tookMs / 1000).toFixed(1)} s`
      : `${row.state === "REJECTED" ? "Rejected" : "Needs a person"}: job ${jobId}, ${row.error?.comment ?? ""} (${row.error?.type ?? ""})`,
    `  cleaned up: ${deleted === 1 ? "1 version" : `${deleted} versions`} of ${key}; the row stays`,
    ...(row.state === "DELIVERED" ? [] : [`    ${opsCommand(context, options, ["show", jobId])}`]),
  ];
  const document = { ...describe(jobId, key, row, tookMs, deleted), versionId: VersionId };
  return print(context, options, { outcome, text, document });
};

/** Other media of it was rejected, and nobody uploads for it or has taken it back. */
const isFree = ({ state, closed, cancelledAt }: Row): boolean =>
  state === "REJECTED" && !closed && cancelledAt === undefined;

/** Reads the row again and again until the object's end has been announced, the time is over or the person has enough. */
const follow = async (
  context: Context,
  stage: Stage,
  { jobId, key, until, signal }: { jobId: string; key: string; until: number; signal: AbortSignal },
): Promise<Row | undefined> => {
  let said = "";
  for (;;) {
    const row = await readRow(stage, jobId);
    const own = row?.media?.key === key ? row : undefined;
    if (own) {
      const news =
        own.waiting && !hasEnded(own) ? `${shownState(own)}; waits: ${own.waiting.comment}` : shownState(own);
      if (news !== said) note(context, news);
      said = news;
    }
    if (own && hasEnded(own) && own.announced) return own;
    if (context.clock() >= until) return own;
    try {
      await wait(stage.isLocal ? LOCAL_INTERVAL_MS : INTERVAL_MS, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
      note(context, `The delivery goes on, and the object stays: ${key}`);
      throw signal.reason;
    }
  }
};

const cleanUp = async (stage: Stage, key: string): Promise<number> => {
  let deleted = 0;
  for await (const page of listVersions(stage, key)) {
    const own = page.filter((version) => version.key === key);
    const refused = await deleteVersions(stage, own);
    const [code] = refused.values();
    if (code !== undefined)
      throw new OpsError("unauthorized", code, `The object ${key} cannot be deleted.`, "Delete its versions by hand.");
    deleted += own.length;
  }
  return deleted;
};

const describe = (jobId: string, key: string, row: Row | undefined, tookMs: number, deletedVersions: number) => ({
  jobId,
  key,
  state: row && shownState(row),
  taskId: row?.taskId,
  error: row?.error,
  tookMs,
  deletedVersions,
});
