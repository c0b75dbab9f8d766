import type { Reply, Input, LaterReason, Leave, Memory, Step } from "./protocol.ts";
import {
  costlyWaitMs,
  end,
  errorSettleMs,
  nextQuestion,
  claimed,
  recordFact,
  retryAfter,
  settleMs,
  tellOfCost,
  waiting,
  write,
} from "./moves.ts";
import { ANSWER_UNKNOWN, CALL_ABANDONED, OBJECT_ARCHIVED, OBJECT_GONE, WITHDRAWN } from "./reasons.ts";
import type { DeliveryError } from "./row.ts";
import * as transition from "./transitions.ts";

/** What the claimant of a row does: sends the medium, or hands it over, and makes of cielo24's answer what it means. */

export const onClaimed = (memory: Memory, event: Input): Step => {
  if (memory.verdict) return reject(memory, event, memory.verdict);
  const { row, settings } = memory;
  const handsOver =
    row?.media?.kind === "url" ||
    (row?.media?.kind === "object" && (settings.mode === "url" || (settings.mode === "auto" && row.handOver === true)));
  return handsOver ? finalizeHandOver(memory, event) : stream(memory);
};

export const stream = (memory: Memory): Step => {
  const { claim: held, row } = claimed(memory);
  return {
    memory: { ...memory, phase: "streaming" },
    command: { do: "stream", claim: held, row },
  };
};

export const onStreamed = (memory: Memory, event: Input): Step => {
  switch (event.type) {
    case "held": {
      const held = { ...memory, sha256: event.sha256, sentBytes: memory.sizeBytes };
      if (event.timeLeftMs < memory.settings.finalizeReserveMs) return abortAndBackOut(held, event, "noTime", true);
      return finalize(held, event);
    }
    case "answered":
      return onEarlyAnswer({ ...memory, sentBytes: event.sentBytes }, event, event.answer);
    case "broken": {
      const broken = { ...memory, sentBytes: event.sentBytes };
      if (event.code === "OBJECT_GONE") return reject(broken, event, OBJECT_GONE);
      if (event.code === "OBJECT_ARCHIVED") return reject(broken, event, OBJECT_ARCHIVED);
      const reason = event.code === "ACCESS_REFUSED" ? "accessRefused" : "source";
      return withdraw(broken, event, reason, { detail: event.storeCode });
    }
    case "tooSlow": {
      const slow = { ...memory, sentBytes: event.sentBytes, backOutHandsOver: true };
      return withdraw(slow, event, "tooSlow", { at: event.now });
    }
    default:
      throw new Error(`Event ${event.type} makes no sense while streaming`);
  }
};

/** An answer before the last chunk: nothing can have been accepted, except where cielo24 says that it was. */
const onEarlyAnswer = (memory: Memory, event: Input, answer: Reply): Step => {
  switch (answer.is) {
    case "accepted":
      return doubt(memory, event);
    case "refused":
      return reject(memory, event, answer.error);
    case "badToken":
      return memory.renewed ? withdraw(memory, event, "unavailable") : stream({ ...memory, renewed: true });
    default:
      return withdrawFor(memory, event, answer);
  }
};

/** Gives the claim back for an answer that says nothing of the medium, where nothing can have been accepted. */
const withdrawFor = (
  memory: Memory,
  event: Input,
  answer: Exclude<Reply, { is: "accepted" | "refused" | "badToken" }>,
): Step => {
  switch (answer.is) {
    case "loginInvalid":
      return withdraw(memory, event, "loginInvalid");
    case "accountRefused":
      return withdraw(memory, event, "accountRefused", { detail: answer.error.type });
    case "unavailable":
      return withdraw(memory, event, "unavailable", retryAfter(answer));
    case "unintelligible":
      return withdraw(memory, event, "unintelligible");
  }
};

const finalize = (memory: Memory, event: Input): Step =>
  write(
    memory,
    "finalizing",
    transition.finalize(claimed(memory).claim, claimed(memory).row, {
      now: event.now,
      settledAt: event.now + event.timeLeftMs + settleMs(memory),
      sha256: memory.sha256,
      sentBytes: memory.sizeBytes,
    }),
  );

