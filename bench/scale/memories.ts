import { readFileSync } from "node:fs";
import { WHOLE_CPU_MB } from "../cpu-share.ts";

/** The memories at which deliver-media is measured. */
export const MEMORIES_MB = [256, 512, 1024, WHOLE_CPU_MB];

/** How long deliver-media takes with the CPU of so much memory, in seconds from the event on. */
export interface MemoryTimes {
  readonly memoryMb: number;
  /** For 1 MiB: the calls around the bytes, on loopback. */
  readonly mibS: number;
  /** For 1 GiB from a source without a limit. */
  readonly gibS: number;
  /** For 1 GiB from a source of 50 MB/s. */
  readonly gibAt50MbS: number;
}

const MEASURED = new URL("../results/memories.json", import.meta.url);

/** What measure-memories.ts has measured. */
export const MEMORY_TIMES = (JSON.parse(readFileSync(MEASURED, "utf8")) as { memories: readonly MemoryTimes[] })
  .memories;

/** Throws for a memory that has not been measured. */
export const timesAt = (memoryMb: number): MemoryTimes => {
  const times = MEMORY_TIMES.find((each) => each.memoryMb === memoryMb);
  if (!times) throw new Error(`deliver-media has not been measured at ${memoryMb} MB: bench/scale/measure-memories.ts`);
  return times;
};
