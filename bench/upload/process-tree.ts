import { readdirSync, readFileSync } from "node:fs";

/** The memory of a process and of all that it starts. Linux only. */
export interface MemoryWatch {
  /** Looks again. To be called often, as a process that has ended shows nothing any more. */
  readonly look: () => void;
  /** The sum of the peaks (VmHWM) of all processes seen, which is no less than what they had together. */
  readonly peakMiB: () => number;
}

export const createMemoryWatch = (root: number): MemoryWatch => {
  const peaks = new Map<number, number>();
  const look = (pid: number): void => {
    const peakKiB = Number(/^VmHWM:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
    peaks.set(pid, Math.max(peaks.get(pid) ?? 0, peakKiB));
    for (const child of childrenOf(pid)) look(child);
  };
  return {
    look: () => {
      look(root);
    },
    peakMiB: () => [...peaks.values()].reduce((sum, kib) => sum + kib, 0) / 1024,
  };
};

/** Each thread has a list of those that it started. */
const childrenOf = (pid: number): number[] =>
  threadsOf(pid).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`)
      .split(" ")
      .filter((child) => child !== "")
      .map(Number),
  );

/** None once the process has ended. */
const threadsOf = (pid: number): string[] => {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
};

const read = (file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
};
