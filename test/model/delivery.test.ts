import { afterAll, describe, expect, it } from "@jest/globals";
import { MUTANTS } from "./mutants.ts";
import { openPool } from "./pool.ts";
import { describeSum, faultsOf, isCaught, unreached, type Explored } from "./report.ts";
import { QUICK_SCENARIOS } from "./scenarios.ts";

/** The small scenarios and what they catch; all of them are in `npm run test:model`. */

const TIMEOUT_MS = 120_000;

const pool = openPool();
afterAll(() => pool.close());

describe("the delivery machine, through everything that may happen, holds S1 to S9", () => {
  const explored: Explored[] = [];

  it.each(QUICK_SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    "with %s",
    async (name, scenario) => {
      const each = { scenario, exploration: await pool.explore({ scenario: name }) };
      expect(faultsOf(each)).toEqual([]);
      explored.push(each);
    },
    TIMEOUT_MS,
  );

  it("and comes to every end there is", () => {
    expect(unreached(explored)).toEqual([]);
    const seconds = explored.reduce((sum, { exploration }) => sum + exploration.seconds, 0);
    process.stdout.write(`explored ${describeSum(explored, seconds)}\n`);
  });
});

describe("the explorer catches a machine where", () => {
  const quick = MUTANTS.filter(({ caughtBy }) => QUICK_SCENARIOS.some(({ name }) => name === caughtBy));

  it.each(quick.map((mutant) => [mutant.name, mutant] as const))(
    "%s",
    async (name, mutant) => {
      const exploration = await pool.explore({ scenario: mutant.caughtBy, mutant: name });
      expect(exploration.failure?.broken).toBeDefined();
      expect(isCaught({ mutant, exploration })).toBe(true);
    },
    TIMEOUT_MS,
  );
});
