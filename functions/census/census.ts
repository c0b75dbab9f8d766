import type { Ledger } from "../../lib/delivery/ledger.ts";
import type { MediaQueue } from "../../lib/delivery/aws/queue.ts";
import type { Row } from "../../lib/delivery/machine/row.ts";
import { objectId, parseMediaKey } from "../../lib/media/key.ts";
import type { Observability } from "../../lib/observability.ts";
import type { Runtime } from "../../lib/runtime.ts";

/** An object as a listing shows it: the current version of a key. */
export interface ListedObject {
  readonly key: string;
  readonly versionId: string;
  readonly sizeBytes: number;
  /** When it was written, milliseconds since the epoch. */
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

/** Why something was put back on its way. */
type Finding =
  /** An object that no row knows of. */
  | "unannouncedObjects"
  /** An object of a job that still waits for its media. */
  | "uploadedObjects"
  /** An object that came besides the job's media, and has no end on record. */
  | "otherObjects"
  /** A row that nobody drives although its time is over. */
  | "stuckRows"
  /** A row whose end was never announced. */
  | "silentRows";

/** The findings count what this census put back, or would have if the queue had taken it; never what merely waits. */
export interface CensusReport extends Readonly<Record<Finding, number>> {
  readonly objects: number;
  readonly rows: number;
  /** Objects whose key names no job; they were quarantined when they came. */
  readonly foreignObjects: number;
  readonly requeued: number;
  readonly failed: number;
}

type KnownRow = Pick<Row, "state" | "media" | "rejected" | "conflicts" | "conflictCount">;

const MINUTE_MS = 60_000;
/** What is younger is on its way. */
const GRACE_MS = 30 * MINUTE_MS;

/**
 * Compares bucket, ledger and queue, and puts back on its way what is stuck or was never announced. A second message
 * for a drop does no harm: the ledger decides. Still, a long outage must not fill the queue, so where the queue is not
 * empty a thing is put back only as its age passes 30 minutes, 1 hour, 2 hours, 4 hours and so on.
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
    requeued: 0,
    failed: 0,
  };
  /** Puts back what has been due since then, if it is time. */
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
    rows.set(row.jobId, pickKnown(row));
    const message = { reconcile: row.jobId };
    if (isOpen(row)) await putBack("stuckRows", message, dueTime(row));
    if (hasSilentEnd(row)) await putBack("silentRows", message, row.updatedAt);
  }

  for await (const object of parts.listObjects()) {
    found.objects += 1;
    const parsed = parseMediaKey(object.key);
    if (parsed === "folderMarker" && object.sizeBytes === 0) continue;
    if (parsed === undefined || parsed === "folderMarker") {
      found.foreignObjects += 1;
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

/** A row whose driver has still something to do. */
const isOpen = ({ state }: Pick<Row, "state">): boolean => state === "SENDING" || state === "FINALIZING";

/**
 * When an open row's next step is due at the latest. Nobody may take it before `notBefore`, which may lie days ahead; a
 * claim holds SENDING until its lease is over, and FINALIZING is decided at `settledAt`. Whoever waits has a message that
 * comes back by then.
 */
const dueTime = ({ state, leaseUntil, settledAt, notBefore = 0, updatedAt }: Row): number =>
  Math.max((state === "SENDING" ? leaseUntil : settledAt) ?? updatedAt, notBefore);

const hasSilentEnd = ({ state, announced }: Row): boolean =>
  !announced && (state === "DELIVERED" || state === "REJECTED" || state === "NEEDS_REVIEW");

/**
 * Whether the ledger has an end for the object, or will see to one. While the row of another object is open, the object
 * waits for its turn behind it: it is looked for again once that one has its end, since its message may have died meanwhile.
 */
const isKnown = (row: KnownRow | undefined, id: string): boolean => {
  if (row === undefined || row.state === "UPLOADING") return false;
  if (isOpen(row)) return true;
  const { media, rejected = [], conflicts = [], conflictCount = 0 } = row;
  // The row keeps the names of the latest conflicts alone.
  return media?.id === id || rejected.includes(id) || conflicts.includes(id) || conflictCount > conflicts.length;
};

const pickKnown = ({ state, media, rejected, conflicts, conflictCount }: Row): KnownRow => ({
  state,
  ...(media ? { media } : {}),
  ...(rejected ? { rejected } : {}),
  ...(conflicts ? { conflicts } : {}),
  ...(conflictCount ? { conflictCount } : {}),
});

/** Whether the age passed 30 minutes times a power of two since the last census. */
const passesMark = (ageMs: number, intervalMs: number): boolean => {
  const before = ageMs - intervalMs;
  return before < GRACE_MS || Math.floor(Math.log2(ageMs / GRACE_MS)) > Math.floor(Math.log2(before / GRACE_MS));
};

/** The event that S3 would have sent; keys are form-encoded in it. */
const eventOf = ({ key, versionId, sizeBytes }: ListedObject, bucketName: string) => ({
  Records: [
    {
      eventSource: "cielo24-proxy:census",
      eventName: "ObjectCreated:Census",
      s3: {
        bucket: { name: bucketName },
        object: { key: encodeURIComponent(key).replaceAll("%20", "+"), versionId, size: sizeBytes },
      },
    },
  ],
});
