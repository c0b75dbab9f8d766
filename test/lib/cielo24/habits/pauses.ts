import { setImmediate as nextTurn } from "node:timers/promises";
import type { Exchange, Script } from "./server.ts";
import type { MediaBody } from "../../../../lib/media/body.ts";

export const KIB = 1024;
/** So much the client holds back until the ledger says that it goes out. */
export const HELD_BYTES = 64 * KIB;

export interface DeliveryOptions {
  readonly sizeBytes?: number;
  /** Holds the source before it gives more than so much, at least a byte, until the promise is fulfilled. */
  readonly pause?: {
    readonly afterBytes: number;
    readonly until: Promise<unknown>;
    /** Called right before it goes on. */
    readonly atEnd?: () => void;
  };
  /** What happens while the last chunk is held back. */
  readonly whileHeld?: () => Promise<unknown>;
  readonly idleTimeoutMs?: number;
  readonly deadlineMs?: number;
}

/** A source that hangs once it has given so much. */
export const hangingAfter = (afterBytes: number): DeliveryOptions => ({
  pause: { afterBytes, until: new Promise(() => undefined) },
});

/** A body that pauses. */
export const pausing = (
  body: MediaBody,
  { afterBytes, until, atEnd }: NonNullable<DeliveryOptions["pause"]>,
): MediaBody => ({
  sizeBytes: body.sizeBytes,
  read: async function* (signal) {
    // The POST opens with the first byte at hand: so one is given before any pause.
    let left = Math.max(afterBytes, 1);
    for await (const piece of body.read(signal)) {
      if (left > 0 && piece.byteLength > left) {
        yield piece.subarray(0, left);
        await Promise.race([until, aborted(signal)]);
        await turns();
        atEnd?.();
        yield piece.subarray(left);
      } else yield piece;
      left = Math.max(left - piece.byteLength, 0);
    }
  },
});

const aborted = (signal: AbortSignal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => {
      reject(signal.reason as Error);
    });
  });

/** Lets what has been sent arrive: client and server share the event loop. */
export const turns = async (count = 20): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
};

/**
 * A script that does something before the body is whole, and how to deliver so that it comes exactly then: once so much of
 * the body has come, or while the client holds back the last chunk. What is left of the body waits until it can have been
 * noticed.
 */
export const early = (at: number | "held", act: (exchange: Exchange) => unknown) => {
  const { promise: isHeld, resolve: hold } = Promise.withResolvers<undefined>();
  const { promise: isDone, resolve: beDone } = Promise.withResolvers<undefined>();
  const script: Script = async (exchange) => {
    await (at === "held" ? isHeld : exchange.bodyReaches(at));
    await act(exchange);
    beDone(undefined);
  };
  const whileHeld = async () => {
    hold(undefined);
    await isDone;
    await turns();
  };
  const options: DeliveryOptions = at === "held" ? { whileHeld } : { pause: { afterBytes: at, until: isDone } };
  return { script, options };
};
