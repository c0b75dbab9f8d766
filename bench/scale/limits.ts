import { PROGRESS_INTERVAL_MS } from "../../lib/delivery/deliver.ts";
import { CALLS, CIELO24_CALLS, CIELO24_CALLS_PER_S, PART_BYTES } from "./figures.ts";
import { IN_FLIGHT_MAX, meanDrop, PEAK } from "./simulation.ts";
import type { Stage } from "./stage.ts";
import { count, type Table } from "./table.ts";

/** Limits on paper, and the first that each scale meets. */

interface Limit {
  readonly name: string;
  /** Its value, with the unit. */
  readonly value: number;
  readonly unit: string;
  /** What one drop takes of it. */
  readonly perDrop: number;
  readonly mover: string;
  /** Only of what uploads in parts meet. */
  readonly ofParts?: true;
}

const DAY_S = 86_400;
const OUTAGE_H = 6;

/** Of AWS, as its documentation has them. */
const LAMBDA_EXECUTIONS = 1000;
const S3_WRITES_PER_S = 3500;
const TABLE_WRITES_PER_S = 4000;
const PARTITION_WRITES_PER_S = 1000;

const limitsOf = (stage: Stage): readonly Limit[] => {
  const { bytes, seconds } = meanDrop(stage);
  const progress = (seconds * 1000) / PROGRESS_INTERVAL_MS;
  // Signing, and a client that waits for the TaskId and is told of each progress.
  const httpCalls = 2 + progress;
  const parts = bytes / PART_BYTES + 2;
  return [
    {
      name: "deliveries at once",
      value: stage.maximumConcurrency,
      unit: "executions",
      perDrop: seconds,
      mover: "`maximumConcurrency`, up to 1,000; beyond that the link, then a second stage",
    },
    {
      name: "the API, files in parts",
      value: stage.throttleRatePerS,
      unit: "calls/s",
      perDrop: httpCalls + parts,
      mover: "`throttleRatePerS`; larger parts, or a single PUT",
      ofParts: true,
    },
    {
      name: "the API",
      value: stage.throttleRatePerS,
      unit: "calls/s",
      perDrop: httpCalls,
      mover: "`throttleRatePerS`",
    },
    {
      name: "cielo24's rate (assumed)",
      value: CIELO24_CALLS_PER_S,
      unit: "calls/s",
      // Signing asks for the job.
      perDrop: CIELO24_CALLS + 1,
      mover: "an agreement with cielo24",
    },
    {
      name: "the account's executions",
      value: LAMBDA_EXECUTIONS,
      unit: "executions",
      perDrop: 2 * seconds,
      mover: "Lambda's quota; `longestWaitS` and `deliveryStatusConcurrency` for the clients that wait, half of it",
    },
    {
      name: "a prefix of the bucket, files in parts",
      value: S3_WRITES_PER_S,
      unit: "writes/s",
      perDrop: parts,
      mover: "nothing to do: S3 splits by job_id, which is random",
      ofParts: true,
    },
    {
      name: "a new table",
      value: TABLE_WRITES_PER_S,
      unit: "writes/s",
      perDrop: CALLS.signing.UpdateItem + CALLS.delivery.UpdateItem + progress,
      mover: "it doubles by itself; DynamoDB's warm throughput",
    },
  ];
};

/** How many drops a day it is enough for, with the day's noon. */
const enoughFor = ({ value, perDrop }: Limit): number => (value / perDrop / PEAK) * DAY_S;

const rounded = (value: number): string => count(Number(value.toPrecision(2)));

/** What one drop takes of each limit, and for how many drops a day it is enough; docs/scale.md, "Limits". */
export const tableOfLimits = (stage: Stage): Table => ({
  name: "limits",
  head: ["limit", "value", "one drop takes", "enough for, drops a day", "what moves it"],
  rows: [
    ...limitsOf(stage).map((limit) => [
      limit.name,
      `${count(limit.value)} ${limit.unit}`,
      `${limit.perDrop.toFixed(1)}${limit.unit === "executions" ? " s" : ""}`,
      rounded(enoughFor(limit)),
      limit.mover,
    ]),
    [
      `messages in flight, in an outage of ${OUTAGE_H} hours`,
      `${count(IN_FLIGHT_MAX)} messages`,
      "1",
      rounded(((IN_FLIGHT_MAX / OUTAGE_H) * 24) / PEAK),
      "nothing to do: further drops wait in the queue unreceived",
    ],
    [
      "a partition of the table",
      `${count(PARTITION_WRITES_PER_S)} writes/s`,
      "a row each",
      "any number",
      "nothing to do: a row is written once in five seconds",
    ],
  ],
});

const SCALES = [1000, 10_000, 100_000, 1_000_000, 10_000_000];

/** What each number of drops asks for, and the limits that it meets with the stage's parameters. */
export const tableOfFirstLimits = (stage: Stage): Table => {
  const { bytes, seconds } = meanDrop(stage);
  const limits = limitsOf(stage)
    .filter(({ ofParts }) => !ofParts)
    .sort((a, b) => enoughFor(a) - enoughFor(b));
  return {
    name: "first-limits",
    head: [
      "drops a day",
      "Mbit/s, mean",
      "delivering at noon",
      "calls/s to cielo24 at noon",
      "limits met, the first first",
    ],
    rows: SCALES.map((dropsPerDay) => {
      const perS = dropsPerDay / DAY_S;
      const met = limits.filter((limit) => enoughFor(limit) < dropsPerDay).map(({ name }) => name);
      return [
        count(dropsPerDay),
        rounded((perS * bytes * 8) / 1e6),
        count(Math.ceil(perS * PEAK * seconds)),
        count(perS * PEAK * (CIELO24_CALLS + 1), 1),
        met.join("; ") || "none",
      ];
    }),
  };
};
