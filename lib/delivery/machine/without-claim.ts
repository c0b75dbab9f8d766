import type { Reply, Input, LaterReason, Memory, OperatorDecision, Step } from "./protocol.ts";
import {
  acknowledge,
  announce,
  ask,
  askForReview,
  costlyWaitMs,
  end,
  leave,
  mediaOf,
  MINUTE_MS,
  nextQuestion,
  read,
  recordFact,
  retryAfter,
  tellOfCost,
  waiting,
  write,
} from "./moves.ts";
import {
  ANSWER_UNKNOWN,
  CALL_ABANDONED,
  CLOSED_BY_OPERATOR,
  EMPTY_OBJECT,
  ERRORS_BEHIND_MEDIA,
  FORM_ENVELOPE,
  JOB_HAS_MEDIA,
  MEDIA_TOO_LARGE,
  OBJECT_ARCHIVED,
  OBJECT_GONE,
  REJECTED_BY_OPERATOR,
} from "./reasons.ts";
import type { Decision, DeliveryError, Row } from "./row.ts";
import * as transition from "./transitions.ts";

/** What a worker without a claim makes of the row that it reads: waits, settles what is unknown, ends, or claims. */

/** Reads of one row in one run; more means that others keep changing it. */
const MAX_READS = 8;
/** The lease outlives the invocation, so that work is not done twice; safety does not rest on it. */
const LEASE_MARGIN_MS = MINUTE_MS;

/** Whoever reads anew decides anew: a verdict belongs to the claim that was tried with it. */
export const withoutClaim = (memory: Memory, row: Row | undefined): Memory => ({
  ...memory,
  row,
  hoped: undefined,
  claim: undefined,
  verdict: undefined,
  handingOver: false,
});

export const onRow = (memory: Memory, event: Input): Step => {
  const { drop, row } = memory;
  const media = mediaOf(memory);
  if (memory.reads > MAX_READS) return leave(memory, event, "ledger");
  if (memory.fact && row && media && row.media?.id === media.id && row.state !== "DELIVERED")
    return recordFact(memory, event, row, memory.fact.taskId);
  const givenUp = memory.gaveUp ? giveUp(memory, event) : undefined;
  if (givenUp) return givenUp;
  if (!row) return drop.media ? admit(memory) : acknowledge(memory, "nothingToDo");

  if (drop.role === "operator") return onDecision(memory, event, row, drop.decision);
  const isOwn = drop.media === undefined || row.media?.id === drop.media.id;
  if (row.state === "REJECTED" && isOwn) return announce(memory, row);
  if (drop.media && row.rejected?.includes(drop.media.id)) return acknowledge(memory, "rejected");
  if (drop.media && row.conflicts?.includes(drop.media.id)) return acknowledge(memory, "conflict");

  switch (row.state) {
    case "UPLOADING":
      return drop.media ? admit(memory) : acknowledge(memory, "nothingToDo");
    case "REJECTED":
      // The next claim wipes what was rejected, so its event has to be out first.
      if (!row.announced) return announce(memory, row);
      // A rejection that is forgotten would be sent again.
      if ((row.rejected?.length ?? 0) >= transition.REJECTED_KEPT) return leave(memory, event, "tooManyRejected");
      return admit(memory);
    case "DELIVERED":
      return isOwn ? announce(memory, row) : conflict(memory, row);
    case "NEEDS_REVIEW":
      return isOwn ? announce(memory, row) : conflict(memory, row);
    case "SENDING":
      return onSendingRow(memory, event, row, isOwn);
    case "FINALIZING":
      if (drop.role === "caller") return leave(memory, event, "underWay");
      return event.now >= dueAt(row) || drop.lastChance
        ? ask(memory, "settling")
        : leave(memory, event, "notDue", { at: dueAt(row) });
  }
};

/** When the row's next step is due. A claimant that died wrote no wait, and may have carried much in vain. */
const dueAt = (row: Row): number => {
  const { notBefore = 0, claimId, leaseUntil = 0, sentBytes = 0 } = row;
  if (row.state !== "SENDING" || claimId === undefined) return notBefore;
  return Math.max(notBefore, leaseUntil + costlyWaitMs(row, sentBytes));
};

