import type { Decision, DeliveryError, Row, State, Write } from "./row.ts";
import type { MediaRef } from "../../media/key.ts";

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

/** Names of rejected media that a row holds: some 45 KB. Where it is full, whatever comes for the job waits. */
export const REJECTED_KEPT = 1000;
const CONFLICTS_KEPT = 10;

/** What a row knows of the medium at hand alone. */
const OF_THE_MEDIUM = ["handOver", "everUnknown", "pulls", "posts", "bytesInVain", "decision"] as const;
/** What a row knows of the POST or the wait that came last. */
const OF_THE_ATTEMPT = [
  "settledAt",
  "taskId",
  "error",
  "announced",
  "expiresAt",
  "capability",
  "capabilityUntil",
  "redirected",
  "answeredError",
  "sha256",
  "notBefore",
  "waiting",
] as const;

const asSeen = (row: Row | undefined) =>
  row === undefined
    ? { state: ["none"] as const }
    : { state: [row.state], fence: row.fence, ...(row.media ? { mediaId: row.media.id } : {}) };

const heldBy = (claim: Claim, ...state: State[]) => ({ state, ...claim });

/** Whether a POST of the row's medium may have gone out. Rows of an older form count claims in `posts`. */
export const wasClaimed = ({ claims, posts }: Row): boolean => (claims ?? posts ?? 1) > 0;

/** Whether cielo24 may have the medium of a row that waits for a person. */
export const mayBeAccepted = ({ settledAt, everUnknown }: Row): boolean =>
  settledAt !== undefined || everUnknown === true;

/** none, UPLOADING, REJECTED → SENDING, or take-over of a SENDING row whose lease is over. By a reader. */
export const claim = (
  row: Row | undefined,
  media: MediaRef,
  by: { claimId: string; leaseUntil: number; now: number; sizeBytes: number | undefined },
): Write => {
  const own = row?.state === "SENDING" ? row : undefined;
  const bytesInVain = (own?.bytesInVain ?? 0) + (own?.sentBytes ?? 0);
  return {
    if: asSeen(row),
    set: {
      state: "SENDING",
      fence: (row?.fence ?? 0) + 1,
      claimId: by.claimId,
      media,
      leaseUntil: by.leaseUntil,
      claims: (own?.claims ?? own?.posts ?? 0) + 1,
      sentBytes: 0,
      ...(own ? { bytesInVain } : {}),
      ...(by.sizeBytes === undefined ? {} : { sizeBytes: by.sizeBytes }),
      updatedAt: by.now,
    },
    remove: [
      ...OF_THE_ATTEMPT,
      "unknownSince",
      ...(by.sizeBytes === undefined ? (["sizeBytes"] as const) : []),
      ...(own ? [] : OF_THE_MEDIUM),
    ],
  };
};

/**
 * none, UPLOADING, REJECTED, SENDING → SENDING without a claim: the medium cannot be sent yet, and the row says why and
 * until when it waits. By a reader, before it claims.
 */
export const wait = (
  row: Row | undefined,
  media: MediaRef,
  at: { now: number; notBefore: number; waiting: DeliveryError; isUnknown: boolean },
): Write => {
  const isOwn = row?.state === "SENDING";
  return {
    if: asSeen(row),
    set: {
      state: "SENDING",
      fence: (row?.fence ?? 0) + 1,
      media,
      leaseUntil: at.now,
      notBefore: at.notBefore,
      waiting: at.waiting,
      ...(at.isUnknown ? { unknownSince: row?.unknownSince ?? at.now } : {}),
      ...(isOwn ? {} : { claims: 0, sentBytes: 0 }),
      updatedAt: at.now,
    },
    remove: [
      "claimId",
      ...OF_THE_ATTEMPT.filter((name) => name !== "notBefore" && name !== "waiting"),
      ...(isOwn ? [] : (["sizeBytes", ...OF_THE_MEDIUM] as const)),
      ...(isOwn || at.isUnknown ? [] : (["unknownSince"] as const)),
    ],
  };
};

/** SENDING → UPLOADING: another version took the place of one that has only waited. By a reader. */
export const release = (row: Row, at: { now: number; expiryMs: number }): Write => ({
  if: asSeen(row),
  set: { state: "UPLOADING", fence: row.fence + 1, updatedAt: at.now, expiresAt: expiry(at) },
  remove: [
    "claimId",
    "leaseUntil",
    "media",
    "claims",
    "sentBytes",
    "sizeBytes",
    "unknownSince",
    ...OF_THE_ATTEMPT.filter((name) => name !== "expiresAt"),
    ...OF_THE_MEDIUM,
  ],
});

