import type { Cost } from "./transfers.ts";

/** By contender, what each round cost it. */
export type Costs = Readonly<Record<string, readonly Cost[]>>;

/** Runs each once a round, in another order each time, so that a slow minute and what comes first affect all alike. */
export const takeTurns = async (
  contenders: Readonly<Record<string, () => Promise<Cost>>>,
  rounds: number,
): Promise<Costs> => {
  const costs: Record<string, Cost[]> = {};
  const names = Object.keys(contenders);
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const cost = await contenders[name]?.();
      if (cost) (costs[name] ??= []).push(cost);
    }
  }
  return costs;
};

/** The ratio of one to another, round by round. */
export const pair = (
  costs: Costs,
  one: string,
  other: string,
  ratio: (one: Cost, other: Cost) => number,
): readonly number[] => (costs[one] ?? []).map((cost, round) => ratio(cost, costs[other]?.[round] ?? cost));

/** How many times as fast as its peer it was, round by round. */
export const speed = (costs: Costs, name: string, peer: string) =>
  pair(costs, name, peer, (one, other) => other.ms / one.ms);

/** How many times the CPU of its peer it took, round by round. */
export const cpu = (costs: Costs, name: string, peer: string) =>
  pair(costs, name, peer, (one, other) => one.cpuS / other.cpuS);

/** The most memory that it used, round by round. */
export const peakMiB = (costs: Costs, name: string): readonly number[] =>
  (costs[name] ?? []).map(({ peakRssMiB }) => peakRssMiB);
