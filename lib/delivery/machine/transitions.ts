import { defined } from "../../defined.ts";
import type { MediaRef } from "../../media/key.ts";
import { CANCELLED, TIMED_OUT } from "./reasons.ts";
import {
  SCHEMA_VERSION,
  type Claim,
  type Condition,
  type Decision,
  type DeliveryError,
  type Look,
  type Row,
  type State,
  type Write,
} from "./row.ts";

/**
 * The transitions of the ledger, each as the one write that makes it: its condition, what it sets and what it removes.
 * Every condition is there because leaving it out let a second POST through or lost an upload; `docs/architecture.md`
 * draws the transitions, `test/model/` breaks them one by one.
 *
 * A *claimant* holds the row's claim and proves it by fence and claimId. A *reader* has no claim and may only write what
 * follows from the state and fence that it has just read.
 */

/** Ids of rejected media that a row holds: about 45 KB. Once it is full, whatever comes for the job waits. */
export const REJECTED_KEPT = 1000;
const CONFLICTS_KEPT = 10;
const SIDECARS_KEPT = 10;
/** Two workers that end a row at the same time would announce it twice. */
const ANNOUNCER_MS = 20_000;
const ANNOUNCER: readonly (keyof Row)[] = ["announcer", "announcerUntil"];

/**
 * Attributes that end before the row does, grouped by what they belong to. A transition removes the groups that have
 * ended.
 */
const OF = {
  /** The claim and its POST. */
  attempt: ["claimId", "leaseUntil", "settledAt", "answeredError", "capability", "capabilityUntil", "redirected"],
  sent: ["taskId", "sha256"],
  wait: ["notBefore", "waiting", "unknownSince"],
  end: ["error", "announced", "announcer", "announcerUntil", "expiresAt", "closed"],
  media: [
    "media",
    "sizeBytes",
    "look",
    "settlingSince",
    "sentBytes",
    "claims",
    "posts",
    "bytesInVain",
    "everUnknown",
    "handOver",
    "pulls",
    "decision",
    "droppedAt",
    "late",
    "forgottenAt",
  ],
} as const satisfies Record<string, readonly (keyof Row)[]>;
/** A row that has ended, or begins again, holds none of these. */
const OPEN_OR_ENDED = [...OF.attempt, ...OF.wait, ...OF.end];
export const ALL_OF_MEDIA: readonly (keyof Row)[] = Object.values(OF).flat();

type Changes = { readonly [K in keyof Write["set"]]: Write["set"][K] | undefined };

/**
 * A write. Whatever is undefined in `set` stays as it is, and what is set is not removed. With a state it writes the version:
 * a mere note leaves the row to the release that wrote its state.
 */
export const change = (condition: Condition, set: Changes, remove: readonly (keyof Row)[] = []): Write => ({
  if: condition,
  set: defined({ ...set, schemaVersion: set.state && SCHEMA_VERSION }),
  remove: remove.filter((name) => set[name as keyof Changes] === undefined),
});

export const asSeen = (row: Row | undefined): Condition =>
  row ? { state: [row.state], fence: row.fence, mediaId: row.media?.id } : { state: ["none"] };

const heldBy = (claim: Claim, ...state: State[]): Condition => ({ state, ...claim });

/** Whether a POST of the row's media may have gone out. Rows of an older form count claims in `posts`. */
export const wasClaimed = ({ claims, posts }: Row): boolean => (claims ?? posts ?? 1) > 0;

/** Whether cielo24 may have the media of a row that waits for a person. */
export const mayBeAccepted = ({ settledAt, everUnknown }: Row): boolean =>
  settledAt !== undefined || everUnknown === true;

/** none, UPLOADING, REJECTED → SENDING, or take-over of a SENDING row whose lease is over. By a reader. */
export const claim = (
  row: Row | undefined,
  media: MediaRef,
  by: {
    claimId: string;
    leaseUntil: number;
    now: number;
    sizeBytes: number | undefined;
    look?: Look | undefined;
    droppedAt?: number | undefined;
  },
): Write => {
  const own = row?.state === "SENDING" ? row : undefined;
  return change(
    asSeen(row),
    {
      state: "SENDING",
      fence: (row?.fence ?? 0) + 1,
      claimId: by.claimId,
      media,
      leaseUntil: by.leaseUntil,
      claims: (own?.claims ?? own?.posts ?? 0) + 1,
      sentBytes: 0,
      bytesInVain: own && (own.bytesInVain ?? 0) + (own.sentBytes ?? 0),
      sizeBytes: by.sizeBytes,
      look: by.look,
      droppedAt: by.droppedAt,
      updatedAt: by.now,
    },
    [...OPEN_OR_ENDED, ...OF.sent, "sizeBytes", "settlingSince", ...(own ? [] : OF.media)],
  );
};

