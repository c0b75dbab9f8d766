import type { DeliveryError, MediaRef, Row, State, Write } from "./row.ts";

/**
 * The transitions of the ledger, each as the one write that makes it. Every condition is there because leaving it out
 * let a second medium through or lost a drop; `docs/architecture.md` draws them, `test/model/` breaks them one by one.
 *
 * A *claimant* holds the row's claim and proves it by fence and claimId. A *reader* has none and may only write what
 * follows from the state and fence that it has just read.
 */

/** Proof of a claim: the row must still carry both. */
export interface Claim {
  readonly fence: number;
  readonly claimId: string;
}

/** REJECTED and UPLOADING rows expire, all others never: a job takes one medium for ever. */
export const EXPIRY_S = 90 * 24 * 3600;
const REJECTED_KEPT = 20;
const CONFLICTS_KEPT = 10;

const asSeen = (row: Row | undefined) =>
  row === undefined
    ? { state: ["none"] as const }
    : { state: [row.state], fence: row.fence, ...(row.media ? { mediaId: row.media.id } : {}) };

const heldBy = (claim: Claim, ...state: State[]) => ({ state, ...claim });

/** none, UPLOADING, REJECTED → SENDING, or take-over of a SENDING row whose lease is over. By a reader. */
export const claim = (
  row: Row | undefined,
  media: MediaRef,
  by: { claimId: string; leaseUntil: number; now: number; sizeBytes: number | undefined },
): Write => {
  const isTakeOver = row?.state === "SENDING";
  return {
    if: asSeen(row),
    set: {
      state: "SENDING",
      fence: (row?.fence ?? 0) + 1,
      claimId: by.claimId,
      media,
      leaseUntil: by.leaseUntil,
      posts: (isTakeOver ? (row.posts ?? 0) : 0) + 1,
      sentBytes: 0,
      ...(by.sizeBytes === undefined ? {} : { sizeBytes: by.sizeBytes }),
      updatedAt: by.now,
    },
    remove: [
      "settledAt",
      "taskId",
      "error",
      "announced",
      "expiresAt",
      "capability",
      "capabilityUntil",
      "sha256",
      ...(by.sizeBytes === undefined ? (["sizeBytes"] as const) : []),
      ...(isTakeOver ? [] : (["handOver", "everUnknown", "pulls"] as const)),
    ],
  };
};

/** SENDING → FINALIZING: from here on cielo24 may accept. By the claimant, before the last chunk or the URL goes out. */
export const finalize = (
  held: Claim,
  at: {
    now: number;
    settledAt: number;
    sha256?: string | undefined;
    sentBytes?: number | undefined;
    handOver?: { capability: string; capabilityUntil: number } | undefined;
    everUnknown?: boolean;
  },
): Write => ({
  if: heldBy(held, "SENDING"),
  set: {
    state: "FINALIZING",
    settledAt: at.settledAt,
    updatedAt: at.now,
    ...(at.sha256 === undefined ? {} : { sha256: at.sha256 }),
    ...(at.sentBytes === undefined ? {} : { sentBytes: at.sentBytes }),
    ...(at.handOver ? { ...at.handOver, handOver: true } : {}),
    ...(at.everUnknown ? { everUnknown: true } : {}),
  },
});

/**
 * SENDING, FINALIZING → SENDING without a claim. By a claimant whose POST cannot have been accepted: its last chunk was
 * never touched and the sockets are destroyed, or cielo24 definitely refused.
 */
export const backOut = (held: Claim, at: { now: number; handOver: boolean }): Write => ({
  if: heldBy(held, "SENDING", "FINALIZING"),
  set: {
    state: "SENDING",
    fence: held.fence + 1,
    leaseUntil: at.now,
    updatedAt: at.now,
    ...(at.handOver ? { handOver: true } : {}),
  },
  remove: ["claimId", "settledAt", "capability", "capabilityUntil"],
});

/** FINALIZING → SENDING with the same claim: cielo24 definitely refused the token, the claimant sends anew. */
export const goOn = (held: Claim, at: { now: number }): Write => ({
  if: heldBy(held, "FINALIZING"),
  set: { state: "SENDING", fence: held.fence + 1, sentBytes: 0, updatedAt: at.now },
  remove: ["settledAt", "sha256"],
});

/** FINALIZING stays: the answer was lost. By the claimant, with its sockets destroyed. */
export const loseAnswer = (held: Claim, at: { now: number; settledAt: number }): Write => ({
  if: heldBy(held, "FINALIZING"),
  set: { everUnknown: true, settledAt: at.settledAt, updatedAt: at.now },
});

/** FINALIZING stays: cielo24 took the capability URL and will pull; only job/info can tell when it has. */
export const handedOver = (held: Claim, at: { now: number; settledAt: number; taskId: string }): Write => ({
  if: heldBy(held, "FINALIZING"),
  set: { taskId: at.taskId, settledAt: at.settledAt, updatedAt: at.now },
});

