import type { MediaRef } from "../../media/key.ts";
import type {
  AcknowledgeReason,
  Command,
  Input,
  Leaving,
  MeasuredMedia,
  Memory,
  MemoryIn,
  Phase,
  Step,
  Reader,
} from "./protocol.ts";
import { decideWrite, hasEnded, type DeliveryError, type Row, type Write } from "./row.ts";
import * as transition from "./transitions.ts";
import { costlyWaitMs, nextVisit, type Cause } from "./waits.ts";

/**
 * The moves that workers with and without a claim share. Each makes one command and names the phase in which the worker
 * waits for its outcome, or ends the run.
 */

export const go = <P extends Phase>(phase: P, memory: MemoryIn[P], command: Command): Step => ({
  memory: { ...memory, phase } as unknown as Memory,
  command,
});

export const read = (memory: Reader): Step =>
  go("reading", { ...memory, hoped: undefined, reads: memory.reads + 1 }, { do: "read", ahead: askedAhead(memory) });

/**
 * The object that is measured, and asked about, while the row is read for the first time. Nothing is asked about a drop that
 * has come before, or that settles first: it has to wait for something else.
 */
const askedAhead = ({ drop, settings, reads }: Reader): MediaRef | undefined =>
  reads === 0 && drop.role === "queue" && drop.receiveCount === 1 && !(drop.isOperators && settings.dropSettleMs > 0)
    ? drop.media
    : undefined;

export const write = <P extends Phase>(phase: P, memory: MemoryIn[P], made: Write, opens?: MeasuredMedia): Step =>
  go(
    phase,
    { ...memory, hoped: decideWrite(memory.drop.jobId, memory.row, made) },
    { do: "write", write: made, opens },
  );

/**
 * Whether what was asked ahead will do: the row was read once, and nobody has had it. Otherwise the answers may be older than
 * what others did about them, such as claiming the row for a newer version of the key.
 */
export const wasAskedAhead = ({ row, reads, ...memory }: Reader): boolean =>
  reads === 1 && (row === undefined || row.state === "UPLOADING") && askedAhead({ ...memory, reads: 0 }) !== undefined;

/** Puts an end on record. What follows is the same as for every later reader of the row. */
export const end = (memory: Reader, input: Input, made: Write): Step =>
  write("ending", memory, hasEnded(made.set) ? transition.announcedBy(made, input) : made);

/** Records a 200 with its TaskId. If the worker's claim is on the row no more, the fact is recorded without it. */
export const recordFact = (memory: Reader, input: Input, row: Row, taskId: string): Step => {
  const fact = { now: input.now, taskId, sentBytes: row.sizeBytes };
  const made = transition.recordDelivered(row.media?.id ?? "", fact, memory.claim);
  return end({ ...memory, fact: { taskId } }, input, made);
};

export const acknowledge = (memory: Reader, reason: AcknowledgeReason, error?: DeliveryError): Step => {
  const { row, retryAfterMs } = memory;
  return go("done", memory, { do: "acknowledge", reason, row, error, retryAfterMs });
};

/** Ends this run with the message kept; on its last chance, what is still open is put before a person instead. */
export const leave = (memory: Reader, input: Input, cause: Cause): Step =>
  leaveNow({ ...memory, nextVisit: nextVisit(memory, input, cause) });

const leaveNow = (memory: Leaving): Step => {
  if (memory.drop.lastChance && !memory.gaveUp) return read({ ...memory, gaveUp: true, claim: undefined });
  const { at, reason, retryAfterMs } = memory.nextVisit;
  return go("done", memory, { do: "later", at, reason, row: memory.row, retryAfterMs });
};

/** Whether it was written or not: safety does not depend on it, and the message comes back. */
export const leaveAfterWrite = (memory: Leaving, input: Input): Step =>
  leaveNow(input.type === "written" ? { ...memory, row: memory.hoped } : memory);

/** The media at hand: that of the drop, or the row's if the drop names none. */
export const mediaOf = ({ drop, row }: Reader): MediaRef | undefined => drop.media ?? row?.media;

/** Whether the row is about the media at hand. */
export const isOwn = ({ drop, row }: Reader): boolean => drop.media === undefined || row?.media?.id === drop.media.id;

/** An object may be withdrawn, unless cielo24 may have it already, or an operator wants it sent. */
export const mayWithdraw = (row: Row | undefined): boolean =>
  row?.state !== "SENDING" || !(row.everUnknown || row.decision);

/** The step, with an alert if the bytes of the POST that ended make the media costly. */
export const alertIfCostly = (step: Step, row: Row, sentBytes: number): Step => {
  const { hoped } = step.memory;
  const isFirstTime = costlyWaitMs(row, 0) === 0 && costlyWaitMs(row, sentBytes) > 0;
  if (step.command.do !== "write" || !hoped || !isFirstTime) return step;
  return { ...step, command: { ...step.command, isCostly: true, row: hoped } };
};
