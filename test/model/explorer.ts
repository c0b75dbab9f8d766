import { canonical } from "./canonical.ts";
import { findViolation } from "./invariants.ts";
import { hasEnded, outcomesOf, type Outcome } from "./outcomes.ts";
import { startWorld, transitions, type Machine, type Scenario, type World } from "./world.ts";

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  readonly seconds: number;
  readonly outcomes: ReadonlySet<Outcome>;
  /** What is broken, and the shortest way there in words; undefined where nothing is. */
  readonly failure?: { readonly broken: string; readonly trace: readonly string[] };
  /** Whether every state was seen, or the limit was reached first. */
  readonly isComplete: boolean;
}

/**
 * Drives the machine breadth-first through everything that may happen in a scenario, and checks every state and every
 * transition. At the end, from every state an end must be reachable without any further misfortune.
 */
export const explore = (scenario: Scenario, by: Machine, maxStates = Number.POSITIVE_INFINITY): Exploration => {
  const startedAt = Date.now();
  const ids = new Map<string, number>();
  const cameFrom: number[] = [];
  const cameBy: string[] = [];
  const harmless: number[] = [];
  const ended: number[] = [];
  const outcomes = new Set<Outcome>();
  let count = 0;
  let frontier: { id: number; world: World }[] = [];

  const visit = (world: World, from: number, label: string, next: { id: number; world: World }[]): number => {
    const name = canonical(world);
    const known = ids.get(name);
    if (known !== undefined) return known;
    const id = ids.size;
    ids.set(name, id);
    cameFrom.push(from);
    cameBy.push(label);
    next.push({ id, world });
    for (const outcome of outcomesOf(world)) outcomes.add(outcome);
    if (hasEnded(world, scenario)) ended.push(id);
    return id;
  };
  const traceTo = (id: number): string[] => {
    const trace: string[] = [];
    for (let at = id; at > 0; at = cameFrom[at] ?? 0) trace.unshift(cameBy[at] ?? "");
    return trace;
  };
  const report = (failure?: Exploration["failure"], isComplete = true): Exploration => ({
    states: ids.size,
    transitions: count,
    seconds: (Date.now() - startedAt) / 1000,
    outcomes,
    ...(failure ? { failure } : {}),
    isComplete,
  });

  visit(startWorld(scenario), 0, "", frontier);
  while (frontier.length > 0) {
    const next: typeof frontier = [];
    for (const { id, world } of frontier) {
      for (const { label, isFault, world: after } of transitions(world, scenario, by)) {
        count += 1;
        const to = visit(after, id, label, next);
        if (!isFault) harmless.push(id, to);
        const broken = findViolation(world, after);
        if (broken) return report({ broken, trace: [...traceTo(id), label] });
      }
      if (ids.size >= maxStates) return report(undefined, false);
    }
    frontier = next;
  }
  const stuck = findStuck(ids.size, harmless, ended);
  if (stuck !== undefined)
    return report({
      broken: "S2: no end can be reached from here, even if nothing more goes wrong",
      trace: traceTo(stuck),
    });
  return report();
};

/** The first state from which no end can be reached over harmless transitions. */
const findStuck = (states: number, harmless: readonly number[], ended: readonly number[]): number | undefined => {
  const heads = new Int32Array(states).fill(-1);
  const links = new Int32Array(harmless.length / 2);
  for (let edge = 0; edge < links.length; edge += 1) {
    const to = harmless[2 * edge + 1] ?? 0;
    links[edge] = heads[to] ?? -1;
    heads[to] = edge;
  }
  const isReached = new Uint8Array(states);
  const queue = [...ended];
  for (const id of queue) isReached[id] = 1;
  for (let id = queue.pop(); id !== undefined; id = queue.pop())
    for (let edge = heads[id] ?? -1; edge !== -1; edge = links[edge] ?? -1) {
      const from = harmless[2 * edge] ?? 0;
      if (isReached[from]) continue;
      isReached[from] = 1;
      queue.push(from);
    }
  const stuck = isReached.indexOf(0);
  return stuck === -1 ? undefined : stuck;
};
