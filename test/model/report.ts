import type { Exploration } from "./explorer.ts";
import type { Mutant } from "./mutants.ts";
import { ENDS, type End, type Scenario } from "./scenario.ts";

/** What the explorations say, in words; pure, so that the judgement can be tested. */

export interface Explored {
  readonly scenario: Scenario;
  readonly exploration: Exploration;
}

export interface Tried {
  readonly mutant: Pick<Mutant, "name" | "breaks" | "caughtBy">;
  readonly exploration: Exploration;
}

export const describeExplored = ({ scenario, exploration }: Explored): string => {
  const { states, transitions, seconds, ends } = exploration;
  const figures = [`${states} states`, `${transitions} transitions`, `${seconds.toFixed(1)} s`];
  return `${scenario.name}: ${figures.join(", ")}; ${[...ends].sort().join(", ") || "no end"}`;
};

export const describeTried = ({ mutant, exploration }: Tried): string => {
  const { failure, states } = exploration;
  if (!failure) return `NOT CAUGHT in ${states} states: ${mutant.name} (${mutant.caughtBy})`;
  return `caught after ${failure.trace.length} steps (${failure.broken.slice(0, 2)}): ${mutant.name}`;
};

export const describeSum = (explored: readonly Explored[], seconds: number): string => {
  const sum = (count: (exploration: Exploration) => number) =>
    explored.reduce((total, { exploration }) => total + count(exploration), 0);
  return `${explored.length} scenarios: ${sum(({ states }) => states)} states, ${sum(({ transitions }) => transitions)} transitions, ${seconds.toFixed(1)} s`;
};

/** What is wrong with a scenario's exploration, with the shortest trace to it; empty if all holds. */
export const faultsOf = ({ scenario, exploration }: Explored): string[] => {
  const { failure, isComplete, ends } = exploration;
  if (failure) return [`${scenario.name}: ${failure.broken}\n${tell(failure.trace)}`];
  if (!isComplete) return [`${scenario.name}: was not explored to its end`];
  return scenario.mustReach
    .filter((end) => !ends.has(end))
    .map((end) => `${scenario.name}: "${end}" cannot be reached`);
};

/** The ends that no scenario reaches. */
export const unreached = (explored: readonly Explored[]): End[] =>
  ENDS.filter((end) => !explored.some(({ exploration }) => exploration.ends.has(end)));

/** Whether the mutant broke what it was expected to break. */
export const isCaught = ({ mutant, exploration }: Tried): boolean =>
  exploration.failure?.broken.startsWith(`${mutant.breaks}:`) === true;

export const tell = (trace: readonly string[]): string =>
  trace.map((step, index) => `  ${String(index + 1).padStart(2)}. ${step}`).join("\n");
