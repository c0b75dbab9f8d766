import { canonical } from "./canonical.ts";
import { happenings } from "./happenings.ts";
import { createIntList, type IntList } from "./int-list.ts";
import { findViolation, givesUp, mustBeDelivered } from "./invariants.ts";
import { createKnownStates } from "./known-states.ts";
import { endsOf, hasEnded } from "./ends.ts";
import type { End, Scenario } from "./scenario.ts";
import { startWorld, type Machine, type World } from "./job-world.ts";

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  readonly seconds: number;
  /** The ends that were reached in some state. */
  readonly ends: ReadonlySet<End>;
  /** Which of S1 to S9 is broken and how, and the shortest way there in words. */
  readonly failure?: { readonly broken: string; readonly trace: readonly string[] };
  /** Whether every state was seen; otherwise the limit was reached or something was broken. */
  readonly isComplete: boolean;
}

interface Visited {
  readonly id: number;
  readonly world: World;
}

/**
 * Drives the machine breadth-first through everything that may happen in a scenario, and checks every state and every
 * transition. If all states were seen, it checks that from each an end can be reached without further misfortune.
 */
export const explore = (
  scenario: Scenario,
  machine: Machine,
  { maxStates = Number.POSITIVE_INFINITY } = {},
): Exploration => {
  const startedAt = Date.now();
  const known = createKnownStates();
  /** For each state, the state it was first reached from and by which of its happenings. */
  const cameFrom = createIntList();
  const cameBy = createIntList();
  /** Pairs of states: without misfortune, the one may become the other. */
  const harmless = createIntList();
  /** The same, without a worker that is ended because it took too long. */
  const smooth = createIntList();
  /** States in which the medium is delivered, and those from which it has to be. */
  const delivered = createIntList();
  const owed = createIntList();
  const ended = createIntList();
  const ends = new Set<End>();
  let transitions = 0;
  let next: Visited[] = [];

  const visit = (world: World, from: number, by: number): number => {
    const found = known.find(canonical(world));
    if (found !== -1) return found;
    const id = known.size - 1;
    cameFrom.push(from);
    cameBy.push(by);
    next.push({ id, world });
    for (const end of endsOf(world)) ends.add(end);
    if (hasEnded(world, scenario)) ended.push(id);
    if (world.row?.state === "DELIVERED") delivered.push(id);
    if (mustBeDelivered(world, scenario)) owed.push(id);
    return id;
  };
  const traceTo = (id: number): string[] => {
    const way: number[] = [];
    for (let at = id; at > 0; at = cameFrom.at(at)) way.push(cameBy.at(at));
    way.reverse();
    return retell(scenario, machine, way);
  };
  const report = (isComplete: boolean, failure?: Exploration["failure"]): Exploration => ({
    states: known.size,
    transitions,
    seconds: (Date.now() - startedAt) / 1000,
    ends,
    isComplete,
    ...(failure ? { failure } : {}),
  });

  visit(startWorld(scenario), 0, 0);
  while (next.length > 0) {
    const frontier = next;
    next = [];
    for (const { id, world } of frontier) {
      let by = 0;
      for (const { label, isFault, isKill, world: after } of happenings(world, scenario, machine)) {
        transitions += 1;
        const broken =
          findViolation(world, after, scenario) ??
          (!isFault && givesUp(world, after, scenario)
            ? "S2: a medium that nobody is in doubt about is put before a person"
            : undefined);
        if (broken) return report(false, { broken, trace: [...traceTo(id), label] });
        const to = visit(after, id, by);
        if (!isFault && to !== id) {
          harmless.push(id);
          harmless.push(to);
          if (!isKill) {
            smooth.push(id);
            smooth.push(to);
          }
        }
        by += 1;
      }
      if (known.size >= maxStates) return report(false);
    }
  }
  const canEnd = reach(known.size, harmless, ended);
  const stuck = canEnd.indexOf(0);
  if (stuck !== -1)
    return report(true, {
      broken: "S2: from here no end can be reached, even if nothing more goes wrong",
      trace: traceTo(stuck),
    });
  const canBeDelivered = reach(known.size, smooth, delivered);
  for (let index = 0; index < owed.length; index += 1)
    if (!canBeDelivered[owed.at(index)])
      return report(true, {
        broken: "S2: a medium that nobody is in doubt about cannot be delivered, even if nothing more goes wrong",
        trace: traceTo(owed.at(index)),
      });
  return report(true);
};

/** Goes a way from the start again, to put it into words: each step is the number of one of the happenings. */
const retell = (scenario: Scenario, machine: Machine, way: readonly number[]): string[] => {
  let world = startWorld(scenario);
  return way.map((number) => {
    const happened = [...happenings(world, scenario, machine)][number];
    if (!happened) throw new Error("The way leads nowhere");
    world = happened.world;
    return happened.label;
  });
};

/** For each state, whether one of the ends can be reached from it over these edges. */
const reach = (states: number, harmless: IntList, ended: IntList): Uint8Array => {
  // Lists of edges by the state they lead to, chained through two arrays: there are too many for objects.
  const last = new Int32Array(states).fill(-1);
  const previous = new Int32Array(harmless.length / 2);
  for (let edge = 0; edge < previous.length; edge += 1) {
    const to = harmless.at(2 * edge + 1);
    previous[edge] = last[to] ?? -1;
    last[to] = edge;
  }
  const isReached = new Uint8Array(states);
  const queue: number[] = [];
  for (let index = 0; index < ended.length; index += 1) queue.push(ended.at(index));
  for (const id of queue) isReached[id] = 1;
  for (let id = queue.pop(); id !== undefined; id = queue.pop())
    for (let edge = last[id] ?? -1; edge !== -1; edge = previous[edge] ?? -1) {
      const from = harmless.at(2 * edge);
      if (isReached[from]) continue;
      isReached[from] = 1;
      queue.push(from);
    }
  return isReached;
};
