import { alertIfCostly, end, go, leaveAfterWrite, mayWithdraw, recordFact, write } from "./moves.ts";
import type { Claimant, Input, Leaving, NextVisit, Step } from "./protocol.ts";
import { CALL_ABANDONED, OBJECT_ARCHIVED, OBJECT_GONE, WITHDRAWN } from "./reasons.ts";
import type { DeliveryError } from "./row.ts";
import * as transition from "./transitions.ts";
import {
  costlyWaitMs,
  timeToSettleErrorMs,
  handsOver,
  isPulled,
  nextQuestion,
  nextVisit,
  timeToSettleMs,
  type Cause,
} from "./waits.ts";

/**
 * What a worker does with its claim: it sends the media or hands it over, records what became of that, or gives the claim
 * back. Which of these follows from cielo24's reply is in `replies.ts`.
 */

export const onClaimed = (memory: Claimant, input: Input): Step => {
  if (memory.verdict) return reject(memory, input, { error: memory.verdict });
  if (!handsOver(memory)) return stream(memory);
  return hasTime(memory, input) ? recheck(memory, input) : withdraw(memory, input, { reason: "noTime" });
};

const hasTime = ({ settings }: Claimant, { timeLeftMs }: Input): boolean => timeLeftMs >= settings.finalizeReserveMs;

const stream = (memory: Claimant): Step =>
  go("streaming", memory, { do: "stream", claim: memory.claim, row: memory.row });

export const streamAgain = (memory: Claimant): Step => stream({ ...memory, renewed: true });

export const renewToken = (memory: Claimant, input: Input): Step =>
  memory.renewed ? withdraw(memory, input, { reason: "unavailable" }) : streamAgain(memory);

/** All but the last chunk is sent. */
export const onHeld = (memory: Claimant, input: Input & { type: "held" }): Step => {
  const sentBytes = memory.row.sizeBytes;
  const held = { ...memory, sentBytes, sha256: input.sha256 };
  return hasTime(memory, input) ? recheck(held, input) : abortAndBackOut(held, input, outOfTime(input), true);
};

/** An object may be withdrawn until the last moment. */
const recheck = (memory: Claimant, input: Input): Step => {
  const { media } = memory.row;
  return media?.kind === "object" && mayWithdraw(memory.row)
    ? go("rechecking", memory, { do: "recheck", media })
    : finalize(memory, input);
};

export const onChecked = (memory: Claimant, input: Input & { type: "checked" }): Step => {
  if (input.isWithdrawn) return go("withdrawing", memory, { do: "abort" });
  return hasTime(memory, input) ? finalize(memory, input) : abortAndBackOut(memory, input, outOfTime(input), true);
};

export const onBroken = (memory: Claimant, input: Input & { type: "broken" }): Step => {
  const broken = { ...memory, sentBytes: input.sentBytes };
  if (input.code === "OBJECT_GONE") return reject(broken, input, { error: OBJECT_GONE });
  if (input.code === "OBJECT_ARCHIVED") return reject(broken, input, { error: OBJECT_ARCHIVED });
  const reason = input.code === "ACCESS_REFUSED" ? "accessRefused" : "source";
  return withdraw(broken, input, { reason, detail: input.storeCode });
};

export const onTooSlow = (memory: Claimant, input: Input & { type: "tooSlow" }): Step => {
  const slow = { ...memory, sentBytes: input.sentBytes, backOutHandsOver: memory.settings.mode === "auto" };
  return withdraw(slow, input, { reason: "tooSlow", at: input.now });
};

/** From here on cielo24 may accept, so that is written down before the last chunk or the URL goes out. */
const finalize = (memory: Claimant, input: Input): Step => {
  const { claim, row, settings, sha256, sentBytes } = memory;
  const made = transition.finalize(claim, row, {
    now: input.now,
    settledAt: input.now + input.timeLeftMs + timeToSettleMs(memory),
    sha256,
    sentBytes,
    handOver: isPulled(memory)
      ? { capability: input.random, capabilityUntil: input.now + settings.capabilityLifetimeMs }
      : undefined,
  });
  return write("finalizing", memory, made);
};

export const onFinalizing = (memory: Claimant, input: Input): Step => {
  if (input.timeLeftMs < memory.settings.finalizeReserveMs / 2)
    return handsOver(memory)
      ? backOut({ ...memory, nextVisit: nextVisit(memory, input, outOfTime(input)) }, input)
      : abortAndBackOut(memory, input, outOfTime(input), true);
  if (handsOver(memory)) return go("handingOver", memory, { do: "handOver", row: memory.row });
  return go("finishing", memory, { do: "finish" });
};

/** The write may still be on its way; backing out changes the fence and so disarms it. */
export const onNotFinalizing = (memory: Claimant, input: Input): Step =>
  abortAndBackOut(memory, input, { reason: input.type === "row" ? "lostClaim" : "ledger" });

/** cielo24 took the media: a fact, unless all it took is a URL of ours, which it has yet to pull. */
export const recordAccepted = (memory: Claimant, input: Input, { taskId }: { taskId: string }): Step => {
  const { claim, row } = memory;
  if (!isPulled(memory)) return recordFact(memory, input, row, taskId);
  const settledAt = input.now + timeToSettleMs(memory);
  const visit = nextVisit(memory, input, { reason: "handedOver", at: nextQuestion(row, input.now, settledAt) });
  const made = transition.handedOver(claim, { now: input.now, settledAt, notBefore: visit.at, taskId });
  return write("leaving", { ...memory, nextVisit: visit }, made);
};