const finalizeHandOver = (memory: Memory, event: Input): Step => {
  const { row } = claimed(memory);
  if (event.timeLeftMs < memory.settings.finalizeReserveMs) return withdraw(memory, event, "noTime");
  const handing = { ...memory, handingOver: true };
  return write(
    handing,
    "finalizing",
    transition.finalize(claimed(memory).claim, claimed(memory).row, {
      now: event.now,
      settledAt: event.now + event.timeLeftMs + settleMs(handing),
      handOver:
        row.media?.kind === "object"
          ? { capability: event.random, capabilityUntil: event.now + memory.settings.capabilityLifetimeMs }
          : undefined,
    }),
  );
};

export const onFinalizing = (memory: Memory, event: Input): Step => {
  if (event.timeLeftMs < memory.settings.finalizeReserveMs / 2)
    return memory.handingOver
      ? backOut({ ...memory, leave: waiting(memory, event, "noTime", { at: event.now }) }, event)
      : abortAndBackOut(memory, event, "noTime", true);
  if (memory.handingOver)
    return { memory: { ...memory, phase: "handingOver" }, command: { do: "handOver", row: claimed(memory).row } };
  return { memory: { ...memory, phase: "finishing" }, command: { do: "finish" } };
};

/** The answer after the last chunk, or to a URL. Only a 200 with a TaskId and a 400 of a known type are definite. */
export const onAnswer = (memory: Memory, event: Input, answer: Reply): Step => {
  const { claim: held, row } = claimed(memory);
  const isPull = memory.handingOver && row.media?.kind === "object";
  switch (answer.is) {
    case "accepted": {
      if (!isPull) return recordFact({ ...memory, fact: { taskId: answer.taskId } }, event, row, answer.taskId);
      const settledAt = event.now + settleMs(memory);
      const leaving = waiting(memory, event, "handedOver", { at: nextQuestion(row, event.now, settledAt) });
      return write(
        { ...memory, leave: leaving },
        "leaving",
        transition.handedOver(held, { now: event.now, settledAt, notBefore: leaving.at, taskId: answer.taskId }),
      );
    }
    case "refused":
      if (isPull && answer.error.type === "INVALID_URL") return withdrawUrl(memory, event);
      return reject(memory, event, answer.error);
    case "badToken":
      if (memory.handingOver || memory.renewed || event.timeLeftMs < memory.settings.finalizeReserveMs)
        return withdraw(memory, event, "unavailable");
      return write(
        { ...memory, claim: { ...held, fence: held.fence + 1 } },
        "goingOn",
        transition.goOn(held, row, { now: event.now }),
      );
    case "loginInvalid":
    case "accountRefused":
      return withdrawFor(memory, event, answer);
    case "unavailable":
      if (answer.isUnsent) return withdrawFor(memory, event, answer);
      return loseAnswer(memory, event, answer.isAnsweredError === true && row.media?.kind === "object" && !isPull);
    case "unintelligible":
      return answer.isUnsent ? withdrawFor(memory, event, answer) : loseAnswer(memory, event);
  }
};

/** Nobody knows whether cielo24 took the medium, or it has answered an error behind the whole body. */
const loseAnswer = (memory: Memory, event: Input, answeredError = false): Step => {
  const { claim: held, row } = claimed(memory);
  const settledAt = event.now + (answeredError ? errorSettleMs(memory) : settleMs(memory));
  const at = nextQuestion({ ...row, answeredError }, event.now, settledAt);
  const leaving = waiting(memory, event, answeredError ? "answeredError" : "answerUnknown", { at });
  return write(
    { ...memory, leave: leaving },
    "leaving",
    transition.loseAnswer(held, {
      now: event.now,
      settledAt,
      notBefore: at,
      waiting: leaving.waiting ?? ANSWER_UNKNOWN,
      answeredError,
    }),
  );
};

