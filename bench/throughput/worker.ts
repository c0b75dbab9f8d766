import type { Context } from "aws-lambda";
import { build } from "../../functions/deliver-media/handler.ts";
import { randomHex, sleep } from "../../lib/runtime.ts";
import { reportCost } from "./report-cost.ts";

/**
 * The process that the benchmark measures: it takes one event on standard input, delivers the object, and prints what that
 * cost. Its environment is the function's. It ends with an error if the delivery failed.
 */

const INVOCATION_MS = 900_000;

const run = async (): Promise<void> => {
  const input: Buffer[] = [];
  for await (const chunk of process.stdin) input.push(chunk as Buffer);
  const deliver = build({ env: process.env, clock: Date.now, randomHex, sleep, writeLine: () => undefined });

  const until = Date.now() + INVOCATION_MS;
  const context = { awsRequestId: "bench", getRemainingTimeInMillis: () => until - Date.now() } as Context;

  await reportCost(async () => {
    const { batchItemFailures } = await deliver(JSON.parse(Buffer.concat(input).toString()) as never, context);
    if (batchItemFailures.length > 0) throw new Error("The delivery failed");
  });
};

void run();
