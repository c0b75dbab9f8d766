import type { Context } from "aws-lambda";
import { build } from "../../functions/census/handler.ts";
import { randomHex, sleep } from "../../lib/runtime.ts";
import { readPeakRssMiB } from "../peak-rss.ts";

/** One run of the census in a process of its own; its environment is the function's, and `NOW` the time. */

export interface Measured {
  readonly compared: number;
  readonly objects: number;
  readonly requeued: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakRssMiB: number;
}

const now = Number(process.env["NOW"]);
const census = build({ env: process.env, clock: () => now, randomHex, sleep, writeLine: () => undefined });
const startedAt = performance.now();

void census({} as never, { awsRequestId: "bench", getRemainingTimeInMillis: () => 900_000 } as Context).then(
  ({ compared, objects, requeued }) => {
    const { user, system } = process.cpuUsage();
    const measured: Measured = {
      compared,
      objects,
      requeued,
      seconds: (performance.now() - startedAt) / 1000,
      cpuSeconds: (user + system) / 1e6,
      peakRssMiB: readPeakRssMiB(),
    };
    process.send?.(measured, () => {
      process.disconnect();
    });
  },
);
