import { go, leave, leaveAfterWrite, read } from "./moves.ts";
import type { Claimant, Drop, Input, Memory, Reader, Settings, Step } from "./protocol.ts";
import { OBJECT_WITHDRAWN } from "./reasons.ts";
import { onReply } from "./replies.ts";
import type { Claim, State } from "./row.ts";
import {
  backOut,
  onBroken,
  onChecked,
  onClaimed,
  onFinalizing,
  onHeld,
  onNotFinalizing,
  onTooSlow,
  onUrlWithdrawn,
  reject,
  streamAgain,
} from "./with-claim.ts";
import {
  onAnnounced,
  onCompared,
  onConflictAnnounced,
  onMarked,
  onObject,
  onPrecheck,
  onRead,
  onReleased,
  onSettlingInfo,
  onUninspected,
} from "./without-claim.ts";

/**
 * The delivery machine: what a worker does next, as a function of what it remembers and what just happened. Start here.
 *
 * It does no I/O and knows no clock and no randomness: every input carries the time, the time left and a random value.
 * The runner (`deliver.ts`) only executes the commands, so that the model checker in `test/model/` explores the code that
 * runs. A worker starts as a reader of the job's row, may become its claimant, and ends with `acknowledge` (an end is on
 * record, the message may go) or `later` (it must come back).
 */

export const start = (drop: Drop, settings: Settings): Step =>
  read({ drop, settings, renewed: false, backOutHandsOver: false, gaveUp: false, reads: 0 });

export const step = (memory: Memory, input: Input): Step => {
  switch (memory.phase) {
    case "reading":
      return onRead(memory, input);
    case "inspecting":
      if (input.type === "object") return onObject(memory, input);
      if (input.type === "uninspected") return onUninspected(memory, input);
      break;
    case "prechecking":
      if (input.type === "info") return onPrecheck(memory, input);
      if (input.type === "noInfo") return onReply("asked", memory, input, input.reply);
      break;
    case "claiming":
      return onceWritten(memory, input, "SENDING", onClaimed, onRead);
    case "streaming":
      if (input.type === "held") return onHeld(memory, input);
      if (input.type === "answered")
        return onReply("early", { ...memory, sentBytes: input.sentBytes }, input, input.reply);
      if (input.type === "broken") return onBroken(memory, input);
      if (input.type === "tooSlow") return onTooSlow(memory, input);
      break;
    case "rechecking":
      if (input.type === "checked") return onChecked(memory, input);
      break;
    case "withdrawing":
      return reject(memory, input, { error: OBJECT_WITHDRAWN });
    case "finalizing":
      return onceWritten(memory, input, "FINALIZING", onFinalizing, onNotFinalizing);
    case "finishing":
    case "handingOver":
      if (input.type === "answered") return onReply("final", memory, input, input.reply);
      break;
    case "goingOn":
      return onceWritten(memory, input, "SENDING", streamAgain, leaveWithoutClaim);
    case "aborting":
      return backOut(memory, input);
    case "backingOut":
    case "leaving":
      return leaveAfterWrite(memory, input);
    case "withdrawingUrl":
      return onUrlWithdrawn(memory, input);
    case "releasing":
      return onReleased(memory, input);
    case "settling":
      if (input.type === "info") return onSettlingInfo(memory, input);
      if (input.type === "noInfo") return onReply("settling", memory, input, input.reply);
      break;
    case "comparing":
      if (input.type === "compared") return onCompared(memory, input);
      break;
    case "announcingConflict":
      return onConflictAnnounced(memory, input);
    case "ending":
      return onEnded(memory, input);
    case "recordingConflict":
      return read(memory);
    case "announcing":
      return onAnnounced(memory, input);
    case "markingAnnounced":
      return onMarked(memory, input);
    case "done":
      break;
  }
  throw new Error(`Input ${input.type} makes no sense while ${memory.phase}`);
};

/**
 * Goes on once the row is known to carry the worker's claim in that state. If it is not known whether the write happened,
 * the row is read back and compared by the claim's random name: the same fence alone may be another worker's.
 */
const onceWritten = <M extends Memory & { readonly claim: Claim }>(
  memory: M,
  input: Input,
  state: State,
  goOn: (memory: Claimant, input: Input) => Step,
  otherwise: (memory: M, input: Input) => Step,
): Step => {
  // A worker whose claim was lost starts over, so this read counts.
  const reads = memory.phase === "claiming" ? memory.reads + 1 : memory.reads;
  if (input.type === "unwritten") return go(memory.phase, { ...memory, reads }, { do: "read" });
  const row = input.type === "row" ? input.row : memory.hoped;
  const { claimId, fence } = memory.claim;
  const isMine = row?.state === state && row.claimId === claimId && row.fence === fence;
  return isMine && input.type !== "unread"
    ? goOn({ ...memory, row, hoped: undefined }, input)
    : otherwise(memory, input);
};

/**
 * An end is on record. What follows is the same as for every later reader of the row, which is read again unless it is known:
 * a write under its fence was made to this row and to no other. Only a fact may be recorded without it.
 */
const onEnded = (memory: Reader, input: Input): Step => {
  const { hoped, claim, fact } = memory;
  const ended = { ...memory, announcer: hoped?.announcer };
  const isKnown = input.type === "written" && (claim !== undefined || fact === undefined);
  return isKnown ? onRead(ended, { ...input, type: "row", row: hoped }) : read(ended);
};

const leaveWithoutClaim = (memory: Reader, input: Input): Step =>
  leave({ ...memory, claim: undefined }, input, { reason: input.type === "row" ? "lostClaim" : "ledger" });
