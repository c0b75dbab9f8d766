import { uploadIdOf, type MediaRef } from "../../media/key.ts";
import {
  acknowledge,
  alertIfCostly,
  end,
  go,
  isOwn,
  leave,
  mayWithdraw,
  mediaOf,
  read,
  recordFact,
  wasAskedAhead,
  write,
} from "./moves.ts";
import type { Input, Looked, NextVisit, OperatorDecision, Reader, ReaderOfRow, Step } from "./protocol.ts";
import {
  ANSWER_UNKNOWN,
  CALL_ABANDONED,
  CANCELLED,
  CLOSED_BY_OPERATOR,
  EMPTY_OBJECT,
  ERRORS_BEHIND_MEDIA,
  FORM_ENVELOPE,
  JOB_HAS_MEDIA,
  MEDIA_TOO_LARGE,
  OBJECT_ARCHIVED,
  OBJECT_GONE,
  OBJECT_WITHDRAWN,
  REJECTED_BY_OPERATOR,
} from "./reasons.ts";
import { isNewer, type DeliveryError, type Row } from "./row.ts";
import * as transition from "./transitions.ts";
import { isTimedOut } from "./uploading.ts";
import { dueAt, MINUTE_MS, nextQuestion, nextVisit, type Cause } from "./waits.ts";

/**
 * What a worker without a claim does about the row that it reads, in the order in which it happens: it settles, announces
 * or waits, or examines the media at hand and claims the row for it. What cielo24's replies mean is in `replies.ts`.
 */

/** Reads of one row in one run; more means that others keep changing it. */
const MAX_READS = 8;
/** The lease outlives the invocation, so that work is not done twice; safety does not depend on it. */
const LEASE_MARGIN_MS = MINUTE_MS;
/** However often a key is written anew, its first version does not wait longer. */
const LONGEST_SETTLING_MS = 15 * MINUTE_MS;

export const onRead = (memory: Reader, input: Input): Step => {
  const reader = { ...memory, hoped: undefined, claim: undefined };
  if (input.type !== "row") return leave(reader, input, { reason: "ledger" });
  // A verdict belongs to the claim that was tried with it.
  return onRow({ ...reader, row: input.row, verdict: undefined }, input);
};

const onRow = (memory: Reader, input: Input): Step => {
  const { drop, row, fact } = memory;
  if (memory.reads > MAX_READS) return leave(memory, input, { reason: "ledger" });
  if (row && isNewer(row)) return leave(memory, input, { reason: "newerRow" });
  if (fact && row?.media && row.state !== "DELIVERED" && row.media.id === mediaOf(memory)?.id)
    return recordFact(memory, input, row, fact.taskId);
  if (memory.gaveUp && isOpenToReview(memory, input)) return giveUp(memory, input);
  if (!row) return drop.media ? examine(memory, input) : acknowledge(memory, "nothingToDo");
  return onRowOf({ ...memory, row }, input);
};

const onRowOf = (memory: ReaderOfRow, input: Input): Step => {
  const { drop, row } = memory;
  if (drop.role === "operator") return onDecision(memory, input);
  if (row.state === "REJECTED" && isOwn(memory)) return announce(memory, input);
  if (drop.media && row.rejected?.includes(drop.media.id)) return acknowledge(memory, "rejected");
  if (drop.media && row.conflicts?.includes(drop.media.id)) return acknowledge(memory, "conflict");

  switch (row.state) {
    case "UPLOADING":
      return drop.media ? examine(memory, input) : timeOut(memory, input);
    case "REJECTED":
      // The next claim wipes what was rejected, so its event has to be out first.
      if (!row.announced) return announce(memory, input);
      // A rejection that is forgotten would be sent again.
      if ((row.rejected?.length ?? 0) >= transition.REJECTED_KEPT)
        return leave(memory, input, { reason: "tooManyRejected" });
      return examine(memory, input);
    case "DELIVERED":
    case "NEEDS_REVIEW":
      return isOwn(memory) ? announce(memory, input) : conflict(memory, input);
    case "SENDING":
      return onSendingRow(memory, input);
    case "FINALIZING":
      if (drop.role === "caller") return leave(memory, input, { reason: "underWay" });
      if (input.now < dueAt(row) && !drop.lastChance) return leave(memory, input, { reason: "notDue", at: dueAt(row) });
      return go("settling", memory, { do: "ask" });
  }
};

