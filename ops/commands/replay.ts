import { HeadObjectCommand } from "@aws-sdk/client-s3";
import type { Row } from "../../lib/delivery/machine/row.ts";
import { kindOfKey, objectId, parseMediaKey } from "../../lib/media/key.ts";
import { confirm, type ConfirmOptions } from "../confirm.ts";
import type { CommandOptions, Context } from "../context.ts";
import { readRows } from "../ledger.ts";
import { OpsError, usageError } from "../outcome.ts";
import { note, print } from "../print.ts";
import { sendToQueue } from "../queue.ts";
import type { Stage } from "../stage.ts";
import { listVersions, type Version } from "../versions.ts";

export interface ReplayOptions extends CommandOptions, ConfirmOptions {
  /** Ms. */
  readonly since?: number;
  readonly versionId?: string;
  readonly dryRun?: boolean;
}

/** An object to be looked at again. */
interface Replayed extends Pick<Version, "key" | "versionId" | "sizeBytes" | "writtenAt"> {
  readonly jobId: string;
}

/** What the ledger knows of an object, and so what comes of its event. */
type Fate = "delivered" | "rejected" | "conflict" | "inReview" | "underWay" | "new";
const WORDS: Readonly<Record<Fate, string>> = {
  delivered: "delivered already: nothing is sent again",
  rejected: "rejected: not sent again, for that `resolve JOB send-again` has to say so",
  conflict: "come for a job that has other media: not sent",
  inReview: "waiting for a person: `resolve` decides",
  underWay: "under way or waiting: they go on as they would",
  new: "unknown to the ledger: they are delivered now",
};

/** More than so many events are not put into the queue without a question. */
const MOST_UNASKED = 20;
const SENDERS = 8;

/** `ops replay`: puts events of objects into the queue, as S3 would. @returns the exit code */
export const replay =
  (url: string | undefined) =>
  async (context: Context, stage: Stage, options: ReplayOptions): Promise<number> => {
    const { since } = options;
    if ((url === undefined) === (since === undefined)) throw usageError("Give the URL of an object, or --since.");
    if (since !== undefined && options.versionId !== undefined)
      throw usageError("--version-id needs the URL of an object.");
    const objects =
      url === undefined
        ? await listSince(stage, context.clock() - (since ?? 0))
        : [await findObject(stage, url, options.versionId)];
    const fates = await countFates(stage, objects);
    const count = objects.length === 1 ? "1 object" : `${objects.length} objects`;
    const text = [`${count}:`, ...[...fates].map(([fate, number]) => `  ${number} ${WORDS[fate]}`)];
    const document = { stage: stage.name, objects: objects.length, fates: Object.fromEntries(fates) };
    if (objects.length === 0)
      return print(context, options, { outcome: "done", text: ["No object."], document: { ...document, sent: 0 } });
    if (options.dryRun)
      return print(context, options, {
        outcome: "done",
        text: [...text, "Nothing was put into the queue."],
        document: { ...document, sent: 0 },
      });
    for (const line of text) note(context, line);
    if (objects.length > MOST_UNASKED) await confirm(context, { ...options, stage: stage.name, plan: [] });
    await sendAll(context, stage, objects);
    return print(context, options, {
      outcome: "done",
      text: [`Put ${count === "1 object" ? "its event" : `the events of ${count}`} into the queue.`],
      document: { ...document, sent: objects.length },
    });
  };

/** The current versions under `media/` that were written since then, and whose keys name a job and media. */
const listSince = async (stage: Stage, since: number): Promise<Replayed[]> => {
  const objects: Replayed[] = [];
  for await (const page of listVersions(stage, "media/"))
    for (const version of page) {
      const jobId = jobOf(version.key);
      if (version.isLatest && !version.isMarker && version.writtenAt >= since && jobId !== undefined)
        objects.push({ ...version, jobId });
    }
  return objects;
};

