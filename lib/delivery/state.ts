import { decideWrite, type DeliveryError, type MediaRef, type Row, type Write } from "./row.ts";
import * as transition from "./transitions.ts";
import type { Claim } from "./transitions.ts";

/**
 * The delivery machine: what a worker does next, as a function of what it remembers and what just happened.
 *
 * It does no I/O and knows no clock and no randomness: every event carries the time, the time left and a random value.
 * The runner (`deliver.ts`) only executes the commands, so the model checker in `test/model/` explores the code that
 * runs. A worker starts as a reader of the job's row, may become its claimant, and ends with `acknowledge` (there is an
 * end on record, the message may go) or `later` (it must come back).
 */

export interface Settings {
  readonly maxPosts: number;
  readonly maxMediaBytes: number;
  readonly mode: "auto" | "stream" | "url";
  readonly resendAfterUnknown: boolean;
  /** S: clocks differ by at most so much. */
  readonly clockSkewMs: number;
  /** T + D: until what was sent can no longer become an acceptance that job/info does not show. */
  readonly settleMs: number;
  /** T of a hand-over: the capability URL's life and the longest pull. */
  readonly capabilityLifetimeMs: number;
  readonly longestPullMs: number;
  /** FINALIZING is entered with at least this much time left, and left again untouched with less than half of it. */
  readonly finalizeReserveMs: number;
}

/** What brought the worker here. */
export interface Drop {
  readonly jobId: string;
  /** `queue`: an object was dropped. `caller`: an HTTP call waits. `reconcile`: look after the row. `operator`: send again. */
  readonly role: "queue" | "caller" | "reconcile" | "operator";
  /** The medium at hand; `reconcile` and `operator` have none and take the row's. */
  readonly media?: MediaRef;
  /** Only of a caller's body: objects are measured in the bucket. */
  readonly sizeBytes?: number;
  /** How often the message came, from 1. */
  readonly receiveCount: number;
  /** The queue gives the message up after this: whatever is still open becomes NEEDS_REVIEW. */
  readonly lastChance: boolean;
}

/** What cielo24 said to a POST, or to a question. */
export type Answer =
  | { readonly is: "accepted"; readonly taskId: string }
  | { readonly is: "refused"; readonly error: DeliveryError }
  | { readonly is: "badToken" }
  | { readonly is: "loginInvalid" }
  | { readonly is: "unavailable"; readonly retryAfterMs?: number }
  | { readonly is: "unintelligible"; readonly error: DeliveryError };

export type Command =
  | { readonly do: "read" }
  /** Measure the object and see whether its version is the current one. */
  | { readonly do: "inspect"; readonly media: MediaRef }
  /** Ask job/info. */
  | { readonly do: "ask" }
  | { readonly do: "write"; readonly write: Write }
  /** Send all but the last chunk, and keep it back. */
  | { readonly do: "stream"; readonly claim: Claim; readonly row: Row; readonly renewToken: boolean }
  /** Send the last chunk. */
  | { readonly do: "finish" }
  /** Give cielo24 a URL: the caller's own, or our capability URL. */
  | { readonly do: "handOver"; readonly row: Row }
  /** Destroy the sockets of the transfer that is open. */
  | { readonly do: "abort" }
  | { readonly do: "announce"; readonly row: Row }
  | {
      readonly do: "acknowledge";
      readonly reason: AcknowledgeReason;
      readonly row?: Row;
      readonly error?: DeliveryError;
    }
  | {
      readonly do: "later";
      /** When the message shall be visible again; without it, after a jittered wait. */
      readonly at: number;
      readonly reason: LaterReason;
      readonly row?: Row;
      readonly retryAfterMs?: number;
    };

type AcknowledgeReason =
  | "delivered"
  | "rejected"
  | "needsReview"
  | "conflict"
  | "superseded"
  | "nothingToDo"
  /** To a caller alone: nothing was claimed. */
  | "refused"
  | "hasMedia";

type LaterReason =
  | "underWay"
  | "unavailable"
  | "loginInvalid"
  | "unintelligible"
  | "answerUnknown"
  | "handedOver"
  | "ledger"
  | "source"
  | "tooSlow"
  | "noTime"
  | "lostClaim"
  | "unannounced";