/** Nothing is in doubt: what arrives after this all the same is delivered. */
const timeOut = (memory: ReaderOfRow, input: Input): Step => {
  const { row, settings } = memory;
  return isTimedOut(row, input.now, settings.uploadLifeMs)
    ? end(memory, input, transition.timeOut(row, { now: input.now, expiryMs: settings.expiryMs }))
    : acknowledge(memory, "nothingToDo");
};

const onSendingRow = (memory: ReaderOfRow, input: Input): Step => {
  const { drop, row } = memory;
  const { leaseUntil = 0 } = row;
  if (input.now < leaseUntil) return leave(memory, input, { reason: "underWay", at: leaseUntil });
  if (replaces(memory, input)) return examine(memory, input);
  // If this media is rejected, the object queued behind it must still get its turn, so it waits.
  if (!isOwn(memory) || drop.role === "caller") return leave(memory, input, { reason: "underWay" });
  if (input.now < dueAt(row)) return leave(memory, input, { reason: "notDue", at: dueAt(row) });
  if (row.media?.kind === "object") return examine(memory, input);
  // The bytes or the URL went with the caller; nothing was accepted, so the caller may come again.
  return claim(memory, input, CALL_ABANDONED);
};

/** Another version of a key whose object has only waited. Which of the two is the newer one, S3 tells. */
const replaces = ({ drop, row }: ReaderOfRow, { now }: Input): boolean =>
  drop.isOperators === true &&
  drop.media?.key === row.media?.key &&
  isUntouched(row) &&
  // Any other wait is not the object's, but the job's.
  (row.settlingSince !== undefined || now >= dueAt(row));

/** No byte of the row's media can have been sent, and no operator wants it sent as it is. */
const isUntouched = (row: Row | undefined): boolean =>
  row?.state !== "SENDING" || !(transition.wasClaimed(row) || row.everUnknown || row.decision);

const conflict = (memory: ReaderOfRow, input: Input): Step => {
  const { drop, row } = memory;
  if (drop.role === "caller" || !drop.media) return acknowledge(memory, "hasMedia");
  const settlesAt = settleTime(memory);
  if (input.now < settlesAt && !drop.lastChance) return leave(memory, input, { reason: "settling", at: settlesAt });
  return go("comparing", memory, { do: "compare", row, media: drop.media });
};

export const onCompared = (memory: ReaderOfRow, { sameness, sizeBytes }: Input & { type: "compared" }): Step => {
  const { row, drop } = memory;
  if (sameness === "superseded" || !drop.media) return acknowledge(memory, "superseded");
  const compared = { ...memory, sameness };
  if (sameness === "same") return recordConflict(compared);
  const conflict = { row, media: drop.media, sizeBytes, sameness };
  return go("announcingConflict", compared, { do: "announceConflict", conflict });
};

export const onConflictAnnounced = (memory: ReaderOfRow, input: Input): Step =>
  input.type === "announced" ? recordConflict(memory) : leave(memory, input, { reason: "unannounced" });

const recordConflict = (memory: ReaderOfRow): Step => {
  const isOther = memory.sameness === "other";
  return write(
    "recordingConflict",
    memory,
    transition.recordConflict(memory.row, memory.drop.media?.id ?? "", { isOther }),
  );
};

/** A decision holds for the object and the fence that it names: a queue repeats messages. */
const onDecision = (memory: ReaderOfRow, input: Input): Step => {
  const { row, drop } = memory;
  const { decision } = drop;
  const { media, state, fence, closed } = row;
  if (!decision || media?.id !== decision.object) return acknowledge(memory, "notMeant");
  // Carried out already, perhaps by a worker that died of it: somebody has to look after the row, and announce its end.
  const isUntold = !row.announced && (state === "DELIVERED" || state === "REJECTED") && fence !== decision.fence;
  if (row.decision?.fence === decision.fence || isUntold) return onRowOf(follower(memory), input);
  // What was closed for good may still turn out to be at cielo24.
  if (fence !== decision.fence || (closed && decision.what !== "delivered")) return acknowledge(memory, "notMeant");
  const canResend = decision.what === "resend" && media.kind === "object";
  // job/info is asked first: the media may have shown by now.
  if (state === "NEEDS_REVIEW" && (canResend || decision.what !== "resend"))
    return go("settling", memory, { do: "ask" });
  if (state === "REJECTED" && canResend) return reopen(memory, input, decision);
  return acknowledge(memory, "notMeant");
};