/** An operator's word holds for the object and the fence that it was said of: a queue repeats messages. */
const onDecision = (memory: Memory, event: Input, row: Row, decision: OperatorDecision | undefined): Step => {
  const { media, state, fence, closed } = row;
  if (!decision || media?.id !== decision.object) return acknowledge(memory, "notMeant");
  // Carried out already, perhaps by a worker that died of it: somebody has to look after the row, and tell its end.
  const isUntold = !row.announced && (state === "DELIVERED" || state === "REJECTED") && fence !== decision.fence;
  if (row.decision?.fence === decision.fence || isUntold) return onRow({ ...memory, drop: follower(memory) }, event);
  if (fence !== decision.fence || closed) return acknowledge(memory, "notMeant");
  const canResend = decision.what === "resend" && media.kind === "object";
  // job/info is asked first: the medium may have shown by now.
  if (state === "NEEDS_REVIEW" && (canResend || decision.what === "reject")) return ask(memory, "settling");
  if (state === "REJECTED" && canResend) return reopen(memory, row, decision, event.now);
  return acknowledge(memory, "notMeant");
};

const onSendingRow = (memory: Memory, event: Input, row: Row, isOwn: boolean): Step => {
  const leaseUntil = row.leaseUntil ?? 0;
  if (event.now < leaseUntil) return leave(memory, event, "underWay", { at: leaseUntil });
  // A rejected medium must lose nothing for the one behind it, so that one waits.
  if (!isOwn || memory.drop.role === "caller") return leave(memory, event, "underWay");
  if (event.now < dueAt(row)) return leave(memory, event, "notDue", { at: dueAt(row) });
  if (row.media?.kind === "object") return admit(memory);
  // The bytes or the URL went with the caller; nothing was accepted, so the caller may come again.
  return claim({ ...memory, verdict: CALL_ABANDONED }, event);
};

const conflict = (memory: Memory, row: Row): Step => {
  if (memory.drop.role === "caller") return acknowledge(memory, "hasMedia");
  return write(memory, "recordingConflict", transition.recordConflict(row, memory.drop.media?.id ?? ""));
};

const admit = (memory: Memory): Step => {
  const media = mediaOf(memory);
  if (media?.kind === "object")
    return { memory: { ...memory, phase: "inspecting" }, command: { do: "inspect", media } };
  return ask({ ...memory, sizeBytes: memory.drop.sizeBytes }, "prechecking");
};