type Happening =
  | { readonly type: "row"; readonly row: Row | undefined }
  | { readonly type: "unread" }
  | {
      readonly type: "object";
      readonly status: "current" | "superseded" | "deleted" | "gone";
      readonly sizeBytes: number;
    }
  | { readonly type: "uninspected" }
  | { readonly type: "info"; readonly hasMedia: boolean; readonly askedAt: number }
  | { readonly type: "noInfo"; readonly answer: Exclude<Answer, { is: "accepted" }> }
  | { readonly type: "written" }
  /** The condition did not hold, or nobody knows whether it was written. */
  | { readonly type: "unwritten" }
  | { readonly type: "held"; readonly sha256: string }
  | { readonly type: "answered"; readonly answer: Answer }
  /** The medium cannot be read; nothing was accepted, the sockets are destroyed. */
  | { readonly type: "broken"; readonly code: "OBJECT_GONE" | "OBJECT_CHANGED" | "READ_FAILED" }
  /** At this rate it does not fit into the invocation; nothing was accepted, the sockets are destroyed. */
  | { readonly type: "tooSlow" }
  | { readonly type: "aborted" }
  | { readonly type: "announced" }
  | { readonly type: "unannounced" };

export type DeliveryEvent = Happening & {
  readonly now: number;
  /** What is left of the invocation. */
  readonly timeLeftMs: number;
  /** 32 fresh hex characters. */
  readonly random: string;
};

/** What the worker waits for; tells one `written` from another. */
type Phase =
  | "reading"
  | "inspecting"
  | "prechecking"
  | "claiming"
  | "readingBackClaim"
  | "streaming"
  | "finalizing"
  | "readingBackFinalize"
  | "finishing"
  | "goingOn"
  | "readingBackGoOn"
  | "handingOver"
  | "aborting"
  | "settling"
  | "ending"
  | "backingOut"
  | "leaving"
  | "recordingConflict"
  | "announcing"
  | "markingAnnounced"
  | "done";

export interface Memory {
  readonly drop: Drop;
  readonly settings: Settings;
  readonly phase: Phase;
  /** The row as last read or written by this worker. */
  readonly row?: Row | undefined;
  /** The row as it will be if the write under way succeeds. */
  readonly hoped?: Row | undefined;
  readonly sizeBytes?: number | undefined;
  readonly claim?: Claim | undefined;
  /** What to do once the row is claimed: send, or reject at once. */
  readonly verdict?: DeliveryError | undefined;
  readonly renewed: boolean;
  /** A 200 with its TaskId, until it is on record. */
  readonly fact?: { readonly taskId: string } | undefined;
  readonly sha256?: string | undefined;
  readonly handingOver: boolean;
  /** Where to go once the abort, back-out or last write is done. */
  readonly leave?: { readonly at: number; readonly reason: LaterReason; readonly retryAfterMs?: number } | undefined;
  readonly backOutHandsOver: boolean;
  readonly gaveUp: boolean;
  readonly reads: number;
}

export interface Step {
  readonly memory: Memory;
  readonly command: Command;
}

/** Reads of one row in one run; more means that others keep changing it. */
const MAX_READS = 8;
const MINUTE_MS = 60_000;
/** While an answer is unknown, job/info is asked so often: media that is there may be believed at any time. */
const ASK_AGAIN_MS = 5 * MINUTE_MS;
/** A pull may take hours, and the queue counts receives. */
const ASK_AGAIN_AFTER_HAND_OVER_MS = 15 * MINUTE_MS;
/** The lease outlives the invocation, so that work is not done twice; safety does not rest on it. */
const LEASE_MARGIN_MS = MINUTE_MS;
const MIN_WAIT_MS = MINUTE_MS;
const MAX_WAIT_MS = 60 * MINUTE_MS;
const MAX_RETRY_AFTER_MS = 2 * 60 * MINUTE_MS;

export const start = (drop: Drop, settings: Settings): Step =>
  read({
    drop,
    settings,
    phase: "reading",
    renewed: false,
    handingOver: false,
    backOutHandsOver: false,
    gaveUp: false,
    reads: 0,
  });

