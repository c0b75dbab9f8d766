import { isNewer, type Row, type State, type Write } from "./row.ts";
import { ALL_OF_MEDIA, asSeen, cancel, change, expiry } from "./transitions.ts";

/**
 * Whether a job may have another upload signed, or its upload cancelled, and what the ledger records first; and when an
 * upload has taken too long. Read it for `functions/sign-upload`.
 */

/** Why a job may not have another upload: it has its media, or may have it already, is closed, or its row `isNewer`. */
export type Occupied = Exclude<State, "UPLOADING" | "REJECTED"> | "CLOSED" | "NEWER";

export type Admission =
  { readonly admitted: true; readonly write?: Write } | { readonly admitted: false; readonly state: Occupied };

/**
 * none, UPLOADING, REJECTED → UPLOADING, by a reader. Signing again before anything arrived is allowed; after REJECTED it
 * begins again, and keeps what is about the job: its fence, its rejected media, its conflicts, `jobSeenAt`, and an
 * operator's `decision`. A REJECTED row whose end is not announced yet is left alone: the worker still has to announce
 * it, and the new object may claim the job from there. After a cancellation the row remembers which uploads were signed
 * since: what else comes is never sent. The fence moves on then, so that of two signings neither overwrites the other's id.
 *
 * @param at.uploadId of the upload that is about to be signed
 * @param at.now ms since the epoch
 * @param at.expiryMs how long the row is kept, longer than any version that it speaks of
 * @param at.jobSeenAt when job/info showed the job without media, if it was asked just now (ms since the epoch)
 */
export const admitUpload = (
  row: Row | undefined,
  at: {
    readonly uploadId: string;
    readonly now: number;
    readonly expiryMs: number;
    readonly jobSeenAt?: number | undefined;
  },
): Admission => {
  const uploading = {
    state: "UPLOADING",
    updatedAt: at.now,
    signedAt: at.now,
    expiresAt: expiry(at),
    jobSeenAt: at.jobSeenAt,
  } as const;
  if (row === undefined) return { admitted: true, write: change({ state: ["none"] }, { ...uploading, fence: 0 }) };
  if (isNewer(row)) return { admitted: false, state: "NEWER" };
  if (row.closed) return { admitted: false, state: "CLOSED" };
  if (row.state !== "UPLOADING" && row.state !== "REJECTED") return { admitted: false, state: row.state };
  if (row.state === "REJECTED" && !row.announced && !isExpired(row, at.now))
    return row.cancelledAt === undefined
      ? { admitted: true }
      : { admitted: true, write: change(asSeen(row), { updatedAt: at.now, ...beginAgain(row, at.uploadId) }) };
  const over = row.state === "REJECTED" ? ALL_OF_MEDIA.filter((name) => name !== "decision") : [];
  const set = { ...uploading, ...beginAgain(row, at.uploadId) };
  return { admitted: true, write: change({ state: [row.state], fence: row.fence }, set, over) };
};

/** A client may have more than one of them signed before it uploads, but not that many. */
const SIGNED_KEPT = 100;

const beginAgain = ({ cancelledAt, signedAfter = [], fence }: Row, uploadId: string) =>
  cancelledAt === undefined ? {} : { signedAfter: [...signedAfter, uploadId].slice(-SIGNED_KEPT), fence: fence + 1 };

/**
 * Whether the owner may cancel, and the write that does; none if it is done already. With a possible acceptance nothing is
 * cancelled.
 */
export const cancelUpload = (row: Row, at: { readonly now: number; readonly expiryMs: number }): Admission => {
  if (isNewer(row)) return { admitted: false, state: "NEWER" };
  if (row.closed) return { admitted: false, state: "CLOSED" };
  if (row.state === "REJECTED" && row.cancelledAt !== undefined && !row.signedAfter) return { admitted: true };
  if (row.state === "UPLOADING" || row.state === "REJECTED" || (row.state === "SENDING" && !row.everUnknown))
    return { admitted: true, write: cancel(row, at) };
  return { admitted: false, state: row.state };
};

/** Whether an upload can no longer arrive; `updatedAt` is when it was signed. */
export const isTimedOut = (row: Row, nowMs: number, uploadLifeMs: number): boolean =>
  row.state === "UPLOADING" && nowMs - row.updatedAt >= uploadLifeMs;

/** How long job/info is not asked again after it has shown the job without media. */
const JOB_SEEN_MS = 60_000;

/** Whether job/info has shown the job without media so recently that it is not asked again. */
export const wasJobSeen = (row: Row | undefined, nowMs: number): boolean =>
  row?.jobSeenAt !== undefined && nowMs - row.jobSeenAt < JOB_SEEN_MS;

/** Time to live removes rows days late; an expired row counts as gone. */
export const isExpired = (row: Row, nowMs: number): boolean =>
  row.expiresAt !== undefined && row.expiresAt * 1000 <= nowMs;