export const onObject = (memory: Memory, event: Input & { type: "object" }): Step => {
  const { row, settings } = memory;
  const measured = { ...memory, sizeBytes: event.sizeBytes };
  // Once bytes may have been sent, the pinned version is delivered, whatever lies above it by now.
  const isFirst = row?.state !== "SENDING" || !(transition.wasClaimed(row) || row.everUnknown);
  // An operator named this very version; a newer one is on record as its conflict by then.
  if (event.status === "superseded" && isFirst && !row?.decision) return supersede(memory, event);
  if (event.status === "gone" || (event.status === "deleted" && isFirst))
    return claimToReject(memory, event, OBJECT_GONE);
  if (event.sizeBytes === 0) return claimToReject(measured, event, EMPTY_OBJECT);
  if (event.sizeBytes > settings.maxMediaBytes) return claimToReject(measured, event, MEDIA_TOO_LARGE);
  if (event.isArchived) return claimToReject(measured, event, OBJECT_ARCHIVED);
  if (/^multipart\//i.test(event.contentType ?? "")) return claimToReject(measured, event, FORM_ENVELOPE);
  return ask(measured, "prechecking");
};

/** The version above it has a message of its own. A row that only waited with this one is free for it. */
const supersede = (memory: Memory, event: Input): Step => {
  const { row, settings } = memory;
  if (row?.state !== "SENDING") return acknowledge(memory, "superseded");
  return write(memory, "releasing", transition.release(row, { now: event.now, expiryMs: settings.expiryMs }));
};

export const onUninspected = (memory: Memory, event: Input & { type: "uninspected" }): Step =>
  park(memory, event, event.code === "ACCESS_REFUSED" ? "accessRefused" : "source", { detail: event.storeCode });

/** Keeps the object for later, and puts on record until when and why. */
const park = (
  memory: Memory,
  event: Input,
  reason: LaterReason,
  wait: { retryAfterMs?: number; detail?: string | undefined } = {},
): Step => {
  const { row } = memory;
  const media = mediaOf(memory);
  const leaving = waiting(memory, event, reason, wait);
  if (media?.kind !== "object" || !leaving.waiting) return leave(memory, event, reason, wait);
  return write(
    { ...memory, leave: leaving },
    "leaving",
    transition.wait(row, media, {
      now: event.now,
      notBefore: leaving.at,
      waiting: leaving.waiting,
      isUnknown: reason === "jobUnknown",
    }),
  );
};

export const onPrecheck = (memory: Memory, event: Input & { type: "info" }): Step => {
  if (!event.hasMedia) return claim(memory, event);
  const { row } = memory;
  if (row?.state === "SENDING" && row.everUnknown)
    return end(memory, transition.recordDeliveredAsSeen(row, { now: event.now }));
  if (memory.drop.role === "caller") return acknowledge(memory, "hasMedia");
  return claimToReject(memory, event, JOB_HAS_MEDIA);
};

export const onPrecheckFailed = (memory: Memory, event: Input, answer: Exclude<Reply, { is: "accepted" }>): Step => {
  const isCaller = memory.drop.role === "caller";
  switch (answer.is) {
    case "refused":
      if (isCaller) return acknowledge(memory, "refused", answer.error);
      return answer.error.type === "ITEM_NOT_FOUND"
        ? onUnknownJob(memory, event, answer.error)
        : claimToReject(memory, event, answer.error);
    case "accountRefused":
      return park(memory, event, "accountRefused", { detail: answer.error.type });
    case "unintelligible":
      return park(memory, event, "unintelligible");
    case "badToken":
      return park(memory, event, "unavailable");
    case "loginInvalid":
      return park(memory, event, "loginInvalid");
    case "unavailable":
      return park(memory, event, "unavailable", retryAfter(answer));
  }
};

/** Said of one job, it is that job's; said of all, it is the account's. Nobody can tell at once. */
const onUnknownJob = (memory: Memory, event: Input, error: DeliveryError): Step =>
  event.now - (memory.row?.unknownSince ?? event.now) >= memory.settings.unknownJobMs
    ? claimToReject(memory, event, error)
    : park(memory, event, "jobUnknown");

/** REJECTED is the claimant's to write, so a drop that cannot be sent is claimed first. */
const claimToReject = (memory: Memory, event: Input, error: DeliveryError): Step =>
  memory.row?.everUnknown
    ? end(memory, askForReview(memory, event, error))
    : claim({ ...memory, verdict: error }, event);

const claim = (memory: Memory, event: Input): Step => {
  const media = mediaOf(memory);
  if (!media) return acknowledge(memory, "nothingToDo");
  const { row } = memory;
  const fence = (row?.fence ?? 0) + 1;
  const claimed = write(
    { ...memory, claim: { fence, claimId: event.random } },
    "claiming",
    transition.claim(row, media, {
      claimId: event.random,
      leaseUntil: event.now + event.timeLeftMs + LEASE_MARGIN_MS,
      now: event.now,
      sizeBytes: memory.sizeBytes,
    }),
  );
  // A claimant that died told nobody what it had carried.
  return row?.state === "SENDING" && row.claimId !== undefined ? tellOfCost(claimed, row, row.sentBytes ?? 0) : claimed;
};

export const onSettlingInfo = (memory: Memory, event: Input & { type: "info" }): Step => {
  const { row, settings, drop } = memory;
  if (!row) return read(memory);
  if (event.hasMedia)
    return end(
      { ...memory, drop: drop.role === "operator" ? follower(memory) : drop },
      transition.recordDeliveredAsSeen(row, { now: event.now }),
    );
  const { decision } = drop;
  if (row.state === "NEEDS_REVIEW" && decision?.what === "reject") return closeReview(memory, event, row, decision);
  const settledAt = row.settledAt ?? (row.state === "NEEDS_REVIEW" ? 0 : Number.POSITIVE_INFINITY);
  // The clock was read before the question: an answer that was long on its way says nothing about later.
  if (event.askedAt < settledAt) return askLater(memory, event, row, settledAt);
  if (row.state === "NEEDS_REVIEW") return decision ? reopen(memory, row, decision, event.now) : read(memory);
  const mayResend = row.answeredError ? settings.resendAfterServerError : settings.resendAfterUnknown;
  const hasAttemptsLeft = row.media?.kind === "object" && (row.posts ?? 0) < settings.maxPosts;
  if (mayResend && hasAttemptsLeft && !drop.lastChance) return end(memory, transition.resend(row, { now: event.now }));
  return end(memory, askForReview(memory, event, row.answeredError ? ERRORS_BEHIND_MEDIA : ANSWER_UNKNOWN));
};

const askLater = (memory: Memory, event: Input, row: Row, settledAt: number): Step => {
  const reason = row.handOver ? "handedOver" : row.answeredError ? "answeredError" : "answerUnknown";
  const at = nextQuestion(row, event.now, settledAt);
  if (row.state !== "FINALIZING") return leave(memory, event, reason, { at: settledAt });
  // Nobody of this message's comes back to obey it.
  if (memory.drop.lastChance) return leave(memory, event, reason, { at });
  return postpone(memory, row, waiting(memory, event, reason, { at }));
};

/** Puts on record when job/info is asked next. Safety does not rest on it. */
const postpone = (memory: Memory, row: Row, leaving: NonNullable<Memory["leave"]>, unknownSince?: number): Step =>
  write(
    { ...memory, leave: leaving },
    "leaving",
    transition.postpone(row, { notBefore: leaving.at, waiting: leaving.waiting, unknownSince }),
  );

const decided = ({ what, fence, by, why }: OperatorDecision, at: number): Decision => ({ what, fence, by, why, at });

/** An operator decides once: what comes after that is looked after, and should it end again, it is another decision. */
const follower = ({ drop }: Memory): Memory["drop"] => ({ ...drop, role: "reconcile" });

const reopen = (memory: Memory, row: Row, decision: OperatorDecision, now: number): Step =>
  end({ ...memory, drop: follower(memory) }, transition.reopen(row, { now, decision: decided(decision, now) }));

const closeReview = (memory: Memory, event: Input, row: Row, decision: OperatorDecision): Step =>
  end(
    { ...memory, drop: follower(memory) },
    transition.closeReview(row, {
      now: event.now,
      expiryMs: memory.settings.expiryMs,
      decision: decided(decision, event.now),
      error: transition.mayBeAccepted(row) ? CLOSED_BY_OPERATOR : REJECTED_BY_OPERATOR,
    }),
  );

export const onSettlingFailed = (memory: Memory, event: Input, answer: Exclude<Reply, { is: "accepted" }>): Step => {
  const { row } = memory;
  const later = (reason: LaterReason, wait: Parameters<typeof waiting>[3] = {}, unknownSince?: number): Step =>
    row?.state === "FINALIZING"
      ? postpone(memory, row, waiting(memory, event, reason, wait), unknownSince)
      : leave(memory, event, reason, wait);
  switch (answer.is) {
    case "unavailable":
      return later("unavailable", retryAfter(answer), row?.unknownSince);
    case "badToken":
      return later("unavailable", {}, row?.unknownSince);
    case "loginInvalid":
      return later("loginInvalid", {}, row?.unknownSince);
    case "accountRefused":
      return later("accountRefused", { detail: answer.error.type }, row?.unknownSince);
    case "unintelligible":
      return later("unintelligible", {}, row?.unknownSince);
    case "refused": {
      const since = row?.unknownSince ?? event.now;
      const isSettled = row?.state === "FINALIZING" && event.now >= (row.settledAt ?? Number.POSITIVE_INFINITY);
      if (isSettled && event.now - since >= memory.settings.unknownJobMs)
        return end(memory, askForReview(memory, event, answer.error));
      return later("jobUnknown", {}, since);
    }
  }
};

/** On the last chance: NEEDS_REVIEW for what is open and nobody drives. Undefined where the row has its end already. */
const giveUp = (memory: Memory, event: Input): Step | undefined => {
  if (!isOpenToReview(memory, event)) return undefined;
  const { reason = "unknown", waiting: waitsFor } = memory.leave ?? {};
  const comment = `Given up at the end of the message's life (${reason}${waitsFor ? `: ${waitsFor.comment}` : ""}).`;
  return end(memory, askForReview(memory, event, { type: "GAVE_UP", comment }));
};

const isOpenToReview = ({ row, drop }: Memory, event: Input): boolean => {
  const isOwn = drop.media === undefined || row?.media?.id === drop.media.id;
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
      return isOwn && event.now >= (row.leaseUntil ?? 0);
    case "FINALIZING":
      // While cielo24 may still pull, its URL must live; the census brings such a row back.
      return isOwn && !(row.handOver && event.now < (row.settledAt ?? 0));
    default:
      return false;
  }
};
