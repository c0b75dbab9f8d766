import type { AcknowledgeReason, DeliveryEvent, LaterReason, Memory, Phase, Step } from "./machine.ts";
import { decideWrite, type DeliveryError, type MediaRef, type Row, type Write } from "./row.ts";
import * as transition from "./transitions.ts";
import type { Claim } from "./transitions.ts";

/** The moves that reader and claimant share: each makes one command, or ends the run. */

export const MINUTE_MS = 60_000;
/** While an answer is unknown, job/info is asked so often: media that is there may be believed at any time. */
export const ASK_AGAIN_MS = 5 * MINUTE_MS;
/** A pull may take hours, and the queue counts receives. */
export const ASK_AGAIN_AFTER_HAND_OVER_MS = 15 * MINUTE_MS;
const MIN_WAIT_MS = MINUTE_MS;
const MAX_WAIT_MS = 60 * MINUTE_MS;
const MAX_RETRY_AFTER_MS = 2 * 60 * MINUTE_MS;

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

export const askForReview = (memory: Memory, event: DeliveryEvent, error: DeliveryError, held?: Claim): Write => {
  const { row } = memory;
  // Whoever settles the row for another object leaves it its own medium.
  const media = row?.state === "SENDING" || row?.state === "FINALIZING" ? row.media : mediaOf(memory);
  if (!media) throw new Error("There is nothing to review without a medium");
  return transition.askForReview(memory.row, media, { now: event.now, error, held });
};

/** Puts an end on record, then reads the row again: what follows is the same as for every later reader of it. */
export const end = (memory: Memory, made: Write): Step => write(memory, "ending", made);

export const recordFact = (memory: Memory, event: DeliveryEvent, row: Row, taskId: string): Step =>
  end(memory, transition.deliver(row.media?.id ?? "", { now: event.now, taskId, sentBytes: row.sizeBytes }));

export const announce = (memory: Memory, row: Row): Step => {
  if (row.announced && row.state !== "NEEDS_REVIEW") return onAnnounced(memory);
  return { memory: { ...memory, phase: "announcing" }, command: { do: "announce", row } };
};

export const onAnnounced = (memory: Memory, event?: DeliveryEvent): Step => {
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
  command: { do: "acknowledge", reason, ...(memory.row ? { row: memory.row } : {}), ...(error ? { error } : {}) },
});

/** Ends this run with the message kept; on its last chance, what is still open is put before a person instead. */
export const leave = (
  memory: Memory,
  event: DeliveryEvent,
  reason: LaterReason,
  wait: { at?: number; retryAfterMs?: number } = {},
): Step => leaveNow({ ...memory, leave: waiting(memory, event, reason, wait) }, event);

export const leaveNow = (memory: Memory, event: DeliveryEvent): Step => {
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

export const mediaOf = ({ drop, row }: Memory): MediaRef | undefined => drop.media ?? row?.media;

export const own = ({ claim: held, row }: Memory): { claim: Claim; row: Row } => {
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

export const retryAfter = ({ retryAfterMs }: { retryAfterMs?: number }) =>
  retryAfterMs === undefined ? {} : { retryAfterMs };

export const waiting = (
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