/**
 * none, UPLOADING, REJECTED, SENDING → SENDING without a claim: the media cannot be sent yet, and the row says why and
 * until when it waits. By a reader, before it claims.
 */
export const wait = (
  row: Row | undefined,
  media: MediaRef,
  at: {
    now: number;
    notBefore: number;
    waiting: DeliveryError;
    isUnknown: boolean;
    settlingSince?: number | undefined;
    droppedAt?: number | undefined;
  },
): Write => {
  const isOwn = row?.state === "SENDING";
  return change(
    asSeen(row),
    {
      state: "SENDING",
      fence: (row?.fence ?? 0) + 1,
      media,
      leaseUntil: at.now,
      notBefore: at.notBefore,
      waiting: at.waiting,
      settlingSince: at.settlingSince,
      droppedAt: at.droppedAt,
      unknownSince: at.isUnknown ? (row?.unknownSince ?? at.now) : undefined,
      ...(isOwn ? {} : { claims: 0, sentBytes: 0 }),
      updatedAt: at.now,
    },
    [...OF.attempt, ...OF.sent, ...OF.end, "settlingSince", ...(isOwn ? [] : ([...OF.media, "unknownSince"] as const))],
  );
};

/** SENDING → UPLOADING: a newer version took the place of one that has only waited. By a reader. */
export const release = (row: Row, at: { now: number; expiryMs: number }): Write =>
  change(
    asSeen(row),
    { state: "UPLOADING", fence: row.fence + 1, updatedAt: at.now, expiresAt: expiry(at) },
    ALL_OF_MEDIA,
  );

/** FINALIZING stays: when job/info is asked next, and why not sooner. By a reader; the claimant's claim stays good. */
export const postpone = (
  row: Row,
  at: { notBefore: number; waiting?: DeliveryError | undefined; unknownSince?: number | undefined },
): Write => change(asSeen(row), at, OF.wait);

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
    everUnknown?: true;
    notBefore?: number;
  },
): Write =>
  change(heldBy(held, "SENDING"), {
    state: "FINALIZING",
    settledAt: at.settledAt,
    posts: (row.posts ?? 0) + 1,
    updatedAt: at.now,
    sha256: at.sha256,
    sentBytes: at.sentBytes,
    ...at.handOver,
    handOver: at.handOver && true,
    everUnknown: at.everUnknown,
    notBefore: at.notBefore,
  });

/** POSTs with an unknown outcome without this one: cielo24 definitely did not take it. */
const postsBefore = (row: Row): number => Math.max((row.posts ?? 0) - (row.state === "FINALIZING" ? 1 : 0), 0);

/**
 * SENDING, FINALIZING → SENDING without a claim. By a claimant whose POST cannot have been accepted: its last chunk was
 * never touched and the sockets are destroyed, or cielo24 definitely refused. It does not count as an attempt.
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
): Write =>
  change(
    { ...heldBy(held, "SENDING", "FINALIZING"), redirected: at.unlessRedirected ? false : undefined },
    {
      state: "SENDING",
      fence: held.fence + 1,
      leaseUntil: at.now,
      notBefore: at.notBefore,
      posts: postsBefore(row),
      updatedAt: at.now,
      waiting: at.waiting,
      sentBytes: at.sentBytes,
      handOver: at.handOver || undefined,
    },
    OF.attempt,
  );

/** FINALIZING → SENDING with the same claim: cielo24 definitely refused the token, the claimant sends again. */
export const goOn = (held: Claim, row: Row, at: { now: number }): Write =>
  change(
    heldBy(held, "FINALIZING"),
    {
      state: "SENDING",
      fence: held.fence + 1,
      posts: postsBefore(row),
      bytesInVain: (row.bytesInVain ?? 0) + (row.sentBytes ?? 0),
      sentBytes: 0,
      updatedAt: at.now,
    },
    ["settledAt", "sha256"],
  );

/**
 * FINALIZING stays: it is unknown whether cielo24 took the media. By the claimant, with its sockets destroyed.
 *
 * @param at.answeredError cielo24 replied to the whole body with an error; otherwise its reply was lost
 */
