import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { setTimeout as wait } from "node:timers/promises";
import { simulatorOf } from "../../bench/virtual-drop.ts";
import { startStack } from "../../dev/stack.ts";
import { populate } from "../fuzz/population.ts";
import type { ClientReport, Order } from "./client.ts";
import { watchSockets } from "./sockets.ts";

/**
 * `npm run test:load -- [--requests 100000] [--seed 1]`: requests of all kinds, right and broken, over real sockets to
 * the local gateway and the functions behind it. The gateway and the whole local stack live in this process, the client
 * in a child; each request is made from a seed with the one right answer to it (`mix.ts` says in which shares), and
 * beside the 64 connections that behave others do not (`misbehave.ts`).
 *
 * The last line is JSON. Fails on a 5xx, on any wrong answer, on a socket or a handle that is left, and on memory.
 */

/** The stack keeps every log line, call and row for those who test with it: some kilobytes a request. */
const MAX_RSS_MIB = 1024;
/** One request in so many may need a job of its own, with a margin. */
const FRESH_JOBS_SHARE = 0.3;
/** Of each kind; with fewer, requests would queue for one row, as they would in DynamoDB. */
const JOBS = 100;
const SETTLING_MS = 5_000;
const MIB = 1024 * 1024;

const isClient = process.send !== undefined;

const client = async (): Promise<void> => {
  const [order] = (await once(process, "message")) as [Order];
  // Imported here alone: what the client needs is no memory of the gateway's.
  const { runClient } = await import("./client.ts");
  const report = await runClient(order);
  process.send?.(report, () => {
    process.disconnect();
  });
};

const percentile = (sorted: readonly number[], share: number): number =>
  Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10;

/** Waits until it is zero, for some seconds at most, and tells what is left. */
const settled = async (count: () => number): Promise<number> => {
  const giveUpAt = Date.now() + SETTLING_MS;
  while (count() > 0 && Date.now() < giveUpAt) await wait(20);
  return count();
};

const openHandles = (): number =>
  process.getActiveResourcesInfo().filter((each) => /^(TCP|Timeout|HTTP)/.test(each)).length;

const server = async (): Promise<void> => {
  const { values } = parseArgs({
    options: { requests: { type: "string", default: "100000" }, seed: { type: "string", default: "1" } },
  });
  const requests = Number(values.requests);
  const seed = Number(values.seed);
  let failures = 0;
  const stack = await startStack({
    fetchMedia: () => Promise.resolve(Buffer.from("media")),
    onLine: (line) => {
      if (/"status":5\d\d|UNHANDLED_ERROR/.test(line)) failures += 1;
    },
  });
  const population = await populate(stack, JOBS);
  const sockets = watchSockets(Number(new URL(stack.apiUrl).port));

  let rssBytes = process.memoryUsage.rss();
  const sampling = setInterval(() => {
    rssBytes = Math.max(rssBytes, process.memoryUsage.rss());
  }, 250);

  const child = fork(fileURLToPath(import.meta.url), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const freshJobs = Array.from({ length: Math.ceil(requests * FRESH_JOBS_SHARE) + 100 }, () =>
    simulatorOf(stack).addJob(),
  );
  child.send({ population, freshJobs, requests, seed } satisfies Order);
  const [report] = (await once(child, "message")) as [ClientReport];
  await once(child, "exit");
  const socketsLeft = await settled(sockets.open);
  clearInterval(sampling);
  sockets.stop();
  await stack.close();
  const handlesLeft = await settled(openHandles);

  const { statuses, wrong, complaints, misbehaved, seconds } = report;
  const latencies = report.latenciesMs.toSorted((a, b) => a - b);
  const answered5xx = Object.entries(statuses).filter(([status]) => status.startsWith("5"));
  const serverErrors = Math.max(
    failures,
    answered5xx.reduce((sum, [, count]) => sum + count, 0),
  );
  const rssMiB = Math.ceil(rssBytes / MIB);
  for (const complaint of complaints) console.error(`wrong: ${complaint}`);
  if (rssMiB > MAX_RSS_MIB) console.error(`more than ${MAX_RSS_MIB} MiB of memory`);
  const isComplete = latencies.length === requests;
  console.log(
    JSON.stringify({
      requests: latencies.length,
      misbehaved,
      statuses,
      wrong,
      serverErrors,
      socketsLeft,
      handlesLeft,
      requestsPerSecond: Math.round(latencies.length / seconds),
      p50Ms: percentile(latencies, 0.5),
      p99Ms: percentile(latencies, 0.99),
      rssMiB,
      seconds: Math.round(seconds),
      seed,
    }),
  );
  if (!isComplete || wrong + serverErrors + socketsLeft + handlesLeft > 0 || rssMiB > MAX_RSS_MIB) process.exitCode = 1;
};

await (isClient ? client() : server());