export const step = (memory: Memory, event: DeliveryEvent): Step => {
  switch (memory.phase) {
    case "reading":
      if (event.type === "row") return onRow(asReader(memory, event.row), event);
      return leave(memory, event, "ledger");
    case "inspecting":
      if (event.type === "object") return onObject(memory, event);
      return leave(memory, event, "source");
    case "prechecking":
      if (event.type === "info") return onPrecheck(memory, event);
      if (event.type === "noInfo") return onPrecheckFailed(memory, event, event.answer);
      break;
    case "claiming":
      if (event.type === "written") return onClaimed(accept(memory), event);
      return { memory: { ...memory, phase: "readingBackClaim" }, command: { do: "read" } };
    case "readingBackClaim":
      // Compared by the claim's random name: the same fence alone may be another worker's.
      if (event.type === "row" && isMine(memory, event.row, "SENDING"))
        return onClaimed({ ...memory, row: event.row, hoped: undefined }, event);
      if (event.type === "row") return onRow(asReader(memory, event.row), event);
      return leave({ ...memory, claim: undefined }, event, "ledger");
    case "streaming":
      return onStreamed(memory, event);
    case "finalizing":
      if (event.type === "written") return onFinalizing(accept(memory), event);
      return { memory: { ...memory, phase: "readingBackFinalize" }, command: { do: "read" } };
    case "readingBackFinalize":
      if (event.type === "row" && isMine(memory, event.row, "FINALIZING"))
        return onFinalizing({ ...memory, row: event.row, hoped: undefined }, event);
      // The write may still be on its way; backing out changes the fence and so disarms it.
      return abortAndBackOut(memory, event, event.type === "row" ? "lostClaim" : "ledger");
    case "finishing":
    case "handingOver":
      if (event.type === "answered") return onAnswer(memory, event, event.answer);
      break;
    case "goingOn":
      if (event.type === "written") return stream({ ...accept(memory), renewed: true });
      return { memory: { ...memory, phase: "readingBackGoOn" }, command: { do: "read" } };
    case "readingBackGoOn":
      if (event.type === "row" && isMine(memory, event.row, "SENDING"))
        return stream({ ...memory, row: event.row, hoped: undefined, renewed: true });
      return leave({ ...memory, claim: undefined }, event, event.type === "row" ? "lostClaim" : "ledger");
    case "aborting":
      return backOut(memory, event);
    case "backingOut":
    case "leaving":
      // Written or not: safety does not rest on it, and the message comes back.
      return leaveNow(memory, event);
    case "settling":
      if (event.type === "info") return onSettlingInfo(memory, event);
      if (event.type === "noInfo") return onSettlingFailed(memory, event, event.answer);
      break;
    case "ending":
    case "recordingConflict":
      return read({ ...memory, hoped: undefined });
    case "announcing":
      if (event.type === "announced" && memory.row)
        return write(memory, "markingAnnounced", transition.markAnnounced(memory.row));
      return leave(memory, event, "unannounced");
    case "markingAnnounced":
      return onAnnounced(memory, event);
    case "done":
      break;
  }
  throw new Error(`Event ${event.type} makes no sense while ${memory.phase}`);
};

// — What a reader makes of the row —

/** Whoever reads anew decides anew: a verdict belongs to the claim that was tried with it. */
const asReader = (memory: Memory, row: Row | undefined): Memory => ({
  ...memory,
  row,
  hoped: undefined,
  claim: undefined,
  verdict: undefined,
  handingOver: false,
});