export const loseReply = (
  held: Claim,
  at: {
    now: number;
    settledAt: number;
    notBefore: number;
    waiting: DeliveryError | undefined;
    answeredError: boolean;
  },
): Write =>
  change(heldBy(held, "FINALIZING"), {
    everUnknown: true,
    settledAt: at.settledAt,
    notBefore: at.notBefore,
    waiting: at.waiting,
    updatedAt: at.now,
    answeredError: at.answeredError || undefined,
  });

/** FINALIZING stays: cielo24 took the capability URL and will pull; only job/info can tell when it has. */
export const handedOver = (
  held: Claim,
  at: { now: number; settledAt: number; notBefore: number; taskId: string },
): Write =>
  change(heldBy(held, "FINALIZING"), {
    taskId: at.taskId,
    settledAt: at.settledAt,
    notBefore: at.notBefore,
    updatedAt: at.now,
  });

/**
 * → DELIVERED, on a 200 with a TaskId. By the worker that got it: under its claim, so that it knows the row, or else without
 * the fence, since it is a fact, whatever others have made of the row meanwhile.
 */
export const recordDelivered = (
  mediaId: string,
  fact: { now: number; taskId: string; sentBytes: number | undefined },
  held?: Claim,
): Write =>
  change(
    { ...held, state: ["FINALIZING", "SENDING", "NEEDS_REVIEW"], mediaId },
    { state: "DELIVERED", taskId: fact.taskId, updatedAt: fact.now, sentBytes: fact.sentBytes },
    OPEN_OR_ENDED,
  );

/**
 * → DELIVERED, since job/info shows media and a POST of ours may have been accepted, or since an operator has seen the media
 * at cielo24. By a reader.
 */
export const recordDeliveredAsSeen = (row: Row, { now, decision }: { now: number; decision?: Decision }): Write =>
  change(asSeen(row), { state: "DELIVERED", fence: row.fence + 1, updatedAt: now, decision }, OPEN_OR_ENDED);

/** SENDING, FINALIZING → REJECTED, on a definite permanent error. By the claimant, never once a reply was lost. */
export const reject = (held: Claim, row: Row, at: { now: number; expiryMs: number; error: DeliveryError }): Write =>
  change(heldBy(held, "SENDING", "FINALIZING"), { ...rejection(row, at), fence: held.fence + 1 }, OPEN_OR_ENDED);

const rejection = (row: Row, at: { now: number; expiryMs: number; error: DeliveryError }) => ({
  state: "REJECTED" as const,
  error: at.error,
  // What an HTTP caller sent is never redelivered, so only objects need to be known again.
  rejected: [...(row.rejected ?? []), ...(row.media?.kind === "object" ? [row.media.id] : [])].slice(-REJECTED_KEPT),
  updatedAt: at.now,
  expiresAt: expiry(at),
});

/** UPLOADING → REJECTED: nothing has arrived in all the time that an upload may take. By a reader. */
export const timeOut = (row: Row, at: { now: number; expiryMs: number }): Write =>
  change(asSeen(row), { ...rejection(row, { ...at, error: TIMED_OUT }), fence: row.fence + 1 }, OPEN_OR_ENDED);

/**
 * UPLOADING, SENDING, REJECTED → REJECTED, by the owner, where nothing can have been accepted. The fence moves on, so that a
 * worker which is sending cannot enter FINALIZING, and one which has read the row cannot claim it. What was rejected for
 * another reason keeps that.
 */
export const cancel = (row: Row, at: { now: number; expiryMs: number }): Write => {
  const cancelled = { cancelledAt: at.now, fence: row.fence + 1 };
  return row.state === "REJECTED"
    ? change(asSeen(row), cancelled, ["signedAfter"])
    : change(asSeen(row), { ...rejection(row, { ...at, error: CANCELLED }), ...cancelled }, [
        ...OPEN_OR_ENDED,
        "signedAfter",
      ]);
};

/**
 * UPLOADING, REJECTED stay: a cancelled object has come once another upload was signed, and must not end that. The
 * cancellation was its end, and is announced. By a reader.
 */
export const setAside = (row: Row, mediaId: string): Write =>
  change(asSeen(row), { rejected: [...(row.rejected ?? []), mediaId].slice(-REJECTED_KEPT), fence: row.fence + 1 });

