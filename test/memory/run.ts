import { S3Client } from "@aws-sdk/client-s3";
import { fork } from "node:child_process";
import { on, once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { bundleProgram } from "../../bench/bundled.ts";
import { dropVirtualObject, simulatorOf } from "../../bench/virtual-drop.ts";
import { startStack } from "../../dev/stack.ts";
import { watchMediaPosts } from "./media-posts.ts";
import type { Order, Report } from "./worker.ts";

/**
 * `npm run test:memory`: cielo24 stops reading in the middle of 10 GB. The idle limit (two minutes, of a time that is
 * moved on by hand) must end the attempt, the next one must deliver all of it, and the delivering process must not grow.
 */

const MIB = 1024 * 1024;
const MAX_GROWTH_MIB = 16;
const IDLE_LIMIT_MS = 120_000;
/** Connections, buffers and compiled code are there by then. */
const WARM_BYTES = 64 * MIB;
const STEP_MS = 10_000;
/** Longer than the pause that the row asks for after one broken POST. S3 refuses clocks that are a quarter of an hour ahead. */
const PAUSE_MS = 120_000;
/** A body that has not grown for so long has stopped. */
const STILL_MS = 500;
const POLL_MS = 5;
const PATIENCE_MS = 300_000;

const { values } = parseArgs({
  options: { bytes: { type: "string", default: "10000000000" }, "stop-at": { type: "string", default: "0.1" } },
});
const sizeBytes = Number(values.bytes);
const startedAt = Date.now();
setTimeout(() => {
  throw new Error("The transfer does not come to an end");
}, PATIENCE_MS).unref();

const workerFile = await bundleProgram(new URL("worker.ts", import.meta.url));
const stack = await startStack({
  digest: false,
  env: { IDLE_TIMEOUT_S: String(IDLE_LIMIT_MS / 1000) },
});
const s3 = new S3Client(stack.s3ClientConfig);
const { jobId, event } = await dropVirtualObject(stack, s3, sizeBytes);
simulatorOf(stack).faults.add({
  action: "POST job/add_media",
  kind: "stopReading",
  fraction: Number(values["stop-at"]),
});

const posts = watchMediaPosts();
const child = fork(workerFile, { env: { ...stack.env, PATH: process.env["PATH"] }, execArgv: [] });
const order = (given: Order): void => {
  child.send(given);
};
/** The next report that has this field. */
const report = async (field: string): Promise<number> => {
  for await (const [message] of on(child, "message") as AsyncIterable<[Report]>)
    if (field in message) return (message as Record<string, number>)[field] ?? Number.NaN;
  throw new Error("The worker has gone");
};
const gone = once(child, "exit").then(([code]) => {
  throw new Error(`The worker has died: ${String(code)}`);
});
gone.catch(() => undefined);
const orGone = <T>(promise: Promise<T>): Promise<T> => Promise.race([promise, gone]);

/** The queue's message, held in hand here: the stack's own poller would deliver it in this process. */
const attempt = (receiveCount: number): Promise<number> => {
  const failures = report("failures");
  const attributes = { ApproximateReceiveCount: String(receiveCount), SentTimestamp: String(startedAt) };
  const body = JSON.stringify(event);
  order({ deliver: { Records: [{ messageId: "1", receiptHandle: "1", eventSource: "aws:sqs", attributes, body }] } });
  return orGone(failures);
};
const tellPeak = (): Promise<number> => {
  const peak = report("peakRssMiB");
  order({ tellPeak: true });
  return orGone(peak);
};

const first = attempt(1);
while (posts.receivedBytes() < WARM_BYTES) await wait(POLL_MS);
const warm = report("rssMiB");
order({ measure: true });
const warmRssMiB = await orGone(warm);

let stillSince = Date.now();
let stalledAtBytes = 0;
while (Date.now() - stillSince < STILL_MS) {
  if (stalledAtBytes !== posts.receivedBytes() || !posts.isStopped()) {
    stalledAtBytes = posts.receivedBytes();
    stillSince = Date.now();
  }
  await wait(POLL_MS);
}
const beforeStallMiB = await tellPeak();

let stalledMs = 0;
let firstFailures: number | undefined;
void first.then((failures) => {
  firstFailures = failures;
});
while (firstFailures === undefined && stalledMs <= 3 * IDLE_LIMIT_MS) {
  order({ advanceMs: STEP_MS });
  stalledMs += STEP_MS;
  await wait(20 * POLL_MS);
}
const afterStallMiB = await tellPeak();
order({ advanceMs: PAUSE_MS });
const secondFailures = await attempt(2);
const peakRssMiB = await tellPeak();

const acceptances = simulatorOf(stack).acceptances.filter((acceptance) => acceptance.jobId === jobId);
const delivered = acceptances.length === 1 && acceptances[0]?.sizeBytes === sizeBytes;
child.kill();
posts.stop();
s3.destroy();
await stack.close();

const rssGrowthMiB = Number((peakRssMiB - warmRssMiB).toFixed(1));
const broken = [
  ...(firstFailures === 1 ? [] : ["the first attempt did not end with its message kept"]),
  ...(stalledMs >= IDLE_LIMIT_MS && stalledMs <= IDLE_LIMIT_MS + 3 * STEP_MS ? [] : ["the idle limit did not end it"]),
  ...(secondFailures === 0 && delivered ? [] : ["the second attempt did not deliver"]),
  ...(rssGrowthMiB <= MAX_GROWTH_MIB ? [] : [`the memory grew by more than ${MAX_GROWTH_MIB} MiB`]),
];
for (const each of broken) process.stderr.write(`broken: ${each}\n`);
process.exitCode = broken.length > 0 ? 1 : 0;
console.log(
  JSON.stringify({
    sizeBytes,
    stalledAtBytes,
    rssGrowthMiB,
    stallGrowthMiB: Number((afterStallMiB - beforeStallMiB).toFixed(1)),
    warmRssMiB: Number(warmRssMiB.toFixed(1)),
    peakRssMiB: Number(peakRssMiB.toFixed(1)),
    idleLimitMs: IDLE_LIMIT_MS,
    stalledMs,
    attempts: posts.count(),
    delivered,
    seconds: Math.round((Date.now() - startedAt) / 1000),
  }),
);
