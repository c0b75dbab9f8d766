import { readPeakRssMiB } from "../peak-rss.ts";
import type { Cost } from "./transfers.ts";

/** Carries the bytes, prints what that cost this process as its only output, and ends the process. */
export const reportCost = async (carry: () => Promise<void>): Promise<void> => {
  const startedAt = Date.now();
  const cpuBefore = process.cpuUsage();
  await carry();
  const { user, system } = process.cpuUsage(cpuBefore);
  const cost: Cost = { ms: Date.now() - startedAt, cpuS: (user + system) / 1e6, peakRssMiB: readPeakRssMiB() };
  process.stdout.write(JSON.stringify(cost), () => process.exit(0));
};
