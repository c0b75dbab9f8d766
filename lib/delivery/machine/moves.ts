import type { AcknowledgeReason, Input, LaterReason, Leave, Memory, Phase, Step } from "./protocol.ts";
import { waitingFor } from "./reasons.ts";
import { decideWrite, type DeliveryError, type Row, type Write } from "./row.ts";
import * as transition from "./transitions.ts";
import type { Claim } from "./transitions.ts";
import type { MediaRef } from "../../media/key.ts";

/** The moves that reader and claimant share: each makes one command, or ends the run. */

export const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** While an answer is unknown, job/info is asked so often: media that is there may be believed at any time. */
const ASK_AGAIN_MS = 5 * MINUTE_MS;
/** A pull may take hours. */
const ASK_AGAIN_AFTER_HAND_OVER_MS = 15 * MINUTE_MS;
/** Nobody waits for a medium behind which cielo24 answered an error, and the outage that it tells of takes its time. */
const ASK_AGAIN_AFTER_ERROR_MS = 30 * MINUTE_MS;
const MIN_WAIT_MS = MINUTE_MS;
const MAX_WAIT_MS = HOUR_MS;
const MAX_RETRY_AFTER_MS = 2 * HOUR_MS;
/** Bytes cost money: what was carried in vain so many times over waits longer each time, up to six hours. */
const COSTLY_FACTOR = 5;
const LONGEST_COSTLY_WAIT_MS = 6 * HOUR_MS;

export const read = (memory: Memory): Step => ({
  memory: { ...memory, phase: "reading", reads: memory.reads + 1 },
  command: { do: "read" },
});

export const ask = (memory: Memory, phase: "prechecking" | "settling"): Step => ({
  memory: { ...memory, phase },
  command: { do: "ask" },
});

export const write = (memory: Memory, phase: Phase, made: Write): Step => ({
  memory: { ...memory, phase, hoped: decideWrite(memory.drop.jobId, memory.row, made) },
  command: { do: "write", write: made },
});

export const accept = (memory: Memory): Memory => ({ ...memory, row: memory.hoped, hoped: undefined });

export const askForReview = (memory: Memory, event: Input, error: DeliveryError): Write => {
  const { row } = memory;
  // Whoever settles the row for another object leaves it its own medium.
  const media = row?.state === "SENDING" || row?.state === "FINALIZING" ? row.media : mediaOf(memory);
  if (!media) throw new Error("There is nothing to review without a medium");
  return transition.askForReview(memory.row, media, { now: event.now, error });
};

/** Puts an end on record, then reads the row again: what follows is the same as for every later reader of it. */
export const end = (memory: Memory, made: Write): Step => write(memory, "ending", made);

export const recordFact = (memory: Memory, event: Input, row: Row, taskId: string): Step =>
  end(memory, transition.recordDelivered(row.media?.id ?? "", { now: event.now, taskId, sentBytes: row.sizeBytes }));

export const announce = (memory: Memory, row: Row): Step => {
  // A person is told again where the medium itself comes again, and not by whoever only looks after the row.
  const isToldAgain = row.state === "NEEDS_REVIEW" && !row.closed && memory.drop.role === "queue";
  if (row.announced && !isToldAgain) return onAnnounced(memory);
  return { memory: { ...memory, phase: "announcing" }, command: { do: "announce", row } };
};