const onRow = (memory: Memory, event: DeliveryEvent): Step => {
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

// — Before the claim —

const admit = (memory: Memory): Step => {
  const media = mediaOf(memory);
  if (media?.kind === "object")
    return { memory: { ...memory, phase: "inspecting" }, command: { do: "inspect", media } };
  return ask({ ...memory, sizeBytes: memory.drop.sizeBytes }, "prechecking");
};

const onObject = (memory: Memory, event: DeliveryEvent & { type: "object" }): Step => {
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

const onPrecheck = (memory: Memory, event: DeliveryEvent & { type: "info" }): Step => {
  if (!event.hasMedia) return claim(memory, event);
  const { row } = memory;
  if (row?.state === "SENDING" && row.everUnknown)
    return end(memory, transition.deliverAsSeen(row, { now: event.now }));
  if (memory.drop.role === "caller") return acknowledge(memory, "hasMedia");
  return claimToReject(memory, event, JOB_HAS_MEDIA);
};

const onPrecheckFailed = (memory: Memory, event: DeliveryEvent, answer: Exclude<Answer, { is: "accepted" }>): Step => {
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

// — As the claimant —

const onClaimed = (memory: Memory, event: DeliveryEvent): Step => {
  if (memory.verdict) return reject(memory, event, memory.verdict);
  const { row, settings } = memory;
  const handsOver =
    row?.media?.kind === "url" ||
    (row?.media?.kind === "object" && (settings.mode === "url" || (settings.mode === "auto" && row.handOver === true)));
  return handsOver ? finalizeHandOver(memory, event) : stream(memory);
};

const stream = (memory: Memory): Step => {
  const { claim: held, row } = own(memory);
  return {
    memory: { ...memory, phase: "streaming" },
    command: { do: "stream", claim: held, row, renewToken: memory.renewed },
  };
};

const onStreamed = (memory: Memory, event: DeliveryEvent): Step => {
  switch (event.type) {
    case "held":
      if (event.timeLeftMs < memory.settings.finalizeReserveMs) return abortAndBackOut(memory, event, "noTime", true);
      return finalize({ ...memory, sha256: event.sha256 }, event);
    case "answered":
      return onEarlyAnswer(memory, event, event.answer);
    case "broken":
      if (event.code === "OBJECT_GONE") return reject(memory, event, OBJECT_GONE);
      return withdraw(memory, event, "source");
    case "tooSlow":
      return withdraw({ ...memory, backOutHandsOver: true }, event, "tooSlow", { at: event.now });
    default:
      throw new Error(`Event ${event.type} makes no sense while streaming`);
  }
};

/** An answer before the last chunk: nothing can have been accepted, except where cielo24 says that it was. */
const onEarlyAnswer = (memory: Memory, event: DeliveryEvent, answer: Answer): Step => {
  switch (answer.is) {
    case "accepted":
      return doubt(memory, event);
    case "refused":
      return reject(memory, event, answer.error);
    case "badToken":
      return memory.renewed ? withdraw(memory, event, "unavailable") : stream({ ...memory, renewed: true });
    case "loginInvalid":
      return withdraw(memory, event, "loginInvalid");
    case "unavailable":
      return withdraw(memory, event, "unavailable", retryAfter(answer));
    case "unintelligible":
      return end(memory, askForReview(memory, event, answer.error, own(memory).claim));
  }
};

const finalize = (memory: Memory, event: DeliveryEvent): Step =>
  write(
    memory,
    "finalizing",
    transition.finalize(own(memory).claim, {
      now: event.now,
      settledAt: event.now + event.timeLeftMs + settleMs(memory),
      sha256: memory.sha256,
      sentBytes: memory.sizeBytes,
    }),
  );

const finalizeHandOver = (memory: Memory, event: DeliveryEvent): Step => {
  const { row } = own(memory);
  if (event.timeLeftMs < memory.settings.finalizeReserveMs) return withdraw(memory, event, "noTime");
  const handing = { ...memory, handingOver: true };
  return write(
    handing,
    "finalizing",
    transition.finalize(own(memory).claim, {
      now: event.now,
      settledAt: event.now + event.timeLeftMs + settleMs(handing),
      handOver:
        row.media?.kind === "object"
          ? { capability: event.random, capabilityUntil: event.now + memory.settings.capabilityLifetimeMs }
          : undefined,
    }),
  );
};

const onFinalizing = (memory: Memory, event: DeliveryEvent): Step => {
  if (event.timeLeftMs < memory.settings.finalizeReserveMs / 2)
    return memory.handingOver
      ? backOut({ ...memory, leave: { at: event.now, reason: "noTime" } }, event)
      : abortAndBackOut(memory, event, "noTime", true);
  if (memory.handingOver)
    return { memory: { ...memory, phase: "handingOver" }, command: { do: "handOver", row: own(memory).row } };
  return { memory: { ...memory, phase: "finishing" }, command: { do: "finish" } };
};

/** The answer after the last chunk, or to a URL. Only a 200 with a TaskId and a 400 of a known type are definite. */
const onAnswer = (memory: Memory, event: DeliveryEvent, answer: Answer): Step => {
  const { claim: held, row } = own(memory);
  switch (answer.is) {
    case "accepted":
      if (memory.handingOver && row.media?.kind === "object") {
        const leaving = {
          ...memory,
          leave: { at: event.now + ASK_AGAIN_AFTER_HAND_OVER_MS, reason: "handedOver" as const },
        };
        return write(
          leaving,
          "leaving",
          transition.handedOver(held, {
            now: event.now,
            settledAt: event.now + settleMs(memory),
            taskId: answer.taskId,
          }),
        );
      }
      return recordFact({ ...memory, fact: { taskId: answer.taskId } }, event, row, answer.taskId);
    case "refused":
      return reject(memory, event, answer.error);
    case "badToken":
      if (memory.handingOver || memory.renewed || event.timeLeftMs < memory.settings.finalizeReserveMs)
        return withdraw(memory, event, "unavailable");
      return write(
        { ...memory, claim: { ...held, fence: held.fence + 1 } },
        "goingOn",
        transition.goOn(held, { now: event.now }),
      );
    case "loginInvalid":
      return withdraw(memory, event, "loginInvalid");
    case "unavailable":
    case "unintelligible":
      return write(
        { ...memory, leave: { at: event.now + ASK_AGAIN_MS, reason: "answerUnknown" } },
        "leaving",
        transition.loseAnswer(held, { now: event.now, settledAt: event.now + settleMs(memory) }),
      );
  }
};

const recordFact = (memory: Memory, event: DeliveryEvent, row: Row, taskId: string): Step =>
  end(memory, transition.deliver(row.media?.id ?? "", { now: event.now, taskId, sentBytes: row.sizeBytes }));

/** An answer says that media was taken which was not sent whole: only job/info can tell. */
const doubt = (memory: Memory, event: DeliveryEvent): Step =>
  write(
    { ...memory, leave: { at: event.now + ASK_AGAIN_MS, reason: "answerUnknown" } },
    "leaving",
    transition.finalize(own(memory).claim, {
      now: event.now,
      settledAt: event.now + settleMs(memory),
      everUnknown: true,
    }),
  );

const reject = (memory: Memory, event: DeliveryEvent, error: DeliveryError): Step => {
  const { claim: held, row } = own(memory);
  if (!row.everUnknown) return end(memory, transition.reject(held, row, { now: event.now, error }));
  // An earlier POST may be what this one is refused for: no 400 says that nothing was accepted.
  if (row.state === "SENDING") return doubt(memory, event);
  return write(
    { ...memory, leave: { at: event.now + ASK_AGAIN_MS, reason: "answerUnknown" } },
    "leaving",
    transition.loseAnswer(held, { now: event.now, settledAt: event.now + settleMs(memory) }),
  );
};

/** Gives the claim back after a POST that cannot have been accepted; the sockets are destroyed already. */
const withdraw = (
  memory: Memory,
  event: DeliveryEvent,
  reason: LaterReason,
  wait: { at?: number; retryAfterMs?: number } = {},
): Step => {
  const { row } = own(memory);
  // Nobody can send a caller's media again but the caller, who must find the job free.
  if (row.media?.kind !== "object") return reject(memory, event, WITHDRAWN[reason] ?? CALL_ABANDONED);
  return backOut({ ...memory, leave: waiting(memory, event, reason, wait) }, event);
};

const abortAndBackOut = (memory: Memory, event: DeliveryEvent, reason: LaterReason, handOver = false): Step => ({
  memory: {
    ...memory,
    phase: "aborting",
    backOutHandsOver: handOver && memory.settings.mode === "auto",
    leave: waiting(memory, event, reason, reason === "noTime" ? { at: event.now } : {}),
  },
  command: { do: "abort" },
});

const backOut = (memory: Memory, event: DeliveryEvent): Step => {
  const { claim: held, row } = own(memory);
  if (row.media?.kind !== "object" && !row.everUnknown)
    return end(memory, transition.reject(held, row, { now: event.now, error: CALL_ABANDONED }));
  return write(
    memory,
    "backingOut",
    transition.backOut(held, {
      now: event.now,
      handOver: memory.backOutHandsOver && memory.settings.mode === "auto",
    }),
  );
};

// — Settling what is unknown —

const onSettlingInfo = (memory: Memory, event: DeliveryEvent & { type: "info" }): Step => {
  const { row, settings, drop } = memory;
  if (!row) return read(memory);
  if (event.hasMedia) return end(memory, transition.deliverAsSeen(row, { now: event.now }));
  const settledAt = row.settledAt ?? (row.state === "NEEDS_REVIEW" ? 0 : Number.POSITIVE_INFINITY);
  // The clock was read before the question: an answer that was long on its way says nothing about later.
  if (event.askedAt < settledAt)
    return leave(memory, event, row.handOver ? "handedOver" : "answerUnknown", {
      at: Math.min(settledAt, event.now + (row.handOver ? ASK_AGAIN_AFTER_HAND_OVER_MS : ASK_AGAIN_MS)),
    });
  if (row.state === "NEEDS_REVIEW") return end(memory, transition.reopen(row, { now: event.now }));
  const mayResend = settings.resendAfterUnknown && row.media?.kind === "object" && (row.posts ?? 0) < settings.maxPosts;
  if (mayResend && !drop.lastChance) return end(memory, transition.resend(row, { now: event.now }));
  return end(memory, askForReview(memory, event, ANSWER_UNKNOWN));
};

const onSettlingFailed = (memory: Memory, event: DeliveryEvent, answer: Exclude<Answer, { is: "accepted" }>): Step => {
  const { row } = memory;
  switch (answer.is) {
    case "unavailable":
      return leave(memory, event, "unavailable", retryAfter(answer));
    case "badToken":
      return leave(memory, event, "unavailable");
    case "loginInvalid":
      return leave(memory, event, "loginInvalid");
    case "refused":
    case "unintelligible":
      if (row?.state === "FINALIZING" && event.now >= (row.settledAt ?? Number.POSITIVE_INFINITY))
        return end(memory, askForReview(memory, event, answer.error));
      return leave(memory, event, "answerUnknown");
  }
};

// — Ends —

/** Puts an end on record, then reads the row again: what follows is the same as for every later reader of it. */
const end = (memory: Memory, made: Write): Step => write(memory, "ending", made);

const announce = (memory: Memory, row: Row): Step => {
  if (row.announced && row.state !== "NEEDS_REVIEW") return onAnnounced(memory);
  return { memory: { ...memory, phase: "announcing" }, command: { do: "announce", row } };
};

const onAnnounced = (memory: Memory, event?: DeliveryEvent): Step => {
  const { row, drop } = memory;
  const isOwn = drop.media === undefined || row?.media?.id === drop.media.id;
  // It was the predecessor's end that had to be announced; now for one's own medium.
  if (!isOwn && row?.state === "REJECTED") {
    // Not marked: it would be announced again and again, so leave it to a later run.
    if (event?.type === "unwritten") return leave(memory, event, "ledger");
    return read(memory);
  }
  switch (row?.state) {
    case "DELIVERED":
      return acknowledge(memory, "delivered");
    case "REJECTED":
      return acknowledge(memory, "rejected");
    default:
      return acknowledge(memory, "needsReview");
  }
};

const acknowledge = (memory: Memory, reason: AcknowledgeReason, error?: DeliveryError): Step => ({
  memory: { ...memory, phase: "done" },
  command: { do: "acknowledge", reason, ...(memory.row ? { row: memory.row } : {}), ...(error ? { error } : {}) },
});

/** Ends this run with the message kept; on its last chance, what is still open is put before a person instead. */
const leave = (
  memory: Memory,
  event: DeliveryEvent,
  reason: LaterReason,
  wait: { at?: number; retryAfterMs?: number } = {},
): Step => leaveNow({ ...memory, leave: waiting(memory, event, reason, wait) }, event);

const leaveNow = (memory: Memory, event: DeliveryEvent): Step => {
  const { at, reason, retryAfterMs } = memory.leave ?? waiting(memory, event, "ledger", {});
  if (memory.drop.lastChance && !memory.gaveUp) return read({ ...memory, gaveUp: true, claim: undefined });
  return {
    memory: { ...memory, phase: "done" },
    command: {
      do: "later",
      at,
      reason,
      ...(memory.row ? { row: memory.row } : {}),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  };
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

// — Commands —

const read = (memory: Memory): Step => ({
  memory: { ...memory, phase: "reading", reads: memory.reads + 1 },
  command: { do: "read" },
});

const ask = (memory: Memory, phase: "prechecking" | "settling"): Step => ({
  memory: { ...memory, phase },
  command: { do: "ask" },
});

const write = (memory: Memory, phase: Phase, made: Write): Step => ({
  memory: { ...memory, phase, hoped: decideWrite(memory.drop.jobId, memory.row, made) },
  command: { do: "write", write: made },
});

const accept = (memory: Memory): Memory => ({ ...memory, row: memory.hoped, hoped: undefined });

const askForReview = (memory: Memory, event: DeliveryEvent, error: DeliveryError, held?: Claim): Write => {
  const media = mediaOf(memory);
  if (!media) throw new Error("There is nothing to review without a medium");
  return transition.askForReview(memory.row, media, { now: event.now, error, held });
};

// — Small facts —

const mediaOf = ({ drop, row }: Memory): MediaRef | undefined => drop.media ?? row?.media;

const own = ({ claim: held, row }: Memory): { claim: Claim; row: Row } => {
  if (!held || !row) throw new Error("Only a claimant gets here");
  return { claim: held, row };
};

const isMine = (memory: Memory, row: Row | undefined, state: Row["state"]): boolean =>
  row?.state === state && row.claimId === memory.claim?.claimId && row.fence === memory.claim?.fence;

/** S + T + D: how long after the last byte "no media" says nothing. */
const settleMs = ({ settings, handingOver, row }: Memory): number =>
  settings.clockSkewMs +
  settings.settleMs +
  (handingOver && row?.media?.kind === "object" ? settings.capabilityLifetimeMs + settings.longestPullMs : 0);

const retryAfter = ({ retryAfterMs }: { retryAfterMs?: number }) =>
  retryAfterMs === undefined ? {} : { retryAfterMs };

const waiting = (
  { drop }: Memory,
  event: DeliveryEvent,
  reason: LaterReason,
  { at, retryAfterMs }: { at?: number; retryAfterMs?: number },
): NonNullable<Memory["leave"]> => {
  const fraction = Number.parseInt(event.random.slice(0, 8), 16) / 2 ** 32;
  if (at !== undefined) return { at, reason };
  if (retryAfterMs !== undefined) {
    const wished = Math.min(Math.max(retryAfterMs, 1000), MAX_RETRY_AFTER_MS);
    return { at: event.now + wished * (1 + fraction / 10), reason, retryAfterMs: wished };
  }
  const ceiling = Math.min(MIN_WAIT_MS * 2 ** Math.min(drop.receiveCount, 10), MAX_WAIT_MS);
  return { at: event.now + MIN_WAIT_MS + fraction * (ceiling - MIN_WAIT_MS), reason };
};

const OBJECT_GONE: DeliveryError = { type: "OBJECT_GONE", comment: "The object was deleted before it was delivered." };
const EMPTY_OBJECT: DeliveryError = { type: "EMPTY_OBJECT", comment: "The object is empty." };
const MEDIA_TOO_LARGE: DeliveryError = {
  type: "MEDIA_TOO_LARGE",
  comment: "The object is larger than cielo24 takes (10 GiB - 1 byte).",
};
const JOB_HAS_MEDIA: DeliveryError = {
  type: "JOB_HAS_MEDIA",
  comment: "The job had its media before this one arrived.",
};
const ANSWER_UNKNOWN: DeliveryError = {
  type: "ANSWER_UNKNOWN",
  comment: "cielo24's answer was lost and job/info shows no media; a person has to look.",
};
const CALL_ABANDONED: DeliveryError = {
  type: "CALL_ABANDONED",
  comment: "The call ended before the media was sent; it may be made again.",
};
const WITHDRAWN: Partial<Record<LaterReason, DeliveryError>> = {
  unavailable: { type: "CIELO24_UNAVAILABLE", comment: "cielo24 could not be reached; the call may be made again." },
  loginInvalid: { type: "CIELO24_LOGIN_INVALID", comment: "The proxy could not log in to cielo24." },
};
