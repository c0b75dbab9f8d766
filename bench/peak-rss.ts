import { readFileSync, writeFileSync } from "node:fs";

/**
 * The most memory that this process has used. On Linux, VmHWM is the peak of this program alone. Elsewhere getrusage has to
 * do, which never reports less than the parent's size when it started this process.
 */
export const readPeakRssMiB = (): number => {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  } catch {
    return process.resourceUsage().maxRSS / 1024;
  }
};

/** Resets the peak to what is in use now. Linux only. */
export const resetPeakRss = (): void => {
  writeFileSync("/proc/self/clear_refs", "5");
};
