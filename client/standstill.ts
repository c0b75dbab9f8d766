import type { Clock } from "./clock.ts";
import type { OnWaiting, Waiting } from "./waiting.ts";

/** Without a byte for so long, something stands still. Slow lines move a few KiB in that time. */
const STILL_MS = 10_000;
/** Where bytes have moved since, one failure among several attempts is no standstill. */
const MOVING_MS = 2_000;

const STALLED: Waiting = { errorType: "STALLED", comment: `Nothing has moved for ${STILL_MS / 1000} seconds.` };

/** Tells `onWaiting` when attempts begin to stand still, and when they move again. */
export const watchStandstill = (clock: Clock, onWaiting: OnWaiting | undefined) => {
  let told: Waiting | undefined;
  let attempts = 0;
  let movedAt = clock.now();
  let cancel = () => {};

  const tell = (waiting: Waiting | undefined) => {
    if (!waiting && !told) return;
    told = waiting;
    onWaiting?.(waiting);
  };
  const watch = () => {
    cancel();
    if (!onWaiting || attempts === 0 || told) return;
    cancel = clock.after(Math.max(1, movedAt + STILL_MS - clock.now()), () => {
      if (clock.now() - movedAt >= STILL_MS) tell(STALLED);
      else watch();
    });
  };
  const move = (doesEnd: boolean) => {
    movedAt = clock.now();
    if (!told || !doesEnd) return;
    tell(undefined);
    watch();
  };

  return {
    /** An attempt begins; to be called once, or more often, when it has ended. */
    begin: () => {
      attempts += 1;
      if (attempts === 1) movedAt = clock.now();
      watch();
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        attempts -= 1;
        if (attempts === 0) cancel();
      };
    },
    /** Bytes go out again. Where the other side refuses what was sent, that is no progress yet. */
    moved: () => {
      move(told?.errorType === "NETWORK" || told?.errorType === "STALLED");
    },
    /** Something has arrived that never had. */
    ended: () => {
      move(true);
    },
    failed: (waiting: Waiting) => {
      cancel();
      if (attempts === 0 || clock.now() - movedAt >= MOVING_MS) tell(waiting);
      else watch();
    },
  };
};
