import type { Answer, DeliveryEvent, Memory, Step } from "./machine.ts";
import {
  acknowledge,
  ASK_AGAIN_AFTER_HAND_OVER_MS,
  ASK_AGAIN_MS,
  announce,
  ask,
  askForReview,
  end,
  leave,
  mediaOf,
  MINUTE_MS,
  read,
  recordFact,
  retryAfter,
  write,
} from "./moves.ts";
import {
  ANSWER_UNKNOWN,
  CALL_ABANDONED,
  EMPTY_OBJECT,
  JOB_HAS_MEDIA,
  MEDIA_TOO_LARGE,
  OBJECT_GONE,
} from "./reasons.ts";
import type { DeliveryError, Row } from "./row.ts";
import * as transition from "./transitions.ts";

/** What a worker without a claim makes of the row that it reads: waits, settles what is unknown, ends, or claims. */

/** Reads of one row in one run; more means that others keep changing it. */
const MAX_READS = 8;
/** The lease outlives the invocation, so that work is not done twice; safety does not rest on it. */
const LEASE_MARGIN_MS = MINUTE_MS;

/** Whoever reads anew decides anew: a verdict belongs to the claim that was tried with it. */
export const asReader = (memory: Memory, row: Row | undefined): Memory => ({
  ...memory,
  row,
  hoped: undefined,
  claim: undefined,
  verdict: undefined,
  handingOver: false,
});

export const onRow = (memory: Memory, event: DeliveryEvent): Step => {
  const { drop, row } = memory;
  const media = mediaOf(memory);
  if (memory.reads > MAX_READS) return leave(memory, event, "ledger");
  if (memory.fact && row && media && row.media?.id === media.id && row.state !== "DELIVERED")
    return recordFact(memory, event, row, memory.fact.taskId);
  const givenUp = memory.gaveUp ? giveUp(memory, event) : undefined;
  if (givenUp) return givenUp;
  if (!row) return drop.media ? admit(memory) : acknowledge(memory, "nothingToDo");

  const isOwn = drop.media === undefined || row.media?.id === drop.media.id;
  if (row.state === "REJECTED" && isOwn) return announce(memory, row);
  if (drop.media && row.rejected?.includes(drop.media.id)) return acknowledge(memory, "rejected");
  if (drop.media && row.conflicts?.includes(drop.media.id)) return acknowledge(memory, "conflict");

  switch (row.state) {
    case "UPLOADING":
      return drop.media ? admit(memory) : acknowledge(memory, "nothingToDo");
    case "REJECTED":
      // The next claim wipes what was rejected, so its event has to be out first.
      return row.announced ? admit(memory) : announce(memory, row);
    case "DELIVERED":
      return isOwn ? announce(memory, row) : conflict(memory, row);
    case "NEEDS_REVIEW":
      if (drop.role === "operator") return ask(memory, "settling");
      return isOwn ? announce(memory, row) : conflict(memory, row);
    case "SENDING":
      return onSendingRow(memory, event, row, isOwn);
    case "FINALIZING":
      return drop.role === "caller" ? leave(memory, event, "underWay") : ask(memory, "settling");
  }
};

