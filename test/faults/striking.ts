import type { Instance } from "./instance.ts";
import type { Chunk, Treatment } from "../harness/network.ts";
import { LATEST_MS, type Fault } from "./schedule.ts";
import type { Theatre } from "./theatre.ts";

/** The faults of a schedule, switched on. */
export interface Strikes {
  /** What happens to the chunk of that number, counted over all upstreams. */
  readonly treat: (chunk: Chunk, number: number, instance: Instance | undefined) => Treatment;
  /** Switches off what has not hit yet. */
  readonly end: () => { readonly hits: number; /** When the last trouble was over. */ readonly troubleUntil: number };
}

const MINUTE_MS = 60_000;
const LONGEST_HOLD_MS: Readonly<Record<string, number>> = { cielo24: LATEST_MS, s3: 5 * MINUTE_MS };

export const startStrikes = (theatre: Theatre, faults: readonly Fault[]): Strikes => {
  const { stack, cielo24 } = theatre;
  const chunkFaults = faults.filter((fault) => "chunk" in fault);
  const counts: Record<string, number> = {};
  const lists = [stack.aws.faults, stack.s3.faults, cielo24.faults];
  const countHits = () => lists.reduce((sum, { hits }) => sum + hits(), 0);
  const hitsBefore = countHits();
  const startedAt = Date.now();
  let chunkHits = 0;
  let troubleUntil = startedAt;
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
      troubleUntil = Date.now() + (chunk.do === "hold" ? chunk.ms : 0);
      const most = LONGEST_HOLD_MS[upstream] ?? Infinity;
      if (chunk.do === "hold") return { do: "hold", ms: Math.min(chunk.ms, most) };
      if (chunk.do === "cut") return { do: "cut", side: chunk.side, lateMs: 0 };
      setImmediate(() => instance?.kill());
      return { do: "cut", side: chunk.side, lateMs: chunk.side === "behind" ? Math.min(chunk.lateMs, most) : 0 };
    },
    end: () => {
      for (const { clear } of lists) clear();
      stack.eventBus.refuseNext(0);
      const lastHits = lists.map(({ lastHitAt }) => lastHitAt() ?? startedAt);
      const ends = faults.map((fault) => Math.min(startedAt + durationOf(fault), Date.now()));
      return {
        hits: chunkHits + countHits() - hitsBefore,
        troubleUntil: Math.max(troubleUntil, ...lastHits, ...ends),
      };
    },
  };
};

/** How long it lasts; 0 for one that is counted. */
const durationOf = (fault: Fault): number => {
  if ("cielo24" in fault) return fault.cielo24.forMs ?? 0;
  if ("s3" in fault) return fault.s3.forMs ?? 0;
  return 0;
};

const switchOn = ({ stack, cielo24 }: Theatre, fault: Fault): void => {
  if ("cielo24" in fault) cielo24.faults.add(fault.cielo24);
  if ("s3" in fault) {
    const { fraction = 0, ...s3 } = fault.s3;
    stack.s3.faults.add({ ...s3, atByte: Math.floor(fraction * 65_536) });
  }
  if ("aws" in fault) stack.aws.faults.add(fault.aws);
  if ("refusedEntries" in fault) stack.eventBus.refuseNext(fault.refusedEntries);
};