/** Sends again with a fresh token, once a run. A URL is not worth it. */
export const goOn = (memory: Claimant, input: Input): Step => {
  const { claim, row, renewed } = memory;
  if (handsOver(memory) || renewed || !hasTime(memory, input))
    return withdraw(memory, input, { reason: "unavailable" });
  const next = { ...memory, claim: { ...claim, fence: claim.fence + 1 } };
  return write("goingOn", next, transition.goOn(claim, row, { now: input.now }));
};

/**
 * It is unknown whether cielo24 took the media: its reply was lost, or it sent a 200 before the whole media was sent.
 */
export const recordUnknown = (memory: Claimant, input: Input): Step => recordOpenOutcome(memory, input, false);

/**
 * cielo24 read the whole body and replied with an error. For a caller's media, or a URL that it fetches, that proves no
 * more than a lost reply.
 */
export const recordError = (memory: Claimant, input: Input): Step =>
  recordOpenOutcome(memory, input, memory.row.media?.kind === "object" && !isPulled(memory));

/** From here on only job/info can tell what cielo24 has. */
const recordOpenOutcome = (memory: Claimant, input: Input, answeredError: boolean): Step => {
  const { claim, row, settings } = memory;
  const { now } = input;
  const settledAt = now + (answeredError ? timeToSettleErrorMs(settings, row) : timeToSettleMs(memory));
  const visit = nextVisit(memory, input, {
    reason: answeredError ? "answeredError" : "answerUnknown",
    at: nextQuestion({ ...row, answeredError }, now, settledAt),
  });
  const { at: notBefore, waiting } = visit;
  const made =
    row.state === "SENDING"
      ? transition.finalize(claim, row, { now, settledAt, notBefore, everUnknown: true })
      : transition.loseReply(claim, { now, settledAt, notBefore, waiting, answeredError });
  return write("leaving", { ...memory, nextVisit: visit }, made);
};

export const rejectOrWithdrawUrl = (memory: Claimant, input: Input, refused: { error: DeliveryError }): Step =>
  isPulled(memory) && refused.error.type === "INVALID_URL"
    ? withdrawUrl(memory, input)
    : reject(memory, input, refused);

/** cielo24 could not fetch our URL. That is definite unless a GET of it was redirected: then it may have the media. */
const withdrawUrl = (memory: Claimant, input: Input): Step => {
  const { claim, row } = memory;
  const visit = nextVisit(memory, input, { reason: "urlRefused" });
  const made = transition.backOut(claim, row, {
    now: input.now,
    notBefore: visit.at,
    waiting: visit.waiting,
    handOver: true,
    unlessRedirected: true,
  });
  return write("withdrawingUrl", { ...memory, nextVisit: visit }, made);
};

export const reject = (memory: Claimant, input: Input, { error }: { error: DeliveryError }): Step =>
  // cielo24 may refuse this POST because it accepted an earlier one: no 400 says that nothing was accepted.
  memory.row.everUnknown ? recordUnknown(memory, input) : rejectNow(memory, input, error);

const rejectNow = (memory: Claimant, input: Input, error: DeliveryError): Step => {
  const { expiryMs } = memory.settings;
  return end(memory, input, transition.reject(memory.claim, memory.row, { now: input.now, expiryMs, error }));
};

/** Gives the claim back after a POST that cannot have been accepted; the sockets are destroyed already. */
export const withdraw = (memory: Claimant, input: Input, cause: Cause): Step =>
  // Only the caller can send a caller's media again, and must find the job free.
  memory.row.media?.kind === "object"
    ? backOut({ ...memory, nextVisit: visitAfterPost(memory, input, cause) }, input)
    : reject({ ...memory, retryAfterMs: cause.retryAfterMs }, input, {
        error: WITHDRAWN[cause.reason] ?? CALL_ABANDONED,
      });

/** A POST in vain: what it carried cost money. */
const visitAfterPost = (memory: Claimant, input: Input, cause: Cause): NextVisit =>
  nextVisit(memory, input, { ...cause, leastMs: costlyWaitMs(memory.row, carried(memory)) });

const carried = ({ sentBytes, row }: Claimant): number => sentBytes ?? row.sentBytes ?? 0;

const abortAndBackOut = (memory: Claimant, input: Input, cause: Cause, handOver = false): Step => {
  const backOutHandsOver = handOver && memory.settings.mode === "auto";
  const leaving = { ...memory, backOutHandsOver, nextVisit: visitAfterPost(memory, input, cause) };
  return go("aborting", leaving, { do: "abort" });
};

const outOfTime = ({ now }: Input): Cause => ({ reason: "noTime", at: now });

export const backOut = (memory: Claimant & Leaving, input: Input): Step => {
  const { claim, row, nextVisit: visit, backOutHandsOver } = memory;
  if (row.media?.kind !== "object" && !row.everUnknown) return rejectNow(memory, input, CALL_ABANDONED);
  const sentBytes = carried(memory);
  const made = transition.backOut(claim, row, {
    now: input.now,
    notBefore: visit.at,
    waiting: visit.waiting,
    handOver: backOutHandsOver,
    sentBytes,
  });
  return alertIfCostly(write("backingOut", memory, made), row, sentBytes);
};

/** Not written because a GET of the URL was redirected, or perhaps not written: it counts as a lost reply. */
export const onUrlWithdrawn = (memory: Claimant & Leaving, input: Input): Step =>
  input.type === "written" ? leaveAfterWrite(memory, input) : recordUnknown(memory, input);
