import type { Answer, DeliveryEvent, LaterReason, Memory, Step } from "./machine.ts";
import {
  ASK_AGAIN_AFTER_HAND_OVER_MS,
  ASK_AGAIN_MS,
  askForReview,
  end,
  own,
  recordFact,
  retryAfter,
  settleMs,
  waiting,
  write,
} from "./moves.ts";
import { CALL_ABANDONED, OBJECT_GONE, WITHDRAWN } from "./reasons.ts";
import type { DeliveryError } from "./row.ts";
import * as transition from "./transitions.ts";

/** What the claimant of a row does: sends the medium, or hands it over, and makes of cielo24's answer what it means. */

export const onClaimed = (memory: Memory, event: DeliveryEvent): Step => {
  if (memory.verdict) return reject(memory, event, memory.verdict);
  const { row, settings } = memory;
  const handsOver =
    row?.media?.kind === "url" ||
    (row?.media?.kind === "object" && (settings.mode === "url" || (settings.mode === "auto" && row.handOver === true)));
  return handsOver ? finalizeHandOver(memory, event) : stream(memory);
};

export const stream = (memory: Memory): Step => {
  const { claim: held, row } = own(memory);
  return {
    memory: { ...memory, phase: "streaming" },
    command: { do: "stream", claim: held, row },
  };
};

export const onStreamed = (memory: Memory, event: DeliveryEvent): Step => {
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
    case "accountRefused":
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

export const onFinalizing = (memory: Memory, event: DeliveryEvent): Step => {
  if (event.timeLeftMs < memory.settings.finalizeReserveMs / 2)
    return memory.handingOver
      ? backOut({ ...memory, leave: { at: event.now, reason: "noTime" } }, event)
      : abortAndBackOut(memory, event, "noTime", true);
  if (memory.handingOver)
    return { memory: { ...memory, phase: "handingOver" }, command: { do: "handOver", row: own(memory).row } };
  return { memory: { ...memory, phase: "finishing" }, command: { do: "finish" } };
};

/** The answer after the last chunk, or to a URL. Only a 200 with a TaskId and a 400 of a known type are definite. */
export const onAnswer = (memory: Memory, event: DeliveryEvent, answer: Answer): Step => {
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
    case "accountRefused":
    case "loginInvalid":
      return withdraw(memory, event, "loginInvalid");
    case "unavailable":
      if (answer.isUnsent) return withdraw(memory, event, "unavailable", retryAfter(answer));
      return loseAnswer(memory, event);
    case "unintelligible":
      return loseAnswer(memory, event);
  }
};

const loseAnswer = (memory: Memory, event: DeliveryEvent): Step =>
  write(
    { ...memory, leave: { at: event.now + ASK_AGAIN_MS, reason: "answerUnknown" } },
    "leaving",
    transition.loseAnswer(own(memory).claim, { now: event.now, settledAt: event.now + settleMs(memory) }),
  );

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
  return loseAnswer(memory, event);
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

export const abortAndBackOut = (memory: Memory, event: DeliveryEvent, reason: LaterReason, handOver = false): Step => ({
  memory: {
    ...memory,
    phase: "aborting",
    backOutHandsOver: handOver && memory.settings.mode === "auto",
    leave: waiting(memory, event, reason, reason === "noTime" ? { at: event.now } : {}),
  },
  command: { do: "abort" },
});

export const backOut = (memory: Memory, event: DeliveryEvent): Step => {
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
