import { MOST_GLANCES, type Ledger } from "../../lib/delivery/ledger.ts";
import type { MediaQueue } from "../../lib/delivery/aws/queue.ts";
import { dueTime, isOpen } from "../../lib/delivery/machine/open.ts";
import { hasEnded, type Row } from "../../lib/delivery/machine/row.ts";
import { kindOfKey, objectId, parseMediaKey, uploadIdOf } from "../../lib/media/key.ts";
import type { Observability } from "../../lib/observability.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { ListedObject, ListedPage } from "./listing.ts";

export interface Census {
  readonly ledger: Pick<Ledger, "read" | "glance" | "listDue">;
  readonly queue: Pick<MediaQueue, "put">;
  /** As in listing.ts: the current versions under `media/`; some pages come at once. */
  readonly listObjects: (
    matters: (object: ListedObject) => boolean,
    visit: (page: ListedPage) => Promise<void>,
    firstPart: number,
  ) => Promise<boolean>;
  /** Messages in the queue, hidden and delayed ones included; an estimate, as SQS gives it. */
  readonly countMessages: () => Promise<number>;
  readonly bucketName: string;
  readonly observability: Observability;
  readonly runtime: Pick<Runtime, "clock" | "randomHex">;
  /** Whether cielo24 shows media for the job; undefined if it does not say. */
  readonly showsMedia: (jobId: string) => Promise<boolean | undefined>;
  /** How often the census runs. */
  readonly intervalMs: number;
  /** When this run was to begin (ms since the epoch): which run of its day it is. */
  readonly scheduledAt: number;
}

/** Why something was put back into the queue. */
type Why =
  /** An object that no row knows of. */
  | "unannouncedObjects"
  /** An object of a job that is still waiting for its media. */
  | "uploadedObjects"
  /** An object other than the job's media, without an end on record. */
  | "otherObjects"
  /** A row whose next step is overdue. */
  | "stuckRows"
  /** A row whose end was never announced. */
  | "silentRows"
  /** An upload that was begun and has not arrived in all the time that it may take. */
  | "timedOutUploads";

/** Something that was put back into the queue, or would have been if the queue had taken it. */
export interface Finding {
  readonly why: Why;
  readonly jobId: string;
  /** Not of a row. */
  readonly object?: ListedObject;
  /** Since when it should have been on its way (ms since the epoch). */
  readonly dueAt: number;
}

/** A file that arrived and is not at cielo24, whether that is right or not. */
export interface Undelivered {
  readonly object: ListedObject;
  /** Of a key that names one. */
  readonly jobId?: string;
  readonly state?: Row["state"];
  /** Why it was rejected or waits, or `conflict`: its job has other media. */
  readonly reason: string;
}