/** FINALIZING stays: when job/info is asked next, and why not sooner. By a reader; the claimant's claim stays good. */
export const postpone = (
  row: Row,
  at: { notBefore: number; waiting?: DeliveryError | undefined; unknownSince?: number | undefined },
): Write => ({
  if: asSeen(row),
  set: {
    notBefore: at.notBefore,
    ...(at.waiting ? { waiting: at.waiting } : {}),
    ...(at.unknownSince === undefined ? {} : { unknownSince: at.unknownSince }),
  },
  remove: [
    ...(at.waiting ? [] : (["waiting"] as const)),
    ...(at.unknownSince === undefined ? (["unknownSince"] as const) : []),
  ],
});

/** In seconds, as DynamoDB's time to live wants it. */
export const expiry = ({ now, expiryMs }: { now: number; expiryMs: number }): number =>
  Math.floor((now + expiryMs) / 1000);

/** SENDING → FINALIZING: from here on cielo24 may accept. By the claimant, before the last chunk or the URL goes out. */
export const finalize = (
  held: Claim,
  row: Row,
  at: {
    now: number;
    settledAt: number;
    sha256?: string | undefined;
    sentBytes?: number | undefined;
    handOver?: { capability: string; capabilityUntil: number } | undefined;
    everUnknown?: boolean;
    notBefore?: number;
  },
): Write => ({
  if: heldBy(held, "SENDING"),
  set: {
    state: "FINALIZING",
    settledAt: at.settledAt,
    posts: (row.posts ?? 0) + 1,
    updatedAt: at.now,
    ...(at.sha256 === undefined ? {} : { sha256: at.sha256 }),
    ...(at.sentBytes === undefined ? {} : { sentBytes: at.sentBytes }),
    ...(at.handOver ? { ...at.handOver, handOver: true } : {}),
    ...(at.everUnknown ? { everUnknown: true } : {}),
    ...(at.notBefore === undefined ? {} : { notBefore: at.notBefore }),
  },
});

/** POSTs whose outcome nobody knows, this one left out: cielo24 definitely did not take it. */
const postsBefore = (row: Row): number => Math.max((row.posts ?? 0) - (row.state === "FINALIZING" ? 1 : 0), 0);

/**
 * SENDING, FINALIZING → SENDING without a claim. By a claimant whose POST cannot have been accepted: its last chunk was
 * never touched and the sockets are destroyed, or cielo24 definitely refused. It costs no attempt.
 */
export const backOut = (
  held: Claim,
  row: Row,
  at: {
    now: number;
    notBefore: number;
    waiting?: DeliveryError | undefined;
    handOver: boolean;
    /** What the POST carried. */
    sentBytes?: number | undefined;
    /** Definite only if cielo24 was not redirected to the object. */
    unlessRedirected?: boolean;
  },
): Write => ({
  if: { ...heldBy(held, "SENDING", "FINALIZING"), ...(at.unlessRedirected ? { redirected: false } : {}) },
  set: {
    state: "SENDING",
    fence: held.fence + 1,
    leaseUntil: at.now,
    notBefore: at.notBefore,
    posts: postsBefore(row),
    updatedAt: at.now,
    ...(at.waiting ? { waiting: at.waiting } : {}),
    ...(at.sentBytes === undefined ? {} : { sentBytes: at.sentBytes }),
    ...(at.handOver ? { handOver: true } : {}),
  },
  remove: ["claimId", "settledAt", "capability", "capabilityUntil", "redirected"],
});

/** FINALIZING → SENDING with the same claim: cielo24 definitely refused the token, the claimant sends anew. */
export const goOn = (held: Claim, row: Row, at: { now: number }): Write => ({
  if: heldBy(held, "FINALIZING"),
  set: {
    state: "SENDING",
    fence: held.fence + 1,
    posts: postsBefore(row),
    bytesInVain: (row.bytesInVain ?? 0) + (row.sentBytes ?? 0),
    sentBytes: 0,
    updatedAt: at.now,
  },
  remove: ["settledAt", "sha256"],
});

/**
 * FINALIZING stays: nobody knows whether cielo24 took the medium. By the claimant, with its sockets destroyed.
 *
 * @param at.answeredError cielo24 answered an error behind the whole body, in place of no answer
 */
export const loseAnswer = (
  held: Claim,
  at: { now: number; settledAt: number; notBefore: number; waiting: DeliveryError; answeredError: boolean },
): Write => ({
  if: heldBy(held, "FINALIZING"),
  set: {
    everUnknown: true,
    settledAt: at.settledAt,
    notBefore: at.notBefore,
    waiting: at.waiting,
    updatedAt: at.now,
    ...(at.answeredError ? { answeredError: true } : {}),
  },
});

/** FINALIZING stays: cielo24 took the capability URL and will pull; only job/info can tell when it has. */
export const handedOver = (
  held: Claim,
  at: { now: number; settledAt: number; notBefore: number; taskId: string },
): Write => ({
  if: heldBy(held, "FINALIZING"),
  set: { taskId: at.taskId, settledAt: at.settledAt, notBefore: at.notBefore, updatedAt: at.now },
});

