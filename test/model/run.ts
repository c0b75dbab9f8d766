import { parseArgs } from "node:util";
import { LARGE_SCENARIOS } from "./large-scenarios.ts";
import { MUTANTS } from "./mutants.ts";
import { openPool } from "./pool.ts";
import { describeExplored, describeSum, describeTried, faultsOf, isCaught, tell, unreached } from "./report.ts";
import { SCENARIOS } from "./scenarios.ts";

/**
 * `npm run test:model`: drives the delivery machine through everything that may happen in every scenario, on every
 * core, and then each mutant of it through the scenario that catches it.
 */

const HELP = `npm run test:model -- [--large] [--scenario <part of a name>] [--traces]

  --large      the scenarios of several million states instead; takes an hour and up to 10 GB
  --scenario   only the scenarios whose names contain this, and no mutants
  --traces     print the trace of every mutant, too

Fails where an invariant is broken, a scenario is not explored to its end, an end cannot be reached that should be,
or a mutant is not caught.`;

const { values: options } = parseArgs({
  options: {
    large: { type: "boolean", default: false },
    scenario: { type: "string" },
    traces: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}

const { scenario: part } = options;
const all = options.large ? LARGE_SCENARIOS : SCENARIOS;
const chosen = part === undefined ? all : [...SCENARIOS, ...LARGE_SCENARIOS].filter(({ name }) => name.includes(part));
const isWhole = part === undefined && !options.large;
const faults: string[] = [];
if (chosen.length === 0) faults.push("no scenario has such a name");

// A large scenario needs the memory for itself.
const pool = openPool(options.large ? 1 : undefined);
const startedAt = Date.now();
const secondsSince = (at: number) => (Date.now() - at) / 1000;

const explored = await Promise.all(
  chosen.map(async (scenario) => {
    const each = { scenario, exploration: await pool.explore({ scenario: scenario.name }) };
    console.log(describeExplored(each));
    faults.push(...faultsOf(each));
    return each;
  }),
);
console.log(describeSum(explored, secondsSince(startedAt)));
if (isWhole) for (const end of unreached(explored)) faults.push(`"${end}" is reached nowhere`);

if (isWhole) {
  const mutantsAt = Date.now();
  const tried = await Promise.all(
    MUTANTS.map(async (mutant) => ({
      mutant,
      exploration: await pool.explore({ scenario: mutant.caughtBy, mutant: mutant.name }),
    })),
  );
  for (const each of tried) {
    console.log(describeTried(each));
    if (options.traces) console.log(tell(each.exploration.failure?.trace ?? []));
    if (!isCaught(each)) faults.push(describeTried(each));
  }
  const caught = tried.filter(isCaught).length;
  console.log(`${caught} of ${tried.length} mutants caught, ${secondsSince(mutantsAt).toFixed(1)} s`);
}
await pool.close();

for (const fault of faults) console.error(`\nFAILED ${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;