/**
 * → NEEDS_REVIEW: no way forward, or the outcome cannot be known. `settledAt` stays: an operator's "send again" obeys
 * it, too.
 */
export const askForReview = (row: Row | undefined, media: MediaRef, at: { now: number; error: DeliveryError }): Write =>
  change(
    asSeen(row),
    { state: "NEEDS_REVIEW", fence: (row?.fence ?? 0) + 1, media, error: at.error, updatedAt: at.now },
    OPEN_OR_ENDED.filter((name) => name !== "settledAt"),
  );

/** FINALIZING → SENDING without a claim, once "no media" may be believed and the settings allow it. By a reader. */
export const resend = (row: Row, at: { now: number }): Write =>
  change(
    asSeen(row),
    { state: "SENDING", fence: row.fence + 1, leaseUntil: at.now, everUnknown: true, updatedAt: at.now },
    [...OF.attempt, ...OF.wait, "taskId"],
  );

/** NEEDS_REVIEW, REJECTED → SENDING by an operator's "send again". Only an object can be read again. */
export const reopen = (row: Row, at: { now: number; decision: Decision }): Write =>
  change(
    asSeen(row),
    {
      state: "SENDING",
      fence: row.fence + 1,
      leaseUntil: at.now,
      posts: 0,
      updatedAt: at.now,
      decision: at.decision,
      rejected: row.rejected?.filter((id) => id !== row.media?.id),
      // It was FINALIZING: if cielo24 shows the media only now, it was accepted, not refused.
      everUnknown: row.settledAt === undefined ? undefined : true,
    },
    [...OF.end, "claimId", "settledAt", "notBefore", "waiting"],
  );

/**
 * NEEDS_REVIEW, closed by an operator's "reject". Media that cielo24 cannot have is REJECTED, and the job is free; media
 * that it may have stays where it is, and nothing more is sent for the job.
 */
export const closeReview = (
  row: Row,
  at: { now: number; expiryMs: number; decision: Decision; error: DeliveryError },
): Write => {
  const decided = { fence: row.fence + 1, decision: at.decision, error: at.error, updatedAt: at.now };
  return mayBeAccepted(row)
    ? change(asSeen(row), { ...decided, closed: true })
    : change(asSeen(row), { ...rejection(row, at), ...decided }, OPEN_OR_ENDED);
};

/** Records another object for a job that has its media, or waits for a person. By a reader; changes nothing else. */
export const recordConflict = (row: Row, mediaId: string, { isOther = false } = {}): Write => {
  const { conflicts = [], conflictCount = 0, otherMedia = 0 } = row;
  return change(
    { ...asSeen(row), conflictCount },
    {
      conflicts: [...conflicts, mediaId].slice(-CONFLICTS_KEPT),
      conflictCount: conflictCount + 1,
      otherMedia: isOther ? otherMedia + 1 : undefined,
    },
  );
};

/**
 * Marks a file that goes with the media, and changes nothing else. No condition protects the mark from another one at the
 * same moment, and one of them may be lost: they are only for people.
 */
export const recordSidecar = (row: Row, id: string): Write =>
  change(asSeen(row), { sidecars: [...(row.sidecars ?? []), id].slice(-SIDECARS_KEPT) });

/** The event of the row's end is out. */
export const markAnnounced = (row: Row): Write => change(asSeen(row), { announced: true }, ANNOUNCER);

/** The write of an end with the name of the worker that makes it: at first, no other announces the end. */
export const announcedBy = (made: Write, { now, random }: { now: number; random: string }): Write => ({
  if: made.if,
  set: { ...made.set, announcer: random, announcerUntil: now + ANNOUNCER_MS },
  remove: made.remove?.filter((name) => !ANNOUNCER.includes(name)) ?? [],
});

/** The drop is late, and counted as such. Changes nothing else. */
export const recordLate = (row: Row): Write => change(asSeen(row), { late: true });

/** Progress while sending. Never touches the state; the delivery does not depend on it. */
export const reportProgress = (held: Claim, at: { now: number; sentBytes: number }): Write =>
  change(heldBy(held, "SENDING"), { sentBytes: at.sentBytes, updatedAt: at.now });

/**
 * FINALIZING stays: a GET of the capability URL is about to be redirected, so from here on cielo24 may read the object. By
 * media-source, which holds no claim: the capability names the hand-over in question.
 */
export const recordRedirect = ({ fence, capability }: Row): Write =>
  change({ state: ["FINALIZING"], fence, capability }, { redirected: true });
