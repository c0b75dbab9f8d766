import * as v from "valibot";
import type { OperatorDecision } from "../../lib/delivery/machine/protocol.ts";
import { normalJobId } from "../../lib/job-id.ts";
import { decodeEventKey, kindOfKey, objectId, parseMediaKey, type MediaRef } from "../../lib/media/key.ts";

/** What a queue message or a bare S3 event asks for. */
export type WorkItem =
  /** An object was dropped. */
  | {
      readonly is: "drop";
      readonly jobId: string;
      readonly media: MediaRef;
      /** Of an upload that was signed. An operator drops objects under keys of their own. */
      readonly uploadId: string | undefined;
      readonly sizeBytes: number;
      /** When S3 had it, as its event says (ms since the epoch). */
      readonly arrivedAt: number | undefined;
      /** It was copied within S3. */
      readonly isCopy: boolean;
    }
  /** An operator dropped a file that goes with media, by its name. */
  | { readonly is: "sidecar"; readonly jobId: string; readonly media: MediaRef; readonly arrivedAt: number | undefined }
  /** An object that by its name is nobody's media. Some of their keys name no job. */
  | { readonly is: "ignoreObject"; readonly jobId: string | undefined }
  /** Look after a job's row. */
  | { readonly is: "reconcile"; readonly jobId: string }
  /** An operator's "send again", "reject" or "delivered". */
  | { readonly is: "decide"; readonly jobId: string; readonly decision: OperatorDecision }
  /** An object whose key names no job. */
  | { readonly is: "quarantine"; readonly key: string; readonly versionId: string }
  /** Nothing to do: another bucket, a removal, a test event, a folder marker. */
  | { readonly is: "ignore" };

const JobId = v.pipe(v.string(), v.transform(normalJobId), v.string());

/** What an operator decides about an object and a state of the row, and why. */
const Decision = v.strictObject({
  job: JobId,
  object: v.pipe(v.string(), v.regex(/^[a-z]+:[0-9a-f]{32}$/)),
  fence: v.pipe(v.number(), v.integer(), v.minValue(0)),
  by: v.pipe(v.string(), v.nonEmpty(), v.maxLength(200)),
  why: v.pipe(v.string(), v.nonEmpty(), v.maxLength(1000)),
});

/** Messages of our own: add-media and the census write `reconcile`, operators write the others. */
const Reconcile = v.strictObject({ reconcile: JobId });

const S3Records = v.object({
  Records: v.pipe(
    v.array(
      v.object({
        eventName: v.string(),
        eventTime: v.optional(v.string()),
        s3: v.object({
          bucket: v.object({ name: v.string() }),
          object: v.object({ key: v.string(), versionId: v.optional(v.string()), size: v.optional(v.number()) }),
        }),
      }),
    ),
    v.minLength(1),
  ),
});

/** The same as EventBridge has it, for a bucket that was there before the stage. */
const BridgedEvent = v.object({
  source: v.literal("aws.s3"),
  "detail-type": v.literal("Object Created"),
  time: v.optional(v.string()),
  detail: v.object({
    bucket: v.object({ name: v.string() }),
    object: v.object({ key: v.string(), "version-id": v.optional(v.string()), size: v.optional(v.number()) }),
    reason: v.optional(v.string()),
  }),
});

const TestEvent = v.object({ Event: v.literal("s3:TestEvent") });

/** The message cannot be understood, and never will be. */
export class UnreadableMessageError extends Error {
  override readonly name = "UnreadableMessageError";
  readonly code = "MESSAGE_UNREADABLE";
}

/**
 * What a message's JSON asks for, each record once. `undefined` stands for a body that is not JSON.
 *
 * @throws {UnreadableMessageError}
 */
export const parseWork = (message: unknown, bucketName: string): WorkItem[] => {
  // Parsed, not only checked: job ids come out in their normal form.
  const reconcile = v.safeParse(Reconcile, message);
  if (reconcile.success) return [{ is: "reconcile", jobId: reconcile.output.reconcile }];
  for (const what of ["resend", "reject", "delivered"] as const) {
    const { success, output } = v.safeParse(v.strictObject({ [what]: Decision }), message);
    if (success && output[what]) return [decide(what, output[what])];
  }
  if (v.is(TestEvent, message)) return [{ is: "ignore" }];
  const bridged = v.safeParse(BridgedEvent, message);
  if (bridged.success) return [parseRecord(inS3sWords(bridged.output), bucketName)];
  const event = v.safeParse(S3Records, message);
  if (!event.success) throw new UnreadableMessageError("The message is no S3 event, nor a message of this project");
  const items = event.output.Records.map((record) => parseRecord(record, bucketName));
  return items.filter((item, at) => at === items.findIndex((other) => isSameDrop(item, other)));
};

const decide = (what: OperatorDecision["what"], { job, ...about }: v.InferOutput<typeof Decision>): WorkItem => ({
  is: "decide",
  jobId: job,
  decision: { what, ...about },
});

const isSameDrop = (a: WorkItem, b: WorkItem): boolean =>
  a === b || ("media" in a && "media" in b && a.media.id === b.media.id);

type S3Record = v.InferOutput<typeof S3Records>["Records"][number];

/** The key is encoded in S3's own events alone: decoded as it is, it could name another object. */
const inS3sWords = ({ time, detail: { bucket, object, reason } }: v.InferOutput<typeof BridgedEvent>): S3Record => ({
  eventName: reason === "CopyObject" ? "ObjectCreated:Copy" : "ObjectCreated:Put",
  eventTime: time,
  s3: {
    bucket,
    object: { ...object, key: encodeURIComponent(object.key.toWellFormed()), versionId: object["version-id"] },
  },
});

const parseRecord = ({ eventName, eventTime = "", s3: { bucket, object } }: S3Record, bucketName: string): WorkItem => {
  if (bucket.name !== bucketName || !/^(s3:)?ObjectCreated:/.test(eventName)) return { is: "ignore" };
  // S3 calls a version "null" that was written before versioning was on.
  const versionId = object.versionId ?? "null";
  const key = decodeEventKey(object.key);
  if (key === undefined) return { is: "quarantine", key: object.key, versionId };
  const parsed = parseMediaKey(key);
  if (parsed === "folderMarker" && !object.size) return { is: "ignore" };
  const kind = kindOfKey(key, parsed);
  if (kind === "ignored") return { is: "ignoreObject", jobId: typeof parsed === "object" ? parsed.jobId : undefined };
  if (typeof parsed !== "object") return { is: "quarantine", key, versionId };
  const at = Date.parse(eventTime);
  const drop = {
    jobId: parsed.jobId,
    media: { id: objectId(key, versionId), kind: "object", key, versionId },
    arrivedAt: Number.isNaN(at) ? undefined : at,
  } as const;
  if (kind === "sidecar") return { is: "sidecar", ...drop };
  const isCopy = /^(s3:)?ObjectCreated:Copy$/.test(eventName);
  return { is: "drop", ...drop, sizeBytes: object.size ?? 0, uploadId: parsed.uploadId, isCopy };
};
