import type { MediaRef } from "../../media/key.ts";

/**
 * A job's row in the delivery ledger, a write to it as data, and `decideWrite`, which says what a write means. Read this
 * first: everything else in this folder is about rows and writes.
 */

/** The states of a job's delivery. `docs/architecture.md` draws the transitions between them. */
export type State = "UPLOADING" | "SENDING" | "FINALIZING" | EndState;
export type EndState = "DELIVERED" | "REJECTED" | "NEEDS_REVIEW";

export interface DeliveryError {
  readonly type: string;
  readonly comment: string;
}

/** What a look at an object's bytes showed. */
export interface Look {
  /** "MP4", "WAV", ... */
  readonly container?: string | undefined;
  readonly durationS?: number | undefined;
  readonly audioTracks?: number | undefined;
  readonly videoTracks?: number | undefined;
  /** What may be wrong with the media, which was sent all the same. */
  readonly concern?: DeliveryError | undefined;
}

/** Proof of a claim: the row must still carry both. */
export interface Claim {
  readonly fence: number;
  readonly claimId: string;
}

/** What an operator decided about a row, and why. */
export interface Decision {
  readonly what: "resend" | "reject" | "delivered";
  /** The fence of the row that the operator saw. */
  readonly fence: number;
  readonly by: string;
  readonly why: string;
  readonly at: number;
}

/**
 * The form of rows that this code writes, and the newest that it understands. It grows only if older code must not touch a
 * row any more: not for an attribute that older code may ignore. docs/upgrading.md says how a release raises it.
 */
export const SCHEMA_VERSION = 1;

/** Times are milliseconds since the epoch, except `expiresAt`. */
export interface Row {
  readonly jobId: string;
  readonly state: State;
  /** Of what wrote the state; absent on rows of release 0.1.0, which are of version 1. */
  readonly schemaVersion?: number;
  /** Grows with every claim and whenever the row changes hands. */
  readonly fence: number;
  /** Random name of the claim on the row; absent if there is none. */
  readonly claimId?: string;
  readonly media?: MediaRef;
  readonly leaseUntil?: number;
  /** From this time on "no media" from job/info may be believed. */
  readonly settledAt?: number;
  /** POSTs of this media whose last chunk, or whose URL, went out and which had no definite reply. */
  readonly posts?: number;
  /** Claims of this media so far, each at most one POST; for people. */
  readonly claims?: number;
  /** The next step is not due before this time. Every reader of the row obeys it. */
  readonly notBefore?: number;
  /** What the row waits for; absent if nothing is in its way. */
  readonly waiting?: DeliveryError;
  /** The object waits for a newer version of its key, of which the first came at this time. */
  readonly settlingSince?: number;
  /** Since when cielo24 has said, without a break, that it does not know the job. */
  readonly unknownSince?: number;
  /** The last POST has an unknown outcome because cielo24 replied to the whole body with an error. */
  readonly answeredError?: boolean;
  /** Bytes that earlier POSTs of this media sent in vain; those of the last POST are `sentBytes`. */
  readonly bytesInVain?: number;
  /** A reply was lost: cielo24 may have accepted something that no record shows. */
  readonly everUnknown?: boolean;
  /** The next attempt hands the object over by URL: it is too slow to stream within one invocation. */
  readonly handOver?: boolean;
  /** Random part of the capability URL `/media/<job_id>.<capability>/<name>`; removing it revokes the URL. */
  readonly capability?: string;
  readonly capabilityUntil?: number;
  /** A GET of the present capability URL was redirected: cielo24 may have read the object. */
  readonly redirected?: boolean;
  /** How often the capability URL was used. */
  readonly pulls?: number;
  /** Ids of media that were definitely refused; if one comes again, it is not sent again. */
  readonly rejected?: readonly string[];
  /** Ids of objects that came when the job had its media. The last 10; `conflictCount` counts all. */
  readonly conflicts?: readonly string[];
  readonly conflictCount?: number;
  /** How many of the conflicts hold something else than the job's media. */
  readonly otherMedia?: number;
  /** Ids of files that came beside the media, such as subtitles. The last 10. */
  readonly sidecars?: readonly string[];
  /** An operator's last decision about this row. */
  readonly decision?: Decision;
  /** An operator closed a row whose media may have been accepted: nothing more is sent for the job. */
  readonly closed?: boolean;
  /** When the owner last cancelled. Of the objects that come, none is sent but those of a new beginning: `signedAfter`. */
  readonly cancelledAt?: number;
  /** Ids of the uploads that were signed after the cancellation. The last 100; absent if none was. */
  readonly signedAfter?: readonly string[];
  /** When the last upload for the job was signed. */
  readonly signedAt?: number;
  /** When the media came into the bucket. Absent for a caller's media. */
  readonly droppedAt?: number;
  /** The drop has been counted as late. */
  readonly late?: boolean;
  /** When job/info last showed the job without media, asked before an upload was signed. Only a hint. */
  readonly jobSeenAt?: number;
  /** The event of the present end (DELIVERED, REJECTED, NEEDS_REVIEW) is out. */
  readonly announced?: boolean;
  /** Random name of the worker that wrote the end: until `announcerUntil`, no other announces it. */
  readonly announcer?: string;
  readonly announcerUntil?: number;
  /** When an operator deleted the media, and what the row said of it, at a person's request. */
  readonly forgottenAt?: number;
  readonly taskId?: string;
  readonly error?: DeliveryError;
  readonly sizeBytes?: number;
  readonly look?: Look;
  readonly sentBytes?: number;
  /** Lower-case hex SHA-256 of the bytes that were sent. */
  readonly sha256?: string;
  readonly updatedAt: number;
  /** Seconds since the epoch, as DynamoDB's time to live wants; only on UPLOADING and REJECTED. */
  readonly expiresAt?: number;
}

