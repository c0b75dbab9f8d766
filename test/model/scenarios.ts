import type { Budgets, Scenario } from "./world.ts";

const nothing: Budgets = { crashes: 0, duplicates: 0, writes: 0, calls: 0, refusals: 0, answers: 0 };

const scenario = (
  name: string,
  more: Partial<Omit<Scenario, "budgets">> & { budgets: Partial<Budgets> },
): Scenario => ({
  name,
  workers: 2,
  objects: 1,
  caller: false,
  operator: false,
  census: false,
  resendAfterUnknown: false,
  killsAtDeadline: true,
  skewedClocks: false,
  maxPosts: 2,
  ...more,
  budgets: { ...nothing, ...more.budgets },
});

/** What `npm test` explores, whole: some 400,000 states. */
export const SCENARIOS: readonly Scenario[] = [
  scenario("a crash and a duplicate", { budgets: { crashes: 1, duplicates: 1 } }),
  scenario("a crash and a duplicate, with sending again", {
    resendAfterUnknown: true,
    budgets: { crashes: 1, duplicates: 1 },
  }),
  scenario("a lost answer and a duplicate, with sending again", {
    resendAfterUnknown: true,
    budgets: { answers: 1, duplicates: 1 },
  }),
  scenario("a refusal and a duplicate", { budgets: { refusals: 1, duplicates: 1 } }),
  scenario("a refusal, a lost answer and a crash, with sending again", {
    workers: 1,
    resendAfterUnknown: true,
    budgets: { refusals: 1, answers: 1, crashes: 1 },
  }),
  scenario("a lost, repeated or late write, a lost answer and a crash", {
    workers: 1,
    resendAfterUnknown: true,
    budgets: { writes: 1, answers: 1, crashes: 1 },
  }),
  scenario("two calls that fail and a crash", { workers: 1, budgets: { calls: 2, crashes: 1 } }),
  scenario("two objects and a refusal", { objects: 2, workers: 1, budgets: { refusals: 1, crashes: 1 } }),
  scenario("a caller with a URL, alone, with every misfortune", {
    caller: true,
    objects: 0,
    census: true,
    budgets: { refusals: 1, answers: 1, crashes: 1, writes: 1 },
  }),
  scenario('an operator\'s "send again"', {
    operator: true,
    workers: 1,
    budgets: { answers: 1, crashes: 1 },
  }),
  scenario("clocks five minutes apart, with sending again", {
    skewedClocks: true,
    workers: 1,
    resendAfterUnknown: true,
    budgets: { answers: 1, crashes: 1 },
  }),
  scenario("workers that freeze and thaw", { killsAtDeadline: false, budgets: { duplicates: 1 } }),
];
