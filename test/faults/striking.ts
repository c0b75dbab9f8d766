import type { Instance } from "./instance.ts";
import type { Chunk, Treatment } from "./network.ts";
import { LATEST_MS, type Fault } from "./schedule.ts";
import type { Theatre } from "./theatre.ts";

/** The faults of a schedule, switched on. */
export interface Strikes {
  /** What happens to the chunk of that number, counted over all upstreams. */
  readonly treat: (chunk: Chunk, number: number, instance: Instance | undefined) => Treatment;
  /** Switches off what has not hit yet. @returns how often faults hit */
  readonly end: () => number;
}

const MINUTE_MS = 60_000;
const LONGEST_HOLD_MS: Readonly<Record<string, number>> = { cielo24: LATEST_MS, s3: 5 * MINUTE_MS };

export const startStrikes = (theatre: Theatre, faults: readonly Fault[]): Strikes => {
  const { stack, cielo24 } = theatre;
  const chunkFaults = faults.filter((fault) => "chunk" in fault);
  const counts: Record<string, number> = {};
  const countHits = () => stack.aws.faults.hits() + stack.s3.faults.hits() + cielo24.faults.hits();
  const hitsBefore = countHits();
  let chunkHits = 0;
  for (const fault of faults) switchOn(theatre, fault);

  return {
    treat: ({ upstream }, number, instance) => {
      const count = (counts[upstream] = (counts[upstream] ?? 0) + 1);
      const fault = chunkFaults.find(
        ({ on, at }) => at === (on === "any" ? number : on === upstream ? count : undefined),
      );
      if (!fault) return { do: "pass" };
      chunkHits += 1;
      const { chunk } = fault;
      const most = LONGEST_HOLD_MS[upstream] ?? Infinity;
      if (chunk.do === "hold") return { do: "hold", ms: Math.min(chunk.ms, most) };
      if (chunk.do === "cut") return { do: "cut", side: chunk.side, lateMs: 0 };
      setImmediate(() => instance?.kill());
      return { do: "cut", side: chunk.side, lateMs: chunk.side === "behind" ? Math.min(chunk.lateMs, most) : 0 };
    },
    end: () => {
      for (const { clear } of [stack.aws.faults, stack.s3.faults, cielo24.faults]) clear();
      stack.eventBus.refuseNext(0);
      return chunkHits + countHits() - hitsBefore;
    },
  };
};

const switchOn = ({ stack, cielo24 }: Theatre, fault: Fault): void => {
  if ("cielo24" in fault) cielo24.faults.add(fault.cielo24 as Parameters<typeof cielo24.faults.add>[0]);
  if ("s3" in fault) {
    const { fraction = 0, ...s3 } = fault.s3;
    stack.s3.faults.add({ ...s3, atByte: Math.floor(fraction * 65_536) });
  }
  if ("aws" in fault) stack.aws.faults.add(fault.aws);
  if ("refusedEntries" in fault) stack.eventBus.refuseNext(fault.refusedEntries);
};
