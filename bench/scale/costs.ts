import { PROGRESS_INTERVAL_MS } from "../../lib/delivery/deliver.ts";
import { WHOLE_CPU_MB } from "../cpu-share.ts";
import { CALLS, deliveryS, GIB, INDEX_WRITES, LOG_BYTES_PER_UPLOAD, MIB, QUEUE_CALLS_AROUND } from "./figures.ts";
import { MEMORY_TIMES, timesAt } from "./memories.ts";
import { PRICES } from "./prices.ts";
import type { Stage } from "./stage.ts";
import { count, dollars, type Table } from "./table.ts";

/** The tables of docs/costs.md. */

/** HTTP functions. */
const HTTP_MB = 512;
const SIGNING_S = 0.3;
const DAYS_PER_MONTH = 365 / 12;

const lambda = (memoryMb: number, seconds: number): number =>
  (memoryMb / 1024) * seconds * PRICES.lambdaArmGbS + PRICES.lambdaCall;

/** How long deliver-media took at each memory, and what Lambda takes for that. */
export const tableOfMemories = (): Table => {
  const ofWhole = lambda(WHOLE_CPU_MB, timesAt(WHOLE_CPU_MB).gibAt50MbS);
  return {
    name: "memories",
    head: [
      "memory, MB",
      "CPU",
      "1 GiB at 50 MB/s, s",
      "cost",
      "× 1,769 MB",
      "1 GiB, link without a limit, s",
      "MiB/s",
      "cost",
      "1 MiB, s",
      "1,000 of 1 MiB",
    ],
    rows: MEMORY_TIMES.map(({ memoryMb, gibAt50MbS, gibS, mibS }) => [
      count(memoryMb),
      (memoryMb / WHOLE_CPU_MB).toFixed(2),
      gibAt50MbS.toFixed(1),
      dollars(lambda(memoryMb, gibAt50MbS)),
      (lambda(memoryMb, gibAt50MbS) / ofWhole).toFixed(2),
      gibS.toFixed(1),
      count(GIB / MIB / gibS),
      dollars(lambda(memoryMb, gibS)),
      mibS.toFixed(2),
      dollars(1000 * lambda(memoryMb, mibS)),
    ]),
  };
};

/** The writes and reads of the ledger for one upload. */
export const ledgerCalls = (sizeBytes: number, { memoryMb }: Pick<Stage, "memoryMb">) => {
  const progress = Math.floor((deliveryS(sizeBytes, memoryMb) * 1000) / PROGRESS_INTERVAL_MS);
  return {
    delivery: { writes: CALLS.delivery.UpdateItem + progress, reads: CALLS.delivery.GetItem },
    signing: { writes: CALLS.signing.UpdateItem, reads: CALLS.signing.GetItem },
  };
};

/** What so many bytes cost, line by line, in the order of the page. */
const costsOf = (sizeBytes: number, stage: Stage): readonly (readonly [string, number])[] => {
  const gib = sizeBytes / GIB;
  const seconds = deliveryS(sizeBytes, stage.memoryMb);
  const { delivery, signing } = ledgerCalls(sizeBytes, stage);
  // A waiting client is told of each progress, and the function reads the row once a second meanwhile.
  const waitCalls = 1 + Math.floor((seconds * 1000) / PROGRESS_INTERVAL_MS);
  const { ChangeMessageVisibility, HeadObject, GetObject, PutEvents } = CALLS.delivery;
  return [
    ["traffic from Lambda to cielo24", gib * PRICES.egressGb],
    // Once it has expired, the object is kept as a noncurrent version for as long again.
    ["storage", (gib * PRICES.s3GbMonth * 2 * stage.mediaRetentionDays) / DAYS_PER_MONTH],
    ["deliver-media", lambda(stage.memoryMb, seconds)],
    [
      "a client that waits for the TaskId",
      lambda(HTTP_MB, seconds) +
        (waitCalls - 1) * PRICES.lambdaCall +
        waitCalls * PRICES.httpApiCall +
        (seconds + waitCalls * CALLS.status.GetItem) * PRICES.dynamoRead,
    ],
    // Tracing records one call of each function a second, and 5 % of the rest: at most all of them.
    ["traces", (2 + waitCalls) * PRICES.trace],
    ["signing", lambda(HTTP_MB, SIGNING_S) + PRICES.httpApiCall],
    ["S3 requests", PRICES.s3Write + (HeadObject + GetObject) * PRICES.s3Read],
    [
      "the ledger",
      (delivery.writes + signing.writes + INDEX_WRITES.delivery + INDEX_WRITES.signing) * PRICES.dynamoWrite +
        (delivery.reads + signing.reads) * PRICES.dynamoRead,
    ],
    ["logs", (LOG_BYTES_PER_UPLOAD / GIB) * PRICES.logsGb],
    ["the queue", (QUEUE_CALLS_AROUND + ChangeMessageVisibility) * PRICES.sqsRequest],
    ["the event", PutEvents * PRICES.eventBridgeEvent],
  ];
};

/** What 1,000 uploads cost. */
export const tableOfUploads = (stage: Stage): Table => {
  const sizes = [GIB, 100 * MIB].map((sizeBytes) => costsOf(sizeBytes, stage));
  const [names = []] = sizes;
  const sum = (lines: readonly (readonly [string, number])[]) => lines.reduce((total, [, cost]) => total + cost, 0);
  return {
    name: "uploads",
    head: ["1,000 uploads", "of 1 GiB", "of 100 MiB"],
    rows: [
      ...names.map(([name], line) => [name, ...sizes.map((lines) => dollars((lines[line]?.[1] ?? 0) * 1000))]),
      ["**all of it**", ...sizes.map((lines) => `**${dollars(sum(lines) * 1000)}**`)],
    ],
  };
};

/** Metrics of functions that an idle stage writes: the census's own. */
const IDLE_METRICS = 1;
/** Lambda's five pollers ask for 20 s each. */
const IDLE_POLLS_PER_DAY = (5 * 86_400) / 20;
const CENSUSES_PER_DAY = 96;
const CENSUS_MB = 256;

/** What a stage costs a month while nothing is uploaded. */
export const tableOfMonth = ({ alarms }: Stage): Table => {
  const lines = [
    [`${alarms} alarms`, alarms * PRICES.alarmMonth],
    ["the dashboard", PRICES.dashboardMonth],
    ["the secret", PRICES.secretMonth],
    ["the metric of the census", IDLE_METRICS * PRICES.metricMonth],
    ["Lambda's polls of the queue", IDLE_POLLS_PER_DAY * DAYS_PER_MONTH * PRICES.sqsRequest],
    ["the census of an empty stage", CENSUSES_PER_DAY * DAYS_PER_MONTH * (lambda(CENSUS_MB, 1) + PRICES.trace)],
  ] as const;
  return {
    name: "month",
    head: ["a month without uploads", "cost"],
    rows: [
      ...lines.map(([name, cost]) => [name, dollars(cost)]),
      ["**all of it**", `**${dollars(lines.reduce((total, [, cost]) => total + cost, 0))}**`],
    ],
  };
};
