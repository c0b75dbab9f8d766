import type { Ledger } from "../../lib/delivery/ledger.ts";
import type { MediaQueue } from "../../lib/delivery/aws/queue.ts";
import { hasEnded, type Row } from "../../lib/delivery/machine/row.ts";
import { kindOfKey, objectId, parseMediaKey } from "../../lib/media/key.ts";
import type { Observability } from "../../lib/observability.ts";
import type { Runtime } from "../../lib/runtime.ts";

/** An object as a listing shows it: the current version of a key. */
export interface ListedObject {
  readonly key: string;
  readonly versionId: string;
  readonly sizeBytes: number;
  /** When it was written (ms since the epoch). */
  readonly writtenAt: number;
}

export interface Census {
  readonly ledger: Pick<Ledger, "scan">;
  readonly queue: Pick<MediaQueue, "put">;
  /** The current versions under `media/`, delete markers left out. */
  readonly listObjects: () => AsyncIterable<ListedObject>;
  /** Messages in the queue, hidden and delayed ones included; an estimate, as SQS gives it. */
  readonly countMessages: () => Promise<number>;
  readonly bucketName: string;
  readonly observability: Observability;
  readonly runtime: Pick<Runtime, "clock">;
  /** How often the census runs. */
  readonly intervalMs: number;
}

/** Why something was put back into the queue. */
type Finding =
  /** An object that no row knows of. */
  | "unannouncedObjects"
  /** An object of a job that is still waiting for its media. */
  | "uploadedObjects"
  /** An object other than the job's media, without an end on record. */
  | "otherObjects"
  /** A row whose next step is overdue. */
  | "stuckRows"
  /** A row whose end was never announced. */
  | "silentRows";

/** The findings count what this census put back, or would have if the queue had taken it; never what is only waiting. */
export interface CensusReport extends Readonly<Record<Finding, number>> {
  readonly objects: number;
  readonly rows: number;
  /** Objects whose key names no job; they were quarantined when they came. */
  readonly foreignObjects: number;
  /** Objects that are no media by their names: never delivered, so never put back. */
  readonly ignoredObjects: number;
  readonly sidecars: number;
  readonly requeued: number;
  readonly failed: number;
}

/** What the census remembers of a row while it lists the objects. */
interface KnownRow {
  readonly state: Row["state"];
  /** Ids of the job's media and of the objects that it has rejected or recorded as conflicts. */
  readonly ids: readonly (string | undefined)[];
  /** The row keeps the ids of its latest conflicts only. */
  readonly hasLostIds: boolean;
}

/** Anything younger is still on its way. */
const GRACE_MS = 30 * 60_000;

/**
 * Compares bucket, ledger and queue, and puts back into the queue what is stuck or was never announced. A second message
 * for an object does no harm: the ledger decides. Still, a long outage must not fill the queue. So unless the queue is
 * empty, the census puts a thing back only as its age passes 30 minutes, 1 hour, 2 hours, 4 hours and so on.
 */
export const takeCensus = async (parts: Census): Promise<CensusReport> => {
  const { ledger, queue, runtime, observability } = parts;
  const now = runtime.clock();
  const isQueueEmpty = (await parts.countMessages()) === 0;
  const found = {
    objects: 0,
    rows: 0,
    unannouncedObjects: 0,
    uploadedObjects: 0,
    otherObjects: 0,
    stuckRows: 0,
    silentRows: 0,
    foreignObjects: 0,
    ignoredObjects: 0,
    sidecars: 0,
    requeued: 0,
    failed: 0,
  };
  /** Puts the message back if it has been due for long enough. */
  const putBack = async (finding: Finding, message: unknown, dueAt: number) => {
    const ageMs = now - dueAt;
    if (ageMs < GRACE_MS || !(isQueueEmpty || passesMark(ageMs, parts.intervalMs))) return;
    found[finding] += 1;
    await queue.put(message, { delayS: 0 }).then(
      () => (found.requeued += 1),
      () => (found.failed += 1),
    );
  };

  const rows = new Map<string, KnownRow>();
  for await (const row of ledger.scan()) {
    found.rows += 1;
    const { state, media, rejected = [], conflicts = [], conflictCount = 0 } = row;
    const hasLostIds = conflictCount > conflicts.length;
    rows.set(row.jobId, { state, ids: [media?.id, ...rejected, ...conflicts], hasLostIds });
    const message = { reconcile: row.jobId };
    if (isOpen(row)) await putBack("stuckRows", message, dueTime(row));
    if (hasEnded(row) && !row.announced) await putBack("silentRows", message, row.updatedAt);
  }

  for await (const object of parts.listObjects()) {
    found.objects += 1;
    const parsed = parseMediaKey(object.key);
    if (parsed === "folderMarker" && object.sizeBytes === 0) continue;
    const kind = kindOfKey(object.key, parsed);
    if (kind === "ignored") {
      found.ignoredObjects += 1;
      continue;
    }
    if (parsed === undefined || parsed === "folderMarker") {
      found.foreignObjects += 1;
      continue;
    }
    if (kind === "sidecar") {
      found.sidecars += 1;
      continue;
    }
    const row = rows.get(parsed.jobId);
    if (isKnown(row, objectId(object.key, object.versionId))) continue;
    await putBack(findingOf(row), eventOf(object, parts.bucketName), object.writtenAt);
  }

  const total = found.requeued + found.failed;
  observability.log[total > 0 ? "warn" : "info"]("census", { counts: found });
  observability.count("CensusFound", total);
  return found;
};

const findingOf = (row: KnownRow | undefined): Finding => {
  if (row === undefined) return "unannouncedObjects";
  return row.state === "UPLOADING" ? "uploadedObjects" : "otherObjects";
};

/** A row that has a next step. */
const isOpen = ({ state }: Pick<Row, "state">): boolean => state === "SENDING" || state === "FINALIZING";

/**
 * When an open row's next step is due at the latest: not before `notBefore`, which may be days away; in SENDING, not before
 * the claim's lease is over; in FINALIZING, not before `settledAt`. Until then, a message that is waiting comes back.
 */
const dueTime = ({ state, leaseUntil, settledAt, notBefore = 0, updatedAt }: Row): number =>
  Math.max((state === "SENDING" ? leaseUntil : settledAt) ?? updatedAt, notBefore);

/**
 * Whether the ledger has an end for the object, or will get one. While the row of another object is open, the object waits
 * for its turn. Once that row has its end, the census looks for the object again, since its message may be gone by then.
 */
const isKnown = (row: KnownRow | undefined, id: string): boolean => {
  if (row === undefined || row.state === "UPLOADING") return false;
  return isOpen(row) || row.hasLostIds || row.ids.includes(id);
};

/** Whether the age passed 30 minutes times a power of two since the last census. */
const passesMark = (ageMs: number, intervalMs: number): boolean => {
  const before = ageMs - intervalMs;
  return before < GRACE_MS || Math.floor(Math.log2(ageMs / GRACE_MS)) > Math.floor(Math.log2(before / GRACE_MS));
};

/** The event that S3 would have sent, with a form-encoded key. */
const eventOf = ({ key, versionId, sizeBytes, writtenAt }: ListedObject, bucketName: string) => ({
  Records: [
    {
      eventSource: "cielo24-proxy:census",
      eventName: "ObjectCreated:Census",
      eventTime: new Date(writtenAt).toISOString(),
      s3: {
        bucket: { name: bucketName },
        object: { key: encodeURIComponent(key).replaceAll("%20", "+"), versionId, size: sizeBytes },
      },
    },
  ],
});
