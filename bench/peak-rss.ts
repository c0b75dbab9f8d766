import { readFileSync, writeFileSync } from "node:fs";

/**
 * The most memory that this process has had. Linux keeps the peak of this program alone in VmHWM. What getrusage tells
 * is at least the size that the parent had when it started this process, and is only used where there is nothing else.
 */
export const readPeakRssMiB = (): number => {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  } catch {
    return process.resourceUsage().maxRSS / 1024;
  }
};

/** Lets the peak begin anew from what is in use now. Linux alone can. */
export const resetPeakRss = (): void => {
  writeFileSync("/proc/self/clear_refs", "5");
};
