import { defined } from "../../lib/defined.ts";
import type { Settings } from "../../lib/delivery/machine/protocol.ts";
import { hasEnded, isNewer, SCHEMA_VERSION, type Row, type Write } from "../../lib/delivery/machine/row.ts";
import { timeToSettleErrorMs } from "../../lib/delivery/machine/waits.ts";
import { objectId, uploadIdOf, type MediaRef } from "../../lib/media/key.ts";

/** An object of the bucket that is media by its name: the current version of its key. */
export interface MediaObject {
  readonly key: string;
  readonly versionId: string;
  readonly sizeBytes: number;
  /** When it was written (ms since the epoch). */
  readonly writtenAt: number;
}

/** When the stage was stopped, and what follows from that. Times are ms since the epoch. */
export interface Stop {
  /** No worker began after this time. */
  readonly stoppedAt: number;
  readonly now: number;
  readonly settings: Settings;
}

/** A worker ends at most so long after it began: Lambda's limit. */
export const INVOCATION_MS = 900_000;
/** More than a row may have changed hands since the copy was made, so that no message about the lost rows fits a row again. */
const FENCE_STEP = 1_000;

/** What is done about a job: its old row is put back as it was, or as one whose media cielo24 may have; or nothing. */
export type Plan =
  { readonly do: "putBack" } | { readonly do: "doubt"; readonly write: Write } | { readonly do: "nothing" };

/**
 * What becomes of a job whose row in the copy is older than what has happened since. Whatever was open then, or has come
 * since, may have been sent: such a row says so, and cielo24 is asked before anything is sent. DELIVERED is a fact, and stays.
 *
 * @param copy the job's row in the restored copy
 * @param live its row in the stage's table, which knows more than the copy, unless that has the fact
 * @param objects the job's media in the bucket
 * @throws if a newer release wrote the row
 */
export const planJob = (
  copy: Row | undefined,
  live: Pick<Row, "state"> | undefined,
  objects: readonly MediaObject[],
  stop: Stop,
): Plan => {
  if (copy && isNewer(copy)) throw new Error(`Job ${copy.jobId}: a newer release wrote the row. Use that release.`);
  if (live) return copy?.state === "DELIVERED" && live.state !== "DELIVERED" ? { do: "putBack" } : { do: "nothing" };
  if (copy && (copy.state === "DELIVERED" || copy.closed)) return { do: "putBack" };
  if (copy?.state === "NEEDS_REVIEW") return { do: "doubt", write: doubtReview(copy, stop) };
  const came = copy && isUnderWay(copy) ? undefined : newest(objects.filter((each) => isNew(copy, each)));
  const media = came ? mediaOf(came) : copy && isUnderWay(copy) ? copy.media : undefined;
  if (media) return { do: "doubt", write: doubtMedia(copy, media, came, stop) };
  return copy ? { do: "putBack" } : { do: "nothing" };
};

const isUnderWay = (row: Row): boolean => !hasEnded(row) && row.state !== "UPLOADING";

const newest = (objects: readonly MediaObject[]): MediaObject | undefined =>
  objects.toSorted((a, b) => b.writtenAt - a.writtenAt)[0];

const mediaOf = ({ key, versionId }: MediaObject): MediaRef => ({
  id: objectId(key, versionId),
  kind: "object",
  key,
  versionId,
});

/** Whether the row has no end for the object. What its owner has cancelled is not sent, whatever has happened since. */
const isNew = (row: Row | undefined, { key, versionId }: MediaObject): boolean => {
  if (!row) return true;
  const { rejected = [], conflicts = [], cancelledAt, signedAfter = [] } = row;
  if ([...rejected, ...conflicts].includes(objectId(key, versionId))) return false;
  return cancelledAt === undefined || signedAfter.includes(uploadIdOf(key) ?? "");
};

/** From when on "no media" from job/info may be believed, whatever the lost workers did. */
const settleTime = ({ stoppedAt, settings }: Stop, row: Row | undefined): number => {
  const { clockSkewMs, settleMs, capabilityLifetimeMs, longestPullMs } = settings;
  const handedOverMs = clockSkewMs + settleMs + capabilityLifetimeMs + longestPullMs;
  // One more may have ended in an error of cielo24's.
  const errorMs = timeToSettleErrorMs(settings, { posts: (row?.posts ?? 0) + 1 });
  return Math.max(row?.settledAt ?? 0, stoppedAt + INVOCATION_MS + Math.max(handedOverMs, errorMs));
};

const ABSENT = { if: { state: ["none"] } } as const;

/** FINALIZING without a claim: job/info is asked; if it shows no media in time, the media is sent. */
const doubtMedia = (row: Row | undefined, media: MediaRef, came: MediaObject | undefined, stop: Stop): Write => {
  const { rejected, conflicts, conflictCount, otherMedia, sidecars, cancelledAt, signedAfter, signedAt, decision } =
    row ?? {};
  const ofJob = {
    rejected,
    conflicts,
    conflictCount,
    otherMedia,
    sidecars,
    cancelledAt,
    signedAfter,
    signedAt,
    decision,
  };
  const ofMedia = came
    ? { sizeBytes: came.sizeBytes, droppedAt: came.writtenAt }
    : { sizeBytes: row?.sizeBytes, droppedAt: row?.droppedAt, bytesInVain: row?.bytesInVain, handOver: row?.handOver };
  // A lost reply stays one, and a person decides if cielo24 never shows the media.
  const answeredError = row?.state === "FINALIZING" ? row.answeredError : true;
  const set = defined({
    ...ofJob,
    ...ofMedia,
    state: "FINALIZING" as const,
    schemaVersion: SCHEMA_VERSION,
    fence: (row?.fence ?? 0) + FENCE_STEP,
    media,
    claims: Math.max(row?.claims ?? 0, 1),
    posts: Math.max(came ? 0 : (row?.posts ?? 0), 1),
    everUnknown: true,
    answeredError,
    settledAt: settleTime(stop, row),
    notBefore: stop.now,
    updatedAt: stop.now,
  });
  return { ...ABSENT, set };
};

/** An operator may have sent it again since: the next one who wants that has to wait until that is settled. */
const doubtReview = (row: Row, stop: Stop): Write => {
  const since = {
    fence: row.fence + FENCE_STEP,
    everUnknown: true,
    settledAt: settleTime(stop, row),
    updatedAt: stop.now,
  };
  const others: Partial<Row> = { ...row };
  Reflect.deleteProperty(others, "jobId");
  return { ...ABSENT, set: { ...others, ...since } };
};