export const onAnnounced = (memory: Memory, event?: Input): Step => {
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

export const acknowledge = (memory: Memory, reason: AcknowledgeReason, error?: DeliveryError): Step => ({
  memory: { ...memory, phase: "done" },
  command: {
    do: "acknowledge",
    reason,
    ...(memory.row ? { row: memory.row } : {}),
    ...(error ? { error } : {}),
    ...(memory.retryAfterMs === undefined ? {} : { retryAfterMs: memory.retryAfterMs }),
  },
});

/** Ends this run with the message kept; on its last chance, what is still open is put before a person instead. */
export const leave = (memory: Memory, event: Input, reason: LaterReason, wait: Wait = {}): Step =>
  leaveNow({ ...memory, leave: waiting(memory, event, reason, wait) }, event);

export const leaveNow = (memory: Memory, event: Input): Step => {
  const { at, reason, retryAfterMs } = memory.leave ?? waiting(memory, event, "ledger");
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

export const mediaOf = ({ drop, row }: Memory): MediaRef | undefined => drop.media ?? row?.media;

export const claimed = ({ claim: held, row }: Memory): { claim: Claim; row: Row } => {
  if (!held || !row) throw new Error("Only a claimant gets here");
  return { claim: held, row };
};

export const isMine = (memory: Memory, row: Row | undefined, state: Row["state"]): boolean =>
  row?.state === state && row.claimId === memory.claim?.claimId && row.fence === memory.claim?.fence;

/** S + T + D: how long after the last byte "no media" says nothing. */
export const settleMs = ({ settings, handingOver, row }: Memory): number =>
  settings.clockSkewMs +
  settings.settleMs +
  (handingOver && row?.media?.kind === "object" ? settings.capabilityLifetimeMs + settings.longestPullMs : 0);

/** The same behind an error that cielo24 answered: longer after each POST of unknown outcome, this one included. */
export const errorSettleMs = ({ settings, row }: Memory): number => {
  const factor = row?.posts === undefined || row.posts <= 1 ? 1 : row.posts === 2 ? 2 : row.posts === 3 ? 4 : 6;
  return settings.clockSkewMs + settings.serverErrorSettleMs * factor;
};

/** When job/info is asked next about a medium whose outcome is unknown. */
export const nextQuestion = (row: Row, now: number, settledAt: number): number => {
  const intervalMs = row.handOver
    ? ASK_AGAIN_AFTER_HAND_OVER_MS
    : row.answeredError
      ? ASK_AGAIN_AFTER_ERROR_MS
      : ASK_AGAIN_MS;
  return Math.min(settledAt, now + intervalMs);
};

export const retryAfter = ({ retryAfterMs }: { retryAfterMs?: number }) =>
  retryAfterMs === undefined ? {} : { retryAfterMs };

/** The least wait for a medium that was carried in vain too often; 0 where it was not. */
export const costlyWaitMs = ({ sizeBytes = 0, bytesInVain = 0 }: Row, sentBytes: number): number => {
  const over = sizeBytes === 0 ? 0 : (bytesInVain + sentBytes) / sizeBytes - COSTLY_FACTOR;
  return over > 0 ? Math.min(MAX_WAIT_MS * 2 ** Math.floor(over), LONGEST_COSTLY_WAIT_MS) : 0;
};

/** The write, with a word to people where the bytes of the POST that ended make the medium a costly one. */
export const tellOfCost = (step: Step, row: Row, sentBytes: number): Step => {
  const { hoped } = step.memory;
  const isFirstTime = costlyWaitMs(row, 0) === 0 && costlyWaitMs(row, sentBytes) > 0;
  if (step.command.do !== "write" || !hoped || !isFirstTime) return step;
  return { ...step, command: { ...step.command, isCostly: true, row: hoped } };
};

interface Wait {
  /** At that time and no other. */
  readonly at?: number;
  /** What cielo24 wishes: not sooner, but perhaps later. */
  readonly retryAfterMs?: number;
  readonly leastMs?: number;
  /** What is said of the cause. */
  readonly detail?: string | undefined;
}

/**
 * How long to wait: a back-off with full jitter that grows with the receives, never shorter than a Retry-After.
 */
export const waiting = (
  { drop }: Memory,
  event: Input,
  reason: LaterReason,
  { at, retryAfterMs, leastMs = 0, detail }: Wait = {},
): Leave => {
  const fraction = Number.parseInt(event.random.slice(0, 8), 16) / 2 ** 32;
  const ceilingMs = Math.min(MIN_WAIT_MS * 2 ** Math.min(drop.receiveCount, 10), MAX_WAIT_MS);
  const backOffMs = at === undefined ? MIN_WAIT_MS + fraction * (ceilingMs - MIN_WAIT_MS) : at - event.now;
  const wishedMs = Math.min(Math.max(retryAfterMs ?? 0, 0), MAX_RETRY_AFTER_MS) * (1 + fraction / 10);
  return {
    at: Math.ceil(event.now + Math.max(backOffMs, wishedMs, leastMs)),
    reason,
    waiting: waitingFor(reason, detail),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs: Math.max(wishedMs, 1000) }),
  };
};