/** cielo24 could not fetch our URL. That is definite unless a GET of it was redirected: then it may have the medium. */
const withdrawUrl = (memory: Memory, event: Input): Step => {
  const { claim: held, row } = claimed(memory);
  const leaving = waiting(memory, event, "urlRefused");
  return write(
    { ...memory, leave: leaving },
    "withdrawingUrl",
    transition.backOut(held, row, {
      now: event.now,
      notBefore: leaving.at,
      waiting: leaving.waiting,
      handOver: true,
      unlessRedirected: true,
    }),
  );
};

/** Redirected, or the ledger did not answer: it counts as a lost answer. */
export const onUrlRedirected = (memory: Memory, event: Input): Step => loseAnswer(memory, event);

/** An answer says that media was taken which was not sent whole: only job/info can tell. */
const doubt = (memory: Memory, event: Input): Step => {
  const { claim: held, row } = claimed(memory);
  const settledAt = event.now + settleMs(memory);
  const leaving = waiting(memory, event, "answerUnknown", { at: nextQuestion(row, event.now, settledAt) });
  return write(
    { ...memory, leave: leaving },
    "leaving",
    transition.finalize(held, row, { now: event.now, settledAt, notBefore: leaving.at, everUnknown: true }),
  );
};

const reject = (memory: Memory, event: Input, error: DeliveryError): Step => {
  const { row } = claimed(memory);
  if (!row.everUnknown) return rejectNow(memory, event, error);
  // An earlier POST may be what this one is refused for: no 400 says that nothing was accepted.
  if (row.state === "SENDING") return doubt(memory, event);
  return loseAnswer(memory, event);
};

const rejectNow = (memory: Memory, event: Input, error: DeliveryError): Step => {
  const { claim: held, row } = claimed(memory);
  return end(memory, transition.reject(held, row, { now: event.now, expiryMs: memory.settings.expiryMs, error }));
};

/** Gives the claim back after a POST that cannot have been accepted; the sockets are destroyed already. */
const withdraw = (
  memory: Memory,
  event: Input,
  reason: LaterReason,
  wait: { at?: number; retryAfterMs?: number; detail?: string | undefined } = {},
): Step => {
  const { row } = claimed(memory);
  // Nobody can send a caller's media again but the caller, who must find the job free.
  if (row.media?.kind !== "object")
    return reject({ ...memory, ...retryAfter(wait) }, event, WITHDRAWN[reason] ?? CALL_ABANDONED);
  return backOut({ ...memory, leave: pausing(memory, event, reason, wait) }, event);
};

/** The wait after a POST in vain: what it carried cost money. */
const pausing = (memory: Memory, event: Input, reason: LaterReason, wait: Parameters<typeof waiting>[3]): Leave =>
  waiting(memory, event, reason, { ...wait, leastMs: costlyWaitMs(claimed(memory).row, carried(memory)) });

const carried = ({ sentBytes, row }: Memory): number => sentBytes ?? row?.sentBytes ?? 0;

export const abortAndBackOut = (memory: Memory, event: Input, reason: LaterReason, handOver = false): Step => ({
  memory: {
    ...memory,
    phase: "aborting",
    backOutHandsOver: handOver && memory.settings.mode === "auto",
    leave: pausing(memory, event, reason, reason === "noTime" ? { at: event.now } : {}),
  },
  command: { do: "abort" },
});

export const backOut = (memory: Memory, event: Input): Step => {
  const { claim: held, row } = claimed(memory);
  if (row.media?.kind !== "object" && !row.everUnknown) return rejectNow(memory, event, CALL_ABANDONED);
  const sentBytes = carried(memory);
  const givenBack = write(
    memory,
    "backingOut",
    transition.backOut(held, row, {
      now: event.now,
      notBefore: memory.leave?.at ?? event.now,
      waiting: memory.leave?.waiting,
      handOver: memory.backOutHandsOver && memory.settings.mode === "auto",
      sentBytes,
    }),
  );
  return tellOfCost(givenBack, row, sentBytes);
};
