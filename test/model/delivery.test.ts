import { describe, expect, it } from "@jest/globals";
import { step } from "../../lib/delivery/state.ts";
import { explore } from "./explorer.ts";
import { MUTANTS } from "./mutants.ts";
import type { Outcome } from "./outcomes.ts";
import { SCENARIOS } from "./scenarios.ts";

const TIMEOUT_MS = 120_000;

describe("the delivery machine, through everything that may happen", () => {
  const reached = new Set<Outcome>();

  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    "holds S1 to S5 with %s",
    (_name, scenario) => {
      const { failure, outcomes, isComplete, states, transitions, seconds } = explore(scenario, { step });
      process.stdout.write(
        `      ${states} states, ${transitions} transitions, ${seconds.toFixed(1)} s: ${scenario.name}\n`,
      );
      expect(failure).toBeUndefined();
      expect(isComplete).toBe(true);
      for (const outcome of outcomes) reached.add(outcome);
    },
    TIMEOUT_MS,
  );

  it("comes to every end there is", () => {
    expect([...reached].sort()).toEqual([
      "conflict",
      "delivered",
      "delivered after a resend",
      "needs review",
      "rejected",
    ]);
  });
});

describe("the explorer", () => {
  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    "catches a machine where %s",
    (_name, mutant) => {
      const scenario = SCENARIOS.find(({ name }) => name === mutant.caughtBy);
      if (!scenario) throw new Error(`There is no scenario "${mutant.caughtBy}"`);
      expect(explore(scenario, mutant).failure?.broken).toMatch(/^S[1-5]:/);
    },
    TIMEOUT_MS,
  );
});