const ENDED = [
  "claimId",
  "leaseUntil",
  "announced",
  "capability",
  "capabilityUntil",
  "redirected",
  "answeredError",
  "notBefore",
  "waiting",
  "unknownSince",
] as const;

/**
 * → DELIVERED, on a 200 with a TaskId. By the one who got it, and without the fence: it is a fact, whatever others have
 * made of the row meanwhile.
 */
export const recordDelivered = (
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
export const recordDeliveredAsSeen = (row: Row, at: { now: number }): Write => ({
  if: asSeen(row),
  set: { state: "DELIVERED", fence: row.fence + 1, updatedAt: at.now },
  remove: [...ENDED, "settledAt", "error"],
});

/** SENDING, FINALIZING → REJECTED, on a definite permanent error. By the claimant, never with an answer lost before. */
export const reject = (held: Claim, row: Row, at: { now: number; expiryMs: number; error: DeliveryError }): Write => ({
  if: heldBy(held, "SENDING", "FINALIZING"),
  set: { ...rejection(row, at), fence: held.fence + 1 },
  remove: [...ENDED, "settledAt"],
});

const rejection = (row: Row, at: { now: number; expiryMs: number; error: DeliveryError }) => ({
  state: "REJECTED" as const,
  error: at.error,
  // What an HTTP caller sent is never redelivered, so only objects need to be known again.
  rejected: [...(row.rejected ?? []), ...(row.media?.kind === "object" ? [row.media.id] : [])].slice(-REJECTED_KEPT),
  updatedAt: at.now,
  expiresAt: expiry(at),
});

/** → NEEDS_REVIEW: no way on, or nobody can know. `settledAt` stays: an operator's "send again" obeys it, too. */
export const askForReview = (
  row: Row | undefined,
  media: MediaRef,
  at: { now: number; error: DeliveryError },
): Write => ({
  if: asSeen(row),
  set: {
    state: "NEEDS_REVIEW",
    fence: (row?.fence ?? 0) + 1,
    media,
    error: at.error,
    updatedAt: at.now,
  },
  remove: [...ENDED, "expiresAt"],
});

/** FINALIZING → SENDING without a claim, once "no media" may be believed and the settings allow it. By a reader. */
export const resend = (row: Row, at: { now: number }): Write => ({
  if: asSeen(row),
  set: { state: "SENDING", fence: row.fence + 1, leaseUntil: at.now, everUnknown: true, updatedAt: at.now },
  remove: [
    "claimId",
    "settledAt",
    "taskId",
    "capability",
    "capabilityUntil",
    "redirected",
    "answeredError",
    "notBefore",
    "waiting",
    "unknownSince",
  ],
});

/** NEEDS_REVIEW, REJECTED → SENDING by an operator's "send again". Only an object can be read again. */
export const reopen = (row: Row, at: { now: number; decision: Decision }): Write => ({
  if: asSeen(row),
  set: {
    state: "SENDING",
    fence: row.fence + 1,
    leaseUntil: at.now,
    posts: 0,
    updatedAt: at.now,
    decision: at.decision,
    ...(row.rejected ? { rejected: row.rejected.filter((id) => id !== row.media?.id) } : {}),
    // It was FINALIZING: should cielo24 show the media only now, then that one was accepted, not refused.
    ...(row.settledAt === undefined ? {} : { everUnknown: true }),
  },
  remove: ["claimId", "settledAt", "error", "announced", "expiresAt", "notBefore", "waiting"],
});

/**
 * NEEDS_REVIEW, closed by an operator's "reject". A medium that cielo24 cannot have is REJECTED, and the job is free; one
 * that it may have stays where it is, and nothing is sent for the job any more.
 */
export const closeReview = (
  row: Row,
  at: { now: number; expiryMs: number; decision: Decision; error: DeliveryError },
): Write =>
  mayBeAccepted(row)
    ? {
        if: asSeen(row),
        set: { fence: row.fence + 1, closed: true, decision: at.decision, error: at.error, updatedAt: at.now },
      }
    : {
        if: asSeen(row),
        set: { ...rejection(row, at), fence: row.fence + 1, decision: at.decision },
        remove: [...ENDED, "settledAt"],
      };

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

/**
 * FINALIZING stays: a GET of the capability URL is about to be redirected, so from here on cielo24 may read the object. By
 * media-source, which holds no claim: the capability names the hand-over that it speaks of.
 */
export const recordRedirect = (row: Row): Write => ({
  if: {
    state: ["FINALIZING"],
    fence: row.fence,
    ...(row.capability === undefined ? {} : { capability: row.capability }),
  },
  set: { redirected: true },
});