/** An operator decides once. After that the row is looked after; if it ends again, that takes another decision. */
const follower = <M extends Reader>(memory: M): M => ({ ...memory, drop: { ...memory.drop, role: "reconcile" } });

const reopen = (memory: ReaderOfRow, input: Input, decision: OperatorDecision): Step => {
  const { now } = input;
  return end(follower(memory), input, transition.reopen(memory.row, { now, decision: decided(decision, now) }));
};

const closeReview = (memory: ReaderOfRow, input: Input, decision: OperatorDecision): Step => {
  const { now } = input;
  const error = transition.mayBeAccepted(memory.row) ? CLOSED_BY_OPERATOR : REJECTED_BY_OPERATOR;
  const at = { now, expiryMs: memory.settings.expiryMs, decision: decided(decision, now), error };
  return end(follower(memory), input, transition.closeReview(memory.row, at));
};

const decided = ({ what, fence, by, why }: OperatorDecision, at: number) => ({ what, fence, by, why, at });

const examine = (memory: Reader, input: Input): Step => {
  const media = mediaOf(memory);
  if (media?.kind !== "object") return precheck({ ...memory, sizeBytes: memory.drop.sizeBytes });
  if (isCancelled(memory, media)) return refuseCancelled(memory, input, media);
  const connects = willPost(memory) && (input.now >= settleTime(memory) || !isUntouched(memory.row));
  return go("inspecting", memory, { do: "inspect", media, wasAhead: wasAskedAhead(memory), connects });
};

/**
 * Whether the owner cancelled this object, and no operator wants it sent. An upload that was signed after that has an id of
 * its own, which is exact. The key of an operator's drop has none: clocks decide, without a margin, since what is dropped
 * right after the cancellation is wanted.
 */
const isCancelled = ({ row, drop }: Reader, { key = "" }: MediaRef): boolean => {
  if (row?.cancelledAt === undefined || !mayWithdraw(row)) return false;
  if (!row.signedAfter) return true;
  const uploadId = uploadIdOf(key);
  if (uploadId !== undefined) return !row.signedAfter.includes(uploadId);
  return ((drop.media ? drop.arrivedAt : row.droppedAt) ?? 0) <= row.cancelledAt;
};

/** What has begun since then goes on, and its state says nothing of what was cancelled before. */
const refuseCancelled = (memory: Reader, input: Input, media: MediaRef): Step =>
  memory.row?.signedAfter && memory.row.state !== "SENDING"
    ? end(memory, input, transition.setAside(memory.row, media.id))
    : claimToReject(memory, input, CANCELLED);

/** Whether the media at hand, if it is claimed, goes out in a POST of its bytes. */
const willPost = (memory: Reader): boolean => {
  const { row, settings } = memory;
  const media = mediaOf(memory);
  if (media?.kind !== "object") return media?.kind === "body";
  return settings.mode === "stream" || (settings.mode === "auto" && !(isOwn(memory) && row?.handOver));
};

/** job/info proves the token and the job before gigabytes travel, and a look at the bytes whether they are worth a job. */
const precheck = (memory: Reader): Step => {
  const { row, sizeBytes } = memory;
  const media = mediaOf(memory);
  const isNew = media?.kind === "object" && sizeBytes !== undefined && isUntouched(row);
  return go("prechecking", memory, {
    do: "ask",
    look: isNew ? { media, sizeBytes } : undefined,
    wasAhead: wasAskedAhead(memory),
    connects: willPost(memory),
  });
};

