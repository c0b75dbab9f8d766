import type { Row, State, Write } from "./row.ts";
import { expiry } from "./transitions.ts";

/** What stands in the way of another upload for a job: it has its media, or may have it already, or is closed. */
export type Occupied = Exclude<State, "UPLOADING" | "REJECTED"> | "CLOSED";

/** Whether an upload may be signed, and what the ledger has to say of it first. */
export type Admission =
  { readonly admitted: true; readonly write?: Write } | { readonly admitted: false; readonly state: Occupied };

/**
 * none, UPLOADING, REJECTED → UPLOADING, by a reader. Signing again before anything arrived is allowed; after REJECTED it
 * begins anew, but neither fence nor the rejected media are forgotten. A REJECTED row whose end is not announced yet is
 * left alone: the worker still has to tell it, and the new object may claim the job from there.
 *
 * @param at.now ms since the epoch
 * @param at.expiryMs how long the row is kept, longer than any version that it speaks of
 * @param at.jobSeenAt when job/info showed the job without media, if it was asked just now (ms since the epoch)
 */
export const admitUpload = (
  row: Row | undefined,
  at: { readonly now: number; readonly expiryMs: number; readonly jobSeenAt?: number | undefined },
): Admission => {
  const uploading = {
    state: "UPLOADING",
    updatedAt: at.now,
    expiresAt: expiry(at),
    ...(at.jobSeenAt === undefined ? {} : { jobSeenAt: at.jobSeenAt }),
  } as const;
  if (row === undefined) return { admitted: true, write: { if: { state: ["none"] }, set: { ...uploading, fence: 0 } } };
  if (row.state === "UPLOADING")
    return { admitted: true, write: { if: { state: ["UPLOADING"], fence: row.fence }, set: uploading } };
  if (row.closed) return { admitted: false, state: "CLOSED" };
  if (row.state !== "REJECTED") return { admitted: false, state: row.state };
  if (!row.announced && !isExpired(row, at.now)) return { admitted: true };
  return {
    admitted: true,
    write: { if: { state: ["REJECTED"], fence: row.fence }, set: uploading, remove: OF_THE_REJECTED },
  };
};

/**
 * What a row knows of the media that was rejected. `fence`, `rejected` and the conflicts stay, and so do `decision`, which
 * is a person's, and `jobSeenAt`, which is about the job.
 */
const OF_THE_REJECTED = [
  "announced",
  "answeredError",
  "bytesInVain",
  "capability",
  "capabilityUntil",
  "claimId",
  "claims",
  "error",
  "everUnknown",
  "handOver",
  "leaseUntil",
  "media",
  "notBefore",
  "posts",
  "pulls",
  "redirected",
  "sentBytes",
  "settledAt",
  "sha256",
  "sizeBytes",
  "taskId",
  "unknownSince",
  "waiting",
] as const satisfies readonly (keyof Row)[];

/** How long job/info's word that the job is there, without media, spares the next question. */
const JOB_SEEN_MS = 60_000;

/** Whether job/info has shown the job without media so lately that it is not asked again. */
export const wasJobSeen = (row: Row | undefined, nowMs: number): boolean =>
  row?.jobSeenAt !== undefined && nowMs - row.jobSeenAt < JOB_SEEN_MS;

/** Time to live removes rows days late; an expired one is as good as gone. */
export const isExpired = (row: Row, nowMs: number): boolean =>
  row.expiresAt !== undefined && row.expiresAt * 1000 <= nowMs;