const onSendingRow = (memory: Memory, event: DeliveryEvent, row: Row, isOwn: boolean): Step => {
  const leaseUntil = row.leaseUntil ?? 0;
  if (event.now < leaseUntil) return leave(memory, event, "underWay", { at: leaseUntil });
  // A rejected medium must lose nothing for the one behind it, so that one waits.
  if (!isOwn || memory.drop.role === "caller") return leave(memory, event, "underWay");
  if ((row.posts ?? 0) >= memory.settings.maxPosts)
    return end(memory, askForReview(memory, event, { type: "ATTEMPTS_USED_UP", comment: "Every attempt failed." }));
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

export const onObject = (memory: Memory, event: DeliveryEvent & { type: "object" }): Step => {
  const measured = { ...memory, sizeBytes: event.sizeBytes };
  // Once bytes were sent, the pinned version is delivered, whatever lies above it by now.
  const isFirst = memory.row?.state !== "SENDING";
  if (event.status === "superseded" && isFirst) return acknowledge(memory, "superseded");
  if (event.status === "gone" || (event.status === "deleted" && isFirst))
    return claimToReject(memory, event, OBJECT_GONE);
  if (event.sizeBytes === 0) return claimToReject(measured, event, EMPTY_OBJECT);
  if (event.sizeBytes > memory.settings.maxMediaBytes) return claimToReject(measured, event, MEDIA_TOO_LARGE);
  return ask(measured, "prechecking");
};

export const onPrecheck = (memory: Memory, event: DeliveryEvent & { type: "info" }): Step => {
  if (!event.hasMedia) return claim(memory, event);
  const { row } = memory;
  if (row?.state === "SENDING" && row.everUnknown)
    return end(memory, transition.deliverAsSeen(row, { now: event.now }));
  if (memory.drop.role === "caller") return acknowledge(memory, "hasMedia");
  return claimToReject(memory, event, JOB_HAS_MEDIA);
};

export const onPrecheckFailed = (
  memory: Memory,
  event: DeliveryEvent,
  answer: Exclude<Answer, { is: "accepted" }>,
): Step => {
  const isCaller = memory.drop.role === "caller";
  switch (answer.is) {
    case "refused":
      if (isCaller) return acknowledge(memory, "refused", answer.error);
      return claimToReject(memory, event, answer.error);
    case "unintelligible":
      if (isCaller) return leave(memory, event, "unintelligible");
      return end(memory, askForReview(memory, event, answer.error));
    case "badToken":
      return leave(memory, event, "unavailable");
    case "accountRefused":
    case "loginInvalid":
      return leave(memory, event, "loginInvalid");
    case "unavailable":
      return leave(memory, event, "unavailable", retryAfter(answer));
  }
};

/** REJECTED is the claimant's to write, so a drop that cannot be sent is claimed first. */
const claimToReject = (memory: Memory, event: DeliveryEvent, error: DeliveryError): Step =>
  memory.row?.everUnknown
    ? end(memory, askForReview(memory, event, error))
    : claim({ ...memory, verdict: error }, event);

const claim = (memory: Memory, event: DeliveryEvent): Step => {
  const media = mediaOf(memory);
  if (!media) return acknowledge(memory, "nothingToDo");
  const fence = (memory.row?.fence ?? 0) + 1;
  return write(
    { ...memory, claim: { fence, claimId: event.random } },
    "claiming",
    transition.claim(memory.row, media, {
      claimId: event.random,
      leaseUntil: event.now + event.timeLeftMs + LEASE_MARGIN_MS,
      now: event.now,
      sizeBytes: memory.sizeBytes,
    }),
  );
};

export const onSettlingInfo = (memory: Memory, event: DeliveryEvent & { type: "info" }): Step => {
  const { row, settings, drop } = memory;
  if (!row) return read(memory);
  if (event.hasMedia) return end(memory, transition.deliverAsSeen(row, { now: event.now }));
  const settledAt = row.settledAt ?? (row.state === "NEEDS_REVIEW" ? 0 : Number.POSITIVE_INFINITY);
  // The clock was read before the question: an answer that was long on its way says nothing about later.
  if (event.askedAt < settledAt)
    return leave(memory, event, row.handOver ? "handedOver" : "answerUnknown", {
      at: Math.min(settledAt, event.now + (row.handOver ? ASK_AGAIN_AFTER_HAND_OVER_MS : ASK_AGAIN_MS)),
    });
  // An operator decides once: should this end in NEEDS_REVIEW again, the next decision is another's.
  if (row.state === "NEEDS_REVIEW")
    return end({ ...memory, drop: { ...drop, role: "reconcile" } }, transition.reopen(row, { now: event.now }));
  const mayResend = settings.resendAfterUnknown && row.media?.kind === "object" && (row.posts ?? 0) < settings.maxPosts;
  if (mayResend && !drop.lastChance) return end(memory, transition.resend(row, { now: event.now }));
  return end(memory, askForReview(memory, event, ANSWER_UNKNOWN));
};

export const onSettlingFailed = (
  memory: Memory,
  event: DeliveryEvent,
  answer: Exclude<Answer, { is: "accepted" }>,
): Step => {
  const { row } = memory;
  switch (answer.is) {
    case "unavailable":
      return leave(memory, event, "unavailable", retryAfter(answer));
    case "badToken":
      return leave(memory, event, "unavailable");
    case "accountRefused":
    case "loginInvalid":
      return leave(memory, event, "loginInvalid");
    case "refused":
    case "unintelligible":
      if (row?.state === "FINALIZING" && event.now >= (row.settledAt ?? Number.POSITIVE_INFINITY))
        return end(memory, askForReview(memory, event, answer.error));
      return leave(memory, event, "answerUnknown");
  }
};

/** On the last chance: NEEDS_REVIEW for what is open and nobody drives. Undefined where the row has its end already. */
const giveUp = (memory: Memory, event: DeliveryEvent): Step | undefined => {
  if (!isOpenToReview(memory, event)) return undefined;
  const comment = `Given up after the queue's last delivery (${memory.leave?.reason ?? "unknown"}).`;
  return end(memory, askForReview(memory, event, { type: "GAVE_UP", comment }));
};

const isOpenToReview = ({ row, drop }: Memory, event: DeliveryEvent): boolean => {
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