export const onObject = (memory: Reader, input: Input & { type: "object" }): Step => {
  const { row, settings, drop } = memory;
  const measured = { ...memory, sizeBytes: input.sizeBytes };
  // Once bytes may have been sent, this very version is delivered, whatever has replaced it by now.
  // An operator names a version; a newer one is on record as its conflict by then.
  if (input.status === "superseded" && isUntouched(row)) return supersede(memory, input);
  const settlesAt = settleTime(memory);
  if (input.now < settlesAt && isUntouched(row) && !drop.lastChance)
    return park(memory, input, { reason: "settling", at: settlesAt });
  if (input.status === "gone") return claimToReject(memory, input, OBJECT_GONE);
  if (input.status === "deleted" && mayWithdraw(row)) return claimToReject(memory, input, OBJECT_WITHDRAWN);
  if (input.sizeBytes === 0) return claimToReject(measured, input, EMPTY_OBJECT);
  if (input.sizeBytes > settings.maxMediaBytes) return claimToReject(measured, input, MEDIA_TOO_LARGE);
  if (input.isArchived) return claimToReject(measured, input, OBJECT_ARCHIVED);
  if (/^multipart\//i.test(input.contentType ?? "")) return claimToReject(measured, input, FORM_ENVELOPE);
  return precheck(measured);
};

/** The newer version has a message of its own. A row that only waited with this one is free for it. */
const supersede = (memory: Reader, { now }: Input): Step => {
  const { row, settings } = memory;
  if (row?.state !== "SENDING" || !isOwn(memory)) return acknowledge(memory, "superseded");
  return write("releasing", memory, transition.release(row, { now, expiryMs: settings.expiryMs }));
};

export const onReleased = (memory: Reader, input: Input): Step =>
  input.type === "written" ? acknowledge(memory, "superseded") : read(memory);

export const onUninspected = (memory: Reader, input: Input & { type: "uninspected" }): Step =>
  park(memory, input, {
    reason: input.code === "ACCESS_REFUSED" ? "accessRefused" : "source",
    detail: input.storeCode,
  });

/** Until when a newer version of the key may follow; 0 unless an operator dropped the object. */
const settleTime = ({ drop, row, settings }: Reader): number => {
  const { arrivedAt, isOperators } = drop;
  // Without a settling time, a worker whose clock is behind does not wait either.
  if (!isOperators || arrivedAt === undefined || settings.dropSettleMs === 0) return 0;
  return Math.min(arrivedAt + settings.dropSettleMs, settlingSince(row, arrivedAt) + LONGEST_SETTLING_MS);
};

const settlingSince = (row: Row | undefined, arrivedAt: number): number =>
  (row?.state === "SENDING" ? row.settlingSince : undefined) ?? arrivedAt;

/** Keeps the object for later, and records until when and why. */
export const park = (memory: Reader, input: Input, cause: Cause): Step => {
  const media = mediaOf(memory);
  const visit = nextVisit(memory, input, cause);
  const { at: notBefore, waiting } = visit;
  if (media?.kind !== "object" || !waiting) return leave(memory, input, cause);
  const at = {
    now: input.now,
    notBefore,
    waiting,
    droppedAt: memory.drop.arrivedAt,
    isUnknown: cause.reason === "jobUnknown",
    settlingSince:
      cause.reason === "settling" || cause.reason === "incomplete"
        ? settlingSince(memory.row, memory.drop.arrivedAt ?? input.now)
        : undefined,
  };
  return write("leaving", { ...memory, nextVisit: visit }, transition.wait(memory.row, media, at));
};

export const onPrecheck = (memory: Reader, input: Input & { type: "info" }): Step => {
  const { row, drop } = memory;
  if (!input.hasMedia) return claimIfWhole(memory, input, input);
  if (row?.state === "SENDING" && row.everUnknown)
    return end(memory, input, transition.recordDeliveredAsSeen(row, { now: input.now }));
  if (drop.role === "caller") return acknowledge(memory, "hasMedia");
  return claimToReject(memory, input, JOB_HAS_MEDIA);
};

const claimIfWhole = (memory: Reader, input: Input, { look, verdict }: Looked): Step => {
  const { drop, settings } = memory;
  if (!verdict) return claim({ ...memory, look }, input);
  const until = drop.isOperators ? (drop.arrivedAt ?? 0) + settings.truncatedPatienceMs : 0;
  // Some programs drop what they have when they are interrupted, and the whole file when they are run again.
  if (verdict.type === "MEDIA_INCOMPLETE" && input.now < until && !drop.lastChance)
    return park(memory, input, { reason: "incomplete", at: until });
  return claimToReject({ ...memory, look }, input, verdict);
};

export const rejectBeforeSending = (memory: Reader, input: Input, { error }: { error: DeliveryError }): Step => {
  if (memory.drop.role === "caller") return acknowledge(memory, "refused", error);
  // cielo24 may say it of one job because that does not exist, or of all because the account is the wrong one.
  const isBelieved =
    error.type !== "ITEM_NOT_FOUND" ||
    input.now - (memory.row?.unknownSince ?? input.now) >= memory.settings.unknownJobMs;
  return isBelieved ? claimToReject(memory, input, error) : park(memory, input, { reason: "jobUnknown" });
};

/** Only a claimant writes REJECTED, so the row is claimed first. */
const claimToReject = (memory: Reader, input: Input, error: DeliveryError): Step =>
  memory.row?.everUnknown ? askForReview(memory, input, error) : claim(memory, input, error);

const claim = (memory: Reader, input: Input, verdict?: DeliveryError): Step => {
  const { row, sizeBytes, look } = memory;
  const { now, random: claimId } = input;
  const media = mediaOf(memory);
  if (!media) return acknowledge(memory, "nothingToDo");
  const leaseUntil = now + input.timeLeftMs + LEASE_MARGIN_MS;
  const made = transition.claim(row, media, {
    claimId,
    leaseUntil,
    now,
    sizeBytes,
    look,
    droppedAt: memory.drop.arrivedAt,
  });
  const opens =
    !verdict && media.kind === "object" && sizeBytes !== undefined && willPost(memory)
      ? { media, sizeBytes }
      : undefined;
  const step = write("claiming", { ...memory, claim: { fence: (row?.fence ?? 0) + 1, claimId }, verdict }, made, opens);
  // A claimant that died did not report how much it had sent.
  return row?.state === "SENDING" && row.claimId !== undefined ? alertIfCostly(step, row, row.sentBytes ?? 0) : step;
};

export const onSettlingInfo = (memory: ReaderOfRow, input: Input & { type: "info" }): Step => {
  const { row, settings, drop } = memory;
  const { decision } = drop;
  const word = decision?.what === "delivered" ? { decision: decided(decision, input.now) } : undefined;
  if (input.hasMedia || (row.state === "NEEDS_REVIEW" && word))
    return end(
      drop.role === "operator" ? follower(memory) : memory,
      input,
      transition.recordDeliveredAsSeen(row, { now: input.now, ...word }),
    );
  if (row.state === "NEEDS_REVIEW" && decision?.what === "reject") return closeReview(memory, input, decision);
  const settledAt = row.settledAt ?? (row.state === "NEEDS_REVIEW" ? 0 : Number.POSITIVE_INFINITY);
  // The clock was read before the question: a reply that took long says nothing about later.
  if (input.askedAt < settledAt) return askAgain(memory, input, settledAt);
  if (row.state === "NEEDS_REVIEW") return decision ? reopen(memory, input, decision) : read(memory);
  const mayResend = row.answeredError ? settings.resendAfterServerError : settings.resendAfterUnknown;
  const hasAttemptsLeft = row.media?.kind === "object" && (row.posts ?? 0) < settings.maxPosts;
  if (mayResend && hasAttemptsLeft && !drop.lastChance)
    return end(memory, input, transition.resend(row, { now: input.now }));
  return askForReview(memory, input, row.answeredError ? ERRORS_BEHIND_MEDIA : ANSWER_UNKNOWN);
};

const askAgain = (memory: ReaderOfRow, input: Input, settledAt: number): Step => {
  const { row, drop } = memory;
  const reason = row.handOver ? "handedOver" : row.answeredError ? "answeredError" : "answerUnknown";
  const at = nextQuestion(row, input.now, settledAt);
  if (row.state !== "FINALIZING") return leave(memory, input, { reason, at: settledAt });
  // The message does not come back to obey what the row says.
  if (drop.lastChance) return leave(memory, input, { reason, at });
  return postpone(memory, nextVisit(memory, input, { reason, at }));
};

/** Records when job/info is asked next. Safety does not depend on it. */
const postpone = (memory: ReaderOfRow, visit: NextVisit, unknownSince?: number): Step => {
  const at = { notBefore: visit.at, waiting: visit.waiting, unknownSince };
  return write("leaving", { ...memory, nextVisit: visit }, transition.postpone(memory.row, at));
};

/** job/info could not be asked: it is asked again later. */
export const askLater = (
  memory: ReaderOfRow,
  input: Input,
  cause: Cause,
  unknownSince = memory.row.unknownSince,
): Step =>
  memory.row.state === "FINALIZING"
    ? postpone(memory, nextVisit(memory, input, cause), unknownSince)
    : leave(memory, input, cause);

export const reviewOrAskLater = (memory: ReaderOfRow, input: Input, { error }: { error: DeliveryError }): Step => {
  const { state, settledAt = Number.POSITIVE_INFINITY, unknownSince = input.now } = memory.row;
  // A job that cielo24 knows no more shows no media, and a person need not wait for it.
  const { decision } = memory.drop;
  if (state === "NEEDS_REVIEW" && decision && decision.what !== "resend")
    return onSettlingInfo(memory, { ...input, type: "info", hasMedia: false, askedAt: input.now });
  const isSettled = state === "FINALIZING" && input.now >= settledAt;
  return isSettled && input.now - unknownSince >= memory.settings.unknownJobMs
    ? askForReview(memory, input, error)
    : askLater(memory, input, { reason: "jobUnknown" }, unknownSince);
};

const askForReview = (memory: Reader, input: Input, error: DeliveryError): Step => {
  const { row } = memory;
  // A worker that settles the row for another object leaves the row its own media.
  const media = row?.state === "SENDING" || row?.state === "FINALIZING" ? row.media : mediaOf(memory);
  if (!media) throw new Error("Nothing can be reviewed without media");
  return end(memory, input, transition.askForReview(row, media, { now: input.now, error }));
};

/** On the message's last chance, whatever is open and has no other worker is put before a person. */
const giveUp = (memory: Reader, input: Input): Step => {
  const { reason = "unknown", waiting } = memory.nextVisit ?? {};
  const comment = `Given up at the end of the message's life (${reason}${waiting ? `: ${waiting.comment}` : ""}).`;
  return askForReview(memory, input, { type: "GAVE_UP", comment });
};

const isOpenToReview = (memory: Reader, { now }: Input): boolean => {
  const { row, drop } = memory;
  switch (row?.state) {
    case undefined:
      return drop.media !== undefined;
    case "UPLOADING":
    case "REJECTED":
      return (
        drop.media !== undefined &&
        !row.rejected?.includes(drop.media.id) &&
        (row.state === "UPLOADING" || row.announced === true)
      );
    case "SENDING":
      return isOwn(memory) && now >= (row.leaseUntil ?? 0);
    case "FINALIZING":
      // While cielo24 may still pull, its URL must live; the census brings such a row back.
      return isOwn(memory) && !(row.handOver && now < (row.settledAt ?? 0));
    default:
      return false;
  }
};

const announce = (memory: ReaderOfRow, input: Input): Step => {
  const { row, drop } = memory;
  // A person is told again if the media itself comes again, but not if a message only looks after the row.
  const isToldAgain = row.state === "NEEDS_REVIEW" && !row.closed && drop.role === "queue";
  if (row.announced && !isToldAgain) return onEndTold(memory);
  // At first, only the worker that wrote the end announces it. Safety does not depend on it: later, any other may.
  const { announcer, announcerUntil = 0 } = row;
  if (input.now < announcerUntil && announcer !== memory.announcer && drop.role !== "caller" && !drop.lastChance)
    return leave(memory, input, { reason: "unannounced", at: announcerUntil });
  return go("announcing", memory, { do: "announce", row });
};

export const onAnnounced = (memory: ReaderOfRow, input: Input): Step =>
  input.type === "announced"
    ? write("markingAnnounced", memory, transition.markAnnounced(memory.row))
    : leave(memory, input, { reason: "unannounced" });

export const onMarked = (memory: ReaderOfRow, input: Input): Step =>
  // Reading the row again would announce this end again and again, so the queued object waits for a later run.
  input.type === "unwritten" && isOfPredecessor(memory)
    ? leave(memory, input, { reason: "ledger" })
    : onEndTold(memory);

/** The end that had to be announced first was that of other media; now for the media at hand. */
const isOfPredecessor = (memory: ReaderOfRow): boolean => !isOwn(memory) && memory.row.state === "REJECTED";

const onEndTold = (memory: ReaderOfRow): Step => {
  if (isOfPredecessor(memory)) return read(memory);
  const { state } = memory.row;
  return acknowledge(memory, state === "DELIVERED" ? "delivered" : state === "REJECTED" ? "rejected" : "needsReview");
};