/** Whether the delivery has ended: the row stays as it is unless a new upload or an operator begins again. */
export const hasEnded = <R extends { readonly state?: State }>(row: R): row is R & { readonly state: EndState } =>
  row.state === "DELIVERED" || row.state === "REJECTED" || row.state === "NEEDS_REVIEW";

/** A newer release wrote the row: this code cannot know what it means, writes nothing to it, and leaves it to newer code. */
export const isNewer = ({ schemaVersion = SCHEMA_VERSION }: Row): boolean => schemaVersion > SCHEMA_VERSION;

/** An error as clients and subscribers see it: in cielo24's form. */
export const showError = ({ type, comment }: DeliveryError) => ({ ErrorType: type, ErrorComment: comment });

/** What a look at the media showed, as clients and subscribers see it. */
export const showLook = ({ container, durationS, audioTracks, videoTracks, concern }: Look = {}) => ({
  Container: container,
  DurationSeconds: durationS,
  AudioTracks: audioTracks,
  VideoTracks: videoTracks,
  Concern: concern && showError(concern),
});

/**
 * What must be true of the row for a write to happen; everything that is given must hold. No write happens to a row that
 * `isNewer`.
 */
export interface Condition {
  /** `"none"`: there is no row. */
  readonly state: readonly (State | "none")[];
  readonly fence?: number | undefined;
  readonly claimId?: string | undefined;
  readonly mediaId?: string | undefined;
  readonly conflictCount?: number | undefined;
  readonly capability?: string | undefined;
  /** `false`: no GET of the capability URL was redirected. */
  readonly redirected?: false | undefined;
}

/** A conditional update of named attributes. It never replaces the row. */
export interface Write {
  readonly if: Condition;
  readonly set: Partial<Omit<Row, "jobId">>;
  readonly remove?: readonly (keyof Row)[];
}

/**
 * The row after a write, or undefined if its condition does not hold. This function defines what a write means: the
 * DynamoDB adapter says the same in a ConditionExpression, and a contract test compares the two.
 */
export const decideWrite = (jobId: string, row: Row | undefined, write: Write): Row | undefined => {
  const { state, fence, claimId, mediaId, conflictCount, capability, redirected } = write.if;
  if (row && isNewer(row)) return undefined;
  if (!state.includes(row?.state ?? "none")) return undefined;
  if (fence !== undefined && row?.fence !== fence) return undefined;
  if (claimId !== undefined && row?.claimId !== claimId) return undefined;
  if (mediaId !== undefined && row?.media?.id !== mediaId) return undefined;
  if (conflictCount !== undefined && (row?.conflictCount ?? 0) !== conflictCount) return undefined;
  if (capability !== undefined && row?.capability !== capability) return undefined;
  if (redirected === false && row?.redirected !== undefined) return undefined;
  const after: Record<string, unknown> = { ...row, ...write.set, jobId };
  for (const name of write.remove ?? []) Reflect.deleteProperty(after, name);
  return after as unknown as Row;
};