const ENDED = ["claimId", "leaseUntil", "announced", "capability", "capabilityUntil"] as const;

/**
 * → DELIVERED, on a 200 with a TaskId. By the one who got it, and without the fence: it is a fact, whatever others have
 * made of the row meanwhile.
 */
export const deliver = (
  mediaId: string,
  fact: { now: number; taskId: string; sentBytes: number | undefined },
): Write => ({
  if: { state: ["FINALIZING", "SENDING", "NEEDS_REVIEW"], mediaId },
  set: {
    state: "DELIVERED",
    taskId: fact.taskId,
    updatedAt: fact.now,
    ...(fact.sentBytes === undefined ? {} : { sentBytes: fact.sentBytes }),
  },
  remove: [...ENDED, "settledAt", "error"],
});

/** → DELIVERED, since job/info shows media where a POST of ours may have been accepted. By a reader. */
export const deliverAsSeen = (row: Row, at: { now: number }): Write => ({
  if: asSeen(row),
  set: { state: "DELIVERED", fence: row.fence + 1, updatedAt: at.now },
  remove: [...ENDED, "settledAt", "error"],
});

/** SENDING, FINALIZING → REJECTED, on a definite permanent error. By the claimant, never with an answer lost before. */
export const reject = (held: Claim, row: Row, at: { now: number; error: DeliveryError }): Write => ({
  if: heldBy(held, "SENDING", "FINALIZING"),
  set: {
    state: "REJECTED",
    fence: held.fence + 1,
    error: at.error,
    // What an HTTP caller sent is never redelivered, so only objects need to be known again.
    rejected: [...(row.rejected ?? []), ...(row.media?.kind === "object" ? [row.media.id] : [])].slice(-REJECTED_KEPT),
    updatedAt: at.now,
    expiresAt: Math.floor(at.now / 1000) + EXPIRY_S,
  },
  remove: [...ENDED, "settledAt"],
});

/** → NEEDS_REVIEW: no way on, or nobody can know. `settledAt` stays: an operator's "send again" obeys it, too. */
export const askForReview = (
  row: Row | undefined,
  media: MediaRef,
  at: { now: number; error: DeliveryError; held?: Claim | undefined },
): Write => ({
  if: at.held ? heldBy(at.held, "SENDING") : asSeen(row),
  set: {
    state: "NEEDS_REVIEW",
    fence: (at.held?.fence ?? row?.fence ?? 0) + 1,
    media,
    error: at.error,
    updatedAt: at.now,
  },
  remove: [...ENDED, "expiresAt"],
});

/** FINALIZING → SENDING without a claim, once "no media" may be believed and RESEND_AFTER_UNKNOWN allows it. By a reader. */
export const resend = (row: Row, at: { now: number }): Write => ({
  if: asSeen(row),
  set: { state: "SENDING", fence: row.fence + 1, leaseUntil: at.now, everUnknown: true, updatedAt: at.now },
  remove: ["claimId", "settledAt", "taskId", "capability", "capabilityUntil"],
});

/** NEEDS_REVIEW → SENDING by an operator's "send again", or → UPLOADING where only the caller has the media. */
export const reopen = (row: Row, at: { now: number }): Write => ({
  if: asSeen(row),
  set:
    row.media?.kind === "object"
      ? {
          state: "SENDING",
          fence: row.fence + 1,
          leaseUntil: at.now,
          posts: 0,
          updatedAt: at.now,
          // It was FINALIZING: should cielo24 show the media only now, then that one was accepted, not refused.
          ...(row.settledAt === undefined ? {} : { everUnknown: true }),
        }
      : {
          state: "UPLOADING",
          fence: row.fence + 1,
          updatedAt: at.now,
          expiresAt: Math.floor(at.now / 1000) + EXPIRY_S,
        },
  remove: [
    "claimId",
    "settledAt",
    "error",
    "announced",
    ...(row.media?.kind === "object" ? [] : (["media", "everUnknown", "posts"] as const)),
  ],
});

/** Records another object for a job that has its media, or waits for a person. By a reader; changes nothing else. */
export const recordConflict = (row: Row, mediaId: string): Write => ({
  if: { ...asSeen(row), conflictCount: row.conflictCount ?? 0 },
  set: {
    conflicts: [...(row.conflicts ?? []), mediaId].slice(-CONFLICTS_KEPT),
    conflictCount: (row.conflictCount ?? 0) + 1,
  },
});

/** The event of the row's end is out. */
export const markAnnounced = (row: Row): Write => ({ if: asSeen(row), set: { announced: true } });

/** Progress while sending. Never touches the state; the delivery does not depend on it. */
export const reportProgress = (held: Claim, at: { now: number; sentBytes: number }): Write => ({
  if: heldBy(held, "SENDING"),
  set: { sentBytes: at.sentBytes, updatedAt: at.now },
});
