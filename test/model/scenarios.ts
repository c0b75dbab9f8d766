import type { Budgets, Scenario } from "./scenario.ts";

const NOTHING: Budgets = {
  crashes: 0,
  duplicates: 0,
  writes: 0,
  calls: 0,
  refusals: 0,
  answers: 0,
  lastChances: 0,
  callers: 0,
  operators: 0,
  signings: 0,
};

const scenario = (
  name: string,
  { budgets, ...more }: Partial<Omit<Scenario, "name" | "budgets">> & { budgets: Partial<Budgets> },
): Scenario => ({
  name,
  workers: 2,
  objects: 1,
  callWith: "url",
  census: false,
  progress: false,
  mode: "stream",
  slowAnswers: false,
  rowsExpire: false,
  resendAfterUnknown: false,
  killsAtDeadline: true,
  invocationTicks: 1,
  clockSkewTicks: 0,
  cielo24: { lateAcceptanceTicks: 1, lateInfoTicks: 1, enforcesOneMedium: false },
  maxPosts: 2,
  mustReach: [],
  ...more,
  budgets: { ...NOTHING, ...budgets },
});

/** What `npm test` explores, each to its end: some 350,000 states. */
export const SCENARIOS: readonly Scenario[] = [
  scenario("a crash and a duplicate", { budgets: { crashes: 1, duplicates: 1 } }),
  scenario("a crash and a duplicate, sending again", {
    resendAfterUnknown: true,
    budgets: { crashes: 1, duplicates: 1 },
  }),
  scenario("a refusal and a duplicate", { budgets: { refusals: 1, duplicates: 1 } }),
  scenario("two objects, sending again", { objects: 2, resendAfterUnknown: true, budgets: {} }),
  scenario("two objects, a refusal and a lost answer, sending again", {
    objects: 2,
    workers: 1,
    resendAfterUnknown: true,
    budgets: { refusals: 1, answers: 1 },
  }),
  scenario("a lost or late write and a crash, sending again", {
    workers: 1,
    resendAfterUnknown: true,
    progress: true,
    budgets: { writes: 1, crashes: 1 },
  }),
  scenario("two calls that fail and a crash", { workers: 1, budgets: { calls: 2, crashes: 1 } }),
  scenario("clocks apart, a lost answer and a crash, sending again", {
    clockSkewTicks: 1,
    workers: 1,
    resendAfterUnknown: true,
    budgets: { answers: 1, crashes: 1 },
  }),
  scenario("clocks so far apart that a lease is over too early", {
    clockSkewTicks: 2,
    invocationTicks: 2,
    budgets: { duplicates: 1 },
  }),
  scenario("workers that freeze and thaw", { killsAtDeadline: false, budgets: { duplicates: 1 } }),
  scenario("an object handed over by URL, sending again", {
    mode: "url",
    workers: 1,
    resendAfterUnknown: true,
    budgets: { answers: 1, crashes: 1 },
  }),
  scenario("a caller with a URL and whatever may go wrong", {
    census: true,
    objects: 0,
    budgets: { callers: 1, refusals: 1, answers: 1, crashes: 1, writes: 1 },
  }),
  scenario("a caller with a URL who races an object", { budgets: { callers: 1 } }),
  scenario("a cielo24 that is later than promised but takes one medium a job, sending again", {
    workers: 1,
    resendAfterUnknown: true,
    cielo24: { lateAcceptanceTicks: 4, lateInfoTicks: 4, enforcesOneMedium: true },
    budgets: { answers: 1, crashes: 1 },
  }),
  scenario('an operator who says "send again"', { workers: 1, budgets: { operators: 1, answers: 1 } }),
  scenario('an operator who says "send again" while cielo24 is later than promised', {
    workers: 1,
    cielo24: { lateAcceptanceTicks: 4, lateInfoTicks: 4, enforcesOneMedium: true },
    budgets: { operators: 1, answers: 1 },
  }),
  scenario("the last chance of a message", {
    census: true,
    workers: 1,
    budgets: { lastChances: 1, calls: 1, answers: 1 },
  }),
];
