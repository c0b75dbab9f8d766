import { afterAll, describe, expect, it } from "@jest/globals";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Exploration } from "./explorer.ts";
import { MUTANTS } from "./mutants.ts";
import type { Outcome } from "./outcomes.ts";
import { SCENARIOS } from "./scenarios.ts";
import type { Errand } from "./thread.ts";

const TIMEOUT_MS = 120_000;

const thread = new Worker(new URL("./thread.ts", import.meta.url));
afterAll(() => thread.terminate());

const explore = async (errand: Errand): Promise<Exploration> => {
  const answer = once(thread, "message");
  thread.postMessage(errand);
  const [exploration] = (await answer) as [Exploration];
  return exploration;
};

describe("the delivery machine, through everything that may happen, holds S1 to S5", () => {
  const reached = new Set<Outcome>();
  const sum = { states: 0, transitions: 0, seconds: 0 };

  afterAll(() => {
    process.stdout.write(
      `explored ${sum.states} states over ${sum.transitions} transitions in ${sum.seconds.toFixed(1)} s\n`,
    );
  });

  it.each(SCENARIOS.map(({ name }) => name))(
    "with %s",
    async (name) => {
      const { failure, isComplete, outcomes, states, transitions, seconds } = await explore({ scenario: name });
      expect(failure).toBeUndefined();
      expect(isComplete).toBe(true);
      for (const outcome of outcomes) reached.add(outcome);
      sum.states += states;
      sum.transitions += transitions;
      sum.seconds += seconds;
    },
    TIMEOUT_MS,
  );

  it("and comes to every end there is", () => {
    expect([...reached].sort()).toEqual([
      "conflict",
      "delivered",
      "delivered after a resend",
      "needs review",
      "rejected",
    ]);
  });
});

describe("the explorer catches a machine where", () => {
  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    "%s",
    async (name, { caughtBy, breaks }) => {
      const { failure } = await explore({ scenario: caughtBy, mutant: name });
      expect(failure?.broken).toMatch(new RegExp(`^${breaks}:`));
    },
    TIMEOUT_MS,
  );
});
