import { QUEUE_CALLS_AROUND } from "../../bench/scale/figures.ts";
import { PRICES } from "../../bench/scale/prices.ts";
import type { Stage } from "../../bench/scale/stage.ts";
import type { Cost } from "../../web/operations/snapshot.ts";
import { createSeries } from "./series.ts";

/** Whatever AWS would have charged for. */
type Quantity =
  | "calls of functions"
  | "GB-seconds"
  | "API calls"
  | "S3 reads"
  | "S3 writes"
  | "bytes read"
  | "bytes stored"
  | "objects"
  | "table reads"
  | "table writes"
  | "queue calls"
  | "events"
  | "bytes logged";

const DAY_MS = 86_400_000;
const DAYS_PER_MONTH = 365 / 12;
const GIB = 1024 ** 3;
const DAY_MINUTES = 24 * 60;

const FREE_S3 = new Set(["DeleteObject", "DeleteObjects", "AbortMultipartUpload"]);
const OF_CALL: Readonly<Record<string, Quantity>> = {
  GetItem: "table reads",
  Query: "table reads",
  BatchGetItem: "table reads",
  Scan: "table reads",
  UpdateItem: "table writes",
  PutItem: "table writes",
  DeleteItem: "table writes",
  PutEvents: "events",
  SendMessage: "queue calls",
  SendMessageBatch: "queue calls",
  ReceiveMessage: "queue calls",
  DeleteMessage: "queue calls",
  ChangeMessageVisibility: "queue calls",
  GetQueueAttributes: "queue calls",
};

/**
 * Counts what a stage on AWS would have been charged for since midnight (UTC), at the prices of `docs/costs.md`. The local
 * functions are faster or slower than Lambda, so it is an estimate.
 */
export const createCosts = ({
  clock,
  stage,
  memoryMb,
}: {
  readonly clock: () => number;
  readonly stage: Pick<Stage, "mediaRetentionDays" | "alarmMetrics" | "compositeAlarms">;
  /** Of a function, by its name. */
  readonly memoryMb: (name: string) => number;
}) => {
  const counted = createSeries(DAY_MINUTES);
  const add = (quantity: Quantity, value: number) => {
    counted.add(quantity, clock(), value);
  };

  return {
    call: (action: string, times = 1): void => {
      const quantity = OF_CALL[action];
      if (quantity) add(quantity, times);
    },
    invoked: (name: string, durationMs: number): void => {
      add("calls of functions", 1);
      add("GB-seconds", (memoryMb(name) / 1024) * (durationMs / 1000));
    },
    answered: (): void => {
      add("API calls", 1);
    },
    requested: ({ operation, sentBytes }: { operation: string; sentBytes: number }): void => {
      if (FREE_S3.has(operation)) return;
      const isRead = /^(Get|Head)/.test(operation);
      add(isRead ? "S3 reads" : "S3 writes", 1);
      if (operation === "GetObject") add("bytes read", sentBytes);
    },
    stored: (sizeBytes: number): void => {
      add("objects", 1);
      add("bytes stored", sizeBytes);
    },
    logged: (line: string): void => {
      add("bytes logged", Buffer.byteLength(line));
    },
    /** @param metrics how many metrics the functions have written */
    today: (metrics: number): Cost => {
      const midnight = Math.floor(clock() / DAY_MS) * DAY_MS;
      const of = (quantity: Quantity) => counted.sum(quantity, midnight);
      const monthly =
        stage.alarmMetrics * PRICES.alarmMonth +
        stage.compositeAlarms * PRICES.compositeAlarmMonth +
        PRICES.dashboardMonth +
        PRICES.secretMonth +
        metrics * PRICES.metricMonth;
      const storedDays = 2 * stage.mediaRetentionDays;
      const costs: Readonly<Record<string, number>> = {
        "traffic to cielo24": (of("bytes read") / GIB) * PRICES.egressGb,
        [`storage for ${storedDays} days`]:
          ((of("bytes stored") / GIB) * PRICES.s3GbMonth * storedDays) / DAYS_PER_MONTH,
        Lambda: of("GB-seconds") * PRICES.lambdaArmGbS + of("calls of functions") * PRICES.lambdaCall,
        "the API": of("API calls") * PRICES.httpApiCall,
        "S3 requests": of("S3 writes") * PRICES.s3Write + of("S3 reads") * PRICES.s3Read,
        "the ledger": of("table writes") * PRICES.dynamoWrite + of("table reads") * PRICES.dynamoRead,
        "queue and events":
          (of("queue calls") + QUEUE_CALLS_AROUND * of("objects")) * PRICES.sqsRequest +
          of("events") * PRICES.eventBridgeEvent,
        "logs and traces": (of("bytes logged") / GIB) * PRICES.logsGb + of("calls of functions") * PRICES.trace,
        "alarms, dashboard, metrics": monthly / DAYS_PER_MONTH,
      };
      const lines = Object.entries(costs).map(([name, dollars]) => ({ name, dollars }));
      return { lines, dollars: lines.reduce((total, { dollars }) => total + dollars, 0) };
    },
  };
};
