import type { Context } from "aws-lambda";
import { readPeakRssMiB, resetPeakRss } from "../../bench/peak-rss.ts";
import { build } from "../../functions/deliver-media/handler.ts";
import { randomHex, sleep } from "../../lib/runtime.ts";
import { moveTimers } from "./movable-time.ts";

/**
 * A warm deliver-media whose time and memory its parent has a hand in. Its environment is the function's; it takes
 * {@link Order}s and sends {@link Report}s over IPC.
 */

export type Order =
  | { readonly deliver: object }
  /** Lets that much time pass. */
  | { readonly advanceMs: number }
  /** Counts the peak of the memory from here. */
  | { readonly measure: true }
  | { readonly tellPeak: true };
export type Report = { readonly failures: number } | { readonly rssMiB: number } | { readonly peakRssMiB: number };

const INVOCATION_MS = 900_000;
const MIB = 1024 * 1024;

const time = moveTimers();
const deliver = build({ env: process.env, clock: time.now, randomHex, sleep, writeLine: () => undefined });
const report = (made: Report) => process.send?.(made);

const run = async (event: object): Promise<void> => {
  const until = time.now() + INVOCATION_MS;
  const context = {
    awsRequestId: "memory",
    getRemainingTimeInMillis: () => Math.max(until - time.now(), 0),
  } as Context;
  const { batchItemFailures } = await deliver(event as never, context);
  report({ failures: batchItemFailures.length });
};

process.on("message", (order: Order) => {
  if ("deliver" in order) void run(order.deliver);
  else if ("advanceMs" in order) time.advance(order.advanceMs);
  else if ("measure" in order) {
    resetPeakRss();
    report({ rssMiB: process.memoryUsage.rss() / MIB });
  } else report({ peakRssMiB: readPeakRssMiB() });
});
