/** What the programs of this folder are told, as their only argument, in JSON. */
export interface Turns {
  readonly rounds: number;
  /** How often each contestant is called in a round. */
  readonly calls: number;
}

/** The CPU time of one call in each round, in microseconds, by contestant. */
export type CpuUs<Name extends string> = Record<Name, number[]>;

/** So often the contestants take turns within a round, so that a slow moment affects all alike. */
const TURNS = 10;

/** Measures the CPU time that this process takes for calls, one after the other. A round comes before, to warm up. */
export const measureInTurns = async <Name extends string>(
  contestants: Readonly<Record<Name, () => Promise<unknown>>>,
  { rounds, calls }: Turns,
): Promise<CpuUs<Name>> => {
  const names = Object.keys(contestants) as Name[];
  const measured = Object.fromEntries(names.map((name) => [name, [] as number[]])) as CpuUs<Name>;
  for (let round = -1; round < rounds; round += 1) {
    const spentUs = new Map<Name, number>();
    for (let turn = 0; turn < TURNS; turn += 1) {
      for (const name of turn % 2 === 0 ? names : names.toReversed()) {
        const us = await cpuUsOf(contestants[name], Math.ceil(calls / TURNS));
        spentUs.set(name, (spentUs.get(name) ?? 0) + us / TURNS);
      }
    }
    if (round >= 0) for (const [name, us] of spentUs) measured[name].push(us);
  }
  return measured;
};

const cpuUsOf = async (call: () => Promise<unknown>, times: number): Promise<number> => {
  const before = process.cpuUsage();
  for (let at = 0; at < times; at += 1) await call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
};