/** The job that an object is media of, by its key. */
const jobOf = (key: string): string | undefined => {
  const parsed = parseMediaKey(key);
  return typeof parsed === "object" && kindOfKey(key, parsed) === "media" ? parsed.jobId : undefined;
};

/** @throws {OpsError} */
const findObject = async ({ s3, outputs }: Stage, url: string, wanted: string | undefined): Promise<Replayed> => {
  const [, bucket, key = ""] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(url) ?? [];
  if (bucket === undefined) throw usageError(`"${url}" is no address of an object: it looks like s3://BUCKET/KEY.`);
  if (bucket !== outputs.MediaBucketName)
    throw new OpsError(
      "refused",
      "OTHER_BUCKET",
      `The stage's bucket is ${outputs.MediaBucketName}, not ${bucket}.`,
      "Check --stage. An object of another bucket has to be copied to media/JOB/NAME in the stage's.",
    );
  const jobId = jobOf(key);
  if (jobId === undefined)
    throw new OpsError(
      "refused",
      "NO_MEDIA",
      "By its key, the object is no media of a job.",
      "Copy it to media/JOB/NAME, with a name that media has.",
    );
  const command = new HeadObjectCommand({
    Bucket: bucket,
    Key: key,
    ...(wanted === undefined ? {} : { VersionId: wanted }),
  });
  const found = await s3.send(command).catch((error: unknown) => {
    const { $metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
    if (![400, 404, 405].includes($metadata?.httpStatusCode ?? 0)) throw error;
    throw new OpsError(
      "refused",
      "NO_SUCH_OBJECT",
      wanted === undefined ? "The bucket has no such object, or it was deleted." : "The bucket has no such version.",
      "`show JOB` lists the versions that there are; --version-id names one.",
    );
  });
  const { VersionId: versionId = "null", ContentLength: sizeBytes = 0, LastModified } = found;
  return { jobId, key, versionId, sizeBytes, writtenAt: LastModified?.getTime() ?? 0 };
};

const countFates = async (stage: Stage, objects: readonly Replayed[]): Promise<ReadonlyMap<Fate, number>> => {
  const rows = await readRows(stage, [...new Set(objects.map(({ jobId }) => jobId))]);
  const rowOf = new Map(rows.map((row) => [row.jobId, row]));
  const counts = new Map<Fate, number>();
  for (const { jobId, key, versionId } of objects) {
    const fate = fateOf(rowOf.get(jobId), objectId(key, versionId));
    counts.set(fate, (counts.get(fate) ?? 0) + 1);
  }
  return counts;
};

const fateOf = (row: Row | undefined, id: string): Fate => {
  if (row === undefined || row.state === "UPLOADING") return "new";
  if (row.rejected?.includes(id)) return "rejected";
  if (row.state === "REJECTED") return row.media?.id === id ? "rejected" : "new";
  if (row.state === "SENDING" || row.state === "FINALIZING") return "underWay";
  if (row.media?.id !== id) return "conflict";
  return row.state === "DELIVERED" ? "delivered" : "inReview";
};

/** Some at a time: thousands at once would be refused. */
const sendAll = async ({ interruptible }: Context, stage: Stage, objects: readonly Replayed[]): Promise<void> => {
  const signal = interruptible();
  const left = [...objects];
  const send = async (): Promise<void> => {
    for (let object = left.shift(); object; object = left.shift()) {
      signal.throwIfAborted();
      await sendToQueue(stage, eventOf(object, stage.outputs.MediaBucketName));
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, send));
};

/** The event that S3 would have sent, with a form-encoded key. */
const eventOf = ({ key, versionId, sizeBytes, writtenAt }: Replayed, bucketName: string) => ({
  Records: [
    {
      eventSource: "cielo24-proxy:replay",
      eventName: "ObjectCreated:Replay",
      eventTime: new Date(writtenAt).toISOString(),
      s3: {
        bucket: { name: bucketName },
        object: { key: encodeURIComponent(key).replaceAll("%20", "+"), versionId, size: sizeBytes },
      },
    },
  ],
});