/** Counts of what this census saw, and of what it put back, by why; never of what is only waiting. */
export interface CensusReport extends Readonly<Record<Why, number>> {
  /** In the bucket. */
  readonly objects: number;
  /** Objects and open rows that were compared with the ledger. */
  readonly compared: number;
  /** Objects whose key names no job; they were quarantined when they came. */
  readonly foreignObjects: number;
  /** Objects that are no media by their names: never delivered, so never put back. */
  readonly ignoredObjects: number;
  readonly sidecars: number;
  readonly requeued: number;
  readonly failed: number;
  readonly undeliveredObjects: number;
  /** Deliveries of which cielo24 said whether it shows their media, and those of which it shows none. */
  readonly sampled: number;
  readonly notShown: number;
  /** The first ones. */
  readonly findings: readonly Finding[];
  readonly undelivered: readonly Undelivered[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Anything younger is still on its way. */
const GRACE_MS = HOUR_MS / 2;
/** Objects so young are looked at in each run. */
const RECENT_MS = 2 * HOUR_MS;
/**
 * Objects so young are looked at once a day. An upload in parts may take seven days until S3 aborts it, and its object bears
 * the time when it was begun.
 */
const SWEPT_MS = 8 * DAY_MS;
const MOST_FINDINGS = 1000;
/** Deliveries that cielo24 is asked about in each run, once they are so old that job/info must show them. */
const SAMPLES = 5;
const SHOWN_AFTER_MS = HOUR_MS;

/** What may have been lost: an object, or a row that is due. */
interface Candidate {
  readonly jobId: string;
  readonly object?: ListedObject;
}

/**
 * Compares bucket, ledger and queue, and puts back into the queue what is stuck or was never announced. A second message
 * for an object does no harm: the ledger decides. Still, a long outage must not fill the queue. So unless the queue is
 * empty, what is looked at in each run is put back only as its age passes 30 minutes, 1 hour, 2 hours, 4 hours and so on.
 * What is looked at once a day is put back each time.
 *
 * It costs what is open and what is new, not what ever was: rows come from the index of open rows; of the objects, each run
 * compares those of the last two hours, and a part of those of the last eight days. A glance at the row comes first, and
 * whatever seems to be lost is read consistently before it is put back.
 *
 * It also names what arrived and is not at cielo24, and asks cielo24 about a few deliveries, chosen at random. That is for
 * people: nothing is done about it here.
 */
export const takeCensus = async (parts: Census): Promise<CensusReport> => {
  const { ledger, queue, runtime, observability, intervalMs } = parts;
  const now = runtime.clock();
  const isQueueEmpty = (await parts.countMessages()) === 0;
  const runsPerDay = Math.round(DAY_MS / intervalMs);
  /** Runs begin a little late, or early by some clock: to the nearest one. */
  const run = Math.round(parts.scheduledAt / intervalMs);
  const found = {
    objects: 0,
    compared: 0,
    unannouncedObjects: 0,
    uploadedObjects: 0,
    otherObjects: 0,
    stuckRows: 0,
    silentRows: 0,
    timedOutUploads: 0,
    foreignObjects: 0,
    ignoredObjects: 0,
    sidecars: 0,
    requeued: 0,
    failed: 0,
    undeliveredObjects: 0,
    sampled: 0,
    notShown: 0,
  };
  const findings: Finding[] = [];
  const undelivered: Undelivered[] = [];
  const sample: Row[] = [];
  let delivered = 0;
  /** Whether the object is looked at once a day only. */
  const isSwept = (object: ListedObject): boolean => now - object.writtenAt > RECENT_MS;
  /** Whether something is put back that was due at that time, and was found by this object or by none. */
  const isTime = (dueAt: number, by?: ListedObject): boolean =>
    now - dueAt >= GRACE_MS && (isQueueEmpty || (by && isSwept(by)) || passesMark(now - dueAt, intervalMs));

  const putBack = async (finding: Finding) => {
    const { why, jobId, object } = finding;
    found[why] += 1;
    if (findings.length < MOST_FINDINGS) findings.push(finding);
    observability.with({ jobId, uploadId: object && uploadIdOf(object.key) }).log.warn("put back", { reason: why });
    const message = object ? eventOf(object, parts.bucketName) : { reconcile: jobId };
    await queue.put(message, { delayS: 0 }).then(
      () => (found.requeued += 1),
      () => (found.failed += 1),
    );
  };

  const name = (each: Undelivered) => {
    const { jobId, state, reason, object } = each;
    const ageMs = now - object.writtenAt;
    if (!isSwept(object) && !passesMark(ageMs, intervalMs)) return;
    found.undeliveredObjects += 1;
    if (undelivered.length < MOST_FINDINGS) undelivered.push(each);
    const ids = { jobId, uploadId: uploadIdOf(object.key), mediaId: idOf(object) };
    observability.log.info("not delivered", { ...ids, state, reason, ageS: Math.round(ageMs / 1000) });
  };

  /** Keeps a few rows, each with the same chance. */
  const consider = (row: Row) => {
    if (now - row.updatedAt < SHOWN_AFTER_MS) return;
    delivered += 1;
    const place =
      sample.length < SAMPLES ? sample.length : Number.parseInt(runtime.randomHex().slice(0, 8), 16) % delivered;
    if (place < SAMPLES) sample[place] = row;
  };

  const askAbout = async ({ jobId, taskId, state, updatedAt }: Row): Promise<boolean> => {
    const isShown = await parts.showsMedia(jobId);
    if (isShown === undefined) return false;
    found.sampled += 1;
    if (isShown) return true;
    found.notShown += 1;
    observability.count("MediaNotShown");
    const fields = { jobId, state, taskId, ageS: Math.round((now - updatedAt) / 1000) };
    observability.log.error("cielo24 does not show media that was delivered", fields);
    return true;
  };

  /** Nobody drives the row, or tells of its end. */
  const isOverdue = (row: Row, by: ListedObject | undefined): boolean => isOpen(row) && isTime(dueTime(row), by);

  const rowsPutBack = new Set<string>();
  /** A row that is due may have been found by the index, and once more by an object. */
  const lookAtRow = async (seen: Row, by: ListedObject | undefined) => {
    const { jobId } = seen;
    if (!isOverdue(seen, by) || rowsPutBack.has(jobId)) return;
    rowsPutBack.add(jobId);
    const row = await ledger.read(jobId);
    if (row && isOverdue(row, by)) await putBack({ why: whyOverdue(row), jobId, dueAt: dueTime(row) });
  };

  const compare = async (candidates: readonly Candidate[]) => {
    found.compared += candidates.length;
    const rows = await ledger.glance([...new Set(candidates.map(({ jobId }) => jobId))]);
    for (const { jobId, object } of candidates) {
      const seen = rows.get(jobId);
      // Of a row that an older version wrote, and that has no entry in the index, its object tells.
      if (seen) await lookAtRow(seen, object);
      if (!object) continue;
      // It waits behind other media whose row nobody drives: its own message may be gone as well, and it may be too old to be
      // looked at by the time that the row is free.
      if (seen && isOverdue(seen, object) && isBehind(seen, object))
        await putBack({ why: "otherObjects", jobId, object, dueAt: object.writtenAt });
      if (seen && isKnown(seen, object)) {
        const why = whyUndelivered(seen, idOf(object));
        if (why === undefined) consider(seen);
        else name({ jobId, state: seen.state, reason: why, object });
        continue;
      }
      const row = await ledger.read(jobId);
      if (!isKnown(row, object)) await putBack({ why: reasonOf(row), jobId, object, dueAt: object.writtenAt });
    }
  };
  let waiting: Candidate[] = [];
  /** Compares a candidate, together with others. */
  const add = async (candidate: Candidate) => {
    if (waiting.push(candidate) >= MOST_GLANCES) await flush();
  };
  const flush = async () => {
    const together = waiting;
    waiting = [];
    if (together.length > 0) await compare(together);
  };

  for await (const jobId of ledger.listDue(now)) await add({ jobId });
  await flush();

  const matters = (object: ListedObject): boolean => {
    const { is, jobId } = classify(object);
    return is === "media" ? isTurn(object, jobId) : is !== undefined;
  };
  const visit = async ({ objects, count }: ListedPage) => {
    found.objects += count;
    for (const object of objects) {
      const { is, jobId } = classify(object);
      if (is === "media") await add({ jobId, object });
      else if (is) found[is] += 1;
      // It names no job: a digest stands in for the id, by which objects are spread over the runs of a day.
      if (is === "foreignObjects" && isTurn(object, idOf(object).replace("object:", "")))
        name({ reason: "KEY_QUARANTINED", object });
    }
  };
  // Another part begins on the next day, too, when the same objects have their turn.
  const isComplete = await parts.listObjects(matters, visit, run + Math.floor(run / runsPerDay));
  if (!isComplete) observability.log.error("census out of time", { counts: { objects: found.objects } });
  await flush();
  // Whether cielo24 is down is nothing that the census finds.
  for (const row of sample) if (!(await askAbout(row))) break;

  /** Whether the object is looked at in this run, and would be put back if it was lost. */
  function isTurn(object: ListedObject, digits: string): boolean {
    const { writtenAt } = object;
    if (!isSwept(object)) return isTime(writtenAt);
    return now - writtenAt <= SWEPT_MS && Number.parseInt(digits.slice(0, 8), 16) % runsPerDay === run % runsPerDay;
  }

  const total = found.requeued + found.failed;
  observability.log[total > 0 ? "warn" : "info"]("census", { counts: found });
  // An upload that was given up was not lost: no alarm for it.
  observability.count("CensusFound", total - found.timedOutUploads);
  return { ...found, findings, undelivered };
};

const idOf = ({ key, versionId }: ListedObject): string => objectId(key, versionId);

/** What an object is by its key. */
const classify = (object: ListedObject) => {
  const parsed = parseMediaKey(object.key);
  const isFolder = parsed === "folderMarker";
  if (isFolder && object.sizeBytes === 0) return { is: undefined, jobId: "" };
  const kind = kindOfKey(object.key, parsed);
  if (kind === "ignored") return { is: "ignoredObjects", jobId: "" } as const;
  if (parsed === undefined || isFolder) return { is: "foreignObjects", jobId: "" } as const;
  return { is: kind === "sidecar" ? "sidecars" : "media", jobId: parsed.jobId } as const;
};

const reasonOf = (row: Row | undefined): Why => {
  if (row === undefined) return "unannouncedObjects";
  return row.state === "UPLOADING" ? "uploadedObjects" : "otherObjects";
};

const whyOverdue = (row: Row): Why => {
  if (row.state === "UPLOADING") return "timedOutUploads";
  return hasEnded(row) ? "silentRows" : "stuckRows";
};

/**
 * Whether the ledger has an end for the object, or will get one. While the row of another object is open, the object waits
 * for its turn. Once that row has its end, the census looks for the object again, since its message may be gone by then.
 */
const isKnown = (row: Row | undefined, object: ListedObject): boolean => {
  if (row === undefined) return false;
  const { state, media, rejected = [], conflicts = [], conflictCount = 0 } = row;
  const id = idOf(object);
  // An upload may have been signed after that.
  if ([...rejected, ...conflicts].includes(id)) return true;
  if (state === "UPLOADING") return false;
  // The row keeps the ids of its latest conflicts only.
  return !hasEnded(row) || conflictCount > conflicts.length || media?.id === id;
};

/** Whether the object waits until other media of its job has come to an end. */
const isBehind = (row: Row, object: ListedObject): boolean =>
  !hasEnded(row) &&
  row.state !== "UPLOADING" &&
  row.media?.id !== idOf(object) &&
  !row.rejected?.includes(idOf(object));

/** Why an object that the row knows is not at cielo24; undefined if it is. */
const whyUndelivered = (row: Row, id: string): string | undefined => {
  if (row.media?.id === id)
    return row.state === "DELIVERED" ? undefined : ((row.error ?? row.waiting)?.type ?? "underWay");
  if (row.rejected?.includes(id)) return "rejected";
  return hasEnded(row) ? "conflict" : "underWay";
};

/** Whether the age passed 30 minutes times a power of two since this was last looked at. */
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
