import type { Ledger } from "../../lib/delivery/ledger.ts";
import type { MediaQueue } from "../../lib/delivery/queue.ts";
import type { Row } from "../../lib/delivery/row.ts";
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

export interface CensusReport {
  readonly objects: number;
  readonly rows: number;
  /** Objects that no row knows of. */
  readonly unannouncedObjects: number;
  /** Objects of jobs that still wait for their media. */
  readonly uploadedObjects: number;
  /** Objects that came besides the job's media, and have no end on record. */
  readonly otherObjects: number;
  /** Rows that nobody drives although their time is over. */
  readonly stuckRows: number;
  /** Rows whose end was never announced. */
  readonly silentRows: number;
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
  const putBack = async (message: unknown, ageMs: number) => {
    if (!isQueueEmpty && !passesMark(ageMs, parts.intervalMs)) return;
    await queue.put(message, { delayS: 0 }).then(
      () => (found.requeued += 1),
      () => (found.failed += 1),
    );
  };

  const rows = new Map<string, KnownRow>();
  for await (const row of ledger.scan()) {
    found.rows += 1;
    rows.set(row.jobId, pickKnown(row));
    const stuckSince = stuckTime(row);
    if (stuckSince !== undefined && now - stuckSince >= GRACE_MS) {
      found.stuckRows += 1;
      await putBack({ reconcile: row.jobId }, now - stuckSince);
    }
    if (hasSilentEnd(row) && now - row.updatedAt >= GRACE_MS) {
      found.silentRows += 1;
      await putBack({ reconcile: row.jobId }, now - row.updatedAt);
    }
  }

  for await (const object of parts.listObjects()) {
    found.objects += 1;
    const parsed = parseMediaKey(object.key);
    if (parsed === "folderMarker" && object.sizeBytes === 0) continue;
    if (parsed === undefined || parsed === "folderMarker") {
      found.foreignObjects += 1;
      continue;
    }
    const ageMs = now - object.writtenAt;
    const row = rows.get(parsed.jobId);
    if (ageMs < GRACE_MS || isKnown(row, objectId(object.key, object.versionId))) continue;
    if (row === undefined) found.unannouncedObjects += 1;
    else if (row.state === "UPLOADING") found.uploadedObjects += 1;
    else found.otherObjects += 1;
    await putBack(eventOf(object, parts.bucketName), ageMs);
  }

  const total =
    found.unannouncedObjects + found.uploadedObjects + found.otherObjects + found.stuckRows + found.silentRows;
  observability.log[total > 0 ? "warn" : "info"]("census", { counts: found });
  observability.count("CensusFound", total);
  if (found.requeued > 0) observability.count("CensusRequeued", found.requeued);
  return found;
};

/** When the row's driver should have acted; undefined where nobody owes it anything. */
const stuckTime = (row: Row): number | undefined => {
  if (row.state === "SENDING") return row.leaseUntil ?? row.updatedAt;
  if (row.state === "FINALIZING") return row.settledAt ?? row.updatedAt;
  return undefined;
};

const hasSilentEnd = ({ state, announced }: Row): boolean =>
  !announced && (state === "DELIVERED" || state === "REJECTED" || state === "NEEDS_REVIEW");

/**
 * Whether the ledger has an end for the object, or is about to. An object that only waits behind another one is not
 * known: its message may have died meanwhile.
 */
const isKnown = (row: KnownRow | undefined, id: string): boolean => {
  if (row === undefined || row.state === "UPLOADING") return false;
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
