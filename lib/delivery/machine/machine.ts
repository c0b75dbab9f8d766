import {
  abortAndBackOut,
  backOut,
  onAnswer,
  onClaimed,
  onFinalizing,
  onStreamed,
  onUrlRedirected,
  stream,
} from "./with-claim.ts";
import type { Input, Drop, Memory, Settings, Step } from "./protocol.ts";
import {
  withoutClaim,
  onObject,
  onPrecheck,
  onPrecheckFailed,
  onRow,
  onSettlingFailed,
  onSettlingInfo,
  onUninspected,
} from "./without-claim.ts";
import { accept, acknowledge, isMine, leave, leaveNow, onAnnounced, read, write } from "./moves.ts";
import * as transition from "./transitions.ts";

/**
 * The delivery machine: what a worker does next, as a function of what it remembers and what just happened.
 *
 * It does no I/O and knows no clock and no randomness: every event carries the time, the time left and a random value.
 * The runner (`deliver.ts`) only executes the commands, so the model checker in `test/model/` explores the code that
 * runs. A worker starts as a reader of the job's row, may become its claimant, and ends with `acknowledge` (there is an
 * end on record, the message may go) or `later` (it must come back).
 */

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

export const step = (memory: Memory, event: Input): Step => {
  switch (memory.phase) {
    case "reading":
      if (event.type === "row") return onRow(withoutClaim(memory, event.row), event);
      return leave(memory, event, "ledger");
    case "inspecting":
      if (event.type === "object") return onObject(memory, event);
      if (event.type === "uninspected") return onUninspected(memory, event);
      break;
    case "prechecking":
      if (event.type === "info") return onPrecheck(memory, event);
      if (event.type === "noInfo") return onPrecheckFailed(memory, event, event.answer);
      break;
    case "claiming":
      if (event.type === "written") return onClaimed(accept(memory), event);
      return { memory: { ...memory, phase: "readingBackClaim", reads: memory.reads + 1 }, command: { do: "read" } };
    case "readingBackClaim":
      // Compared by the claim's random name: the same fence alone may be another worker's.
      if (event.type === "row" && isMine(memory, event.row, "SENDING"))
        return onClaimed({ ...memory, row: event.row, hoped: undefined }, event);
      if (event.type === "row") return onRow(withoutClaim(memory, event.row), event);
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
      return leaveNow(event.type === "written" ? accept(memory) : memory, event);
    case "withdrawingUrl":
      return event.type === "written" ? leaveNow(accept(memory), event) : onUrlRedirected(memory, event);
    case "releasing":
      return event.type === "written" ? acknowledge(memory, "superseded") : read({ ...memory, hoped: undefined });
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
