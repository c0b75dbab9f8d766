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

export const scenario = (
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
  settleTicks: 2,
  cielo24: { lateAcceptanceTicks: 1, lateInfoTicks: 1, enforcesOneMedium: false },
  maxPosts: 2,
  mustReach: [],
  ...more,
  budgets: { ...NOTHING, ...budgets },
});

/** Small ones, on one thing each. `npm test` explores these. */
export const QUICK_SCENARIOS: readonly Scenario[] = [
  scenario("a crash and a duplicate", {
    budgets: { crashes: 1, duplicates: 1 },
    mustReach: ["delivered", "needs review"],
  }),
  scenario("two calls that fail and a crash", {
    workers: 1,
    budgets: { calls: 2, crashes: 1 },
    mustReach: ["delivered", "rejected", "needs review"],
  }),
  scenario("clocks apart, a lost answer and a crash, sending again", {
    clockSkewTicks: 1,
    settleTicks: 3,
    cielo24: { lateAcceptanceTicks: 2, lateInfoTicks: 1, enforcesOneMedium: false },
    workers: 1,
    resendAfterUnknown: true,
    budgets: { answers: 1, crashes: 1 },
    mustReach: ["delivered", "delivered after a resend"],
  }),
  scenario("workers that freeze and thaw", {
    killsAtDeadline: false,
    budgets: { duplicates: 1 },
    mustReach: ["delivered", "needs review"],
  }),
  scenario("an object handed over by URL, sending again", {
    mode: "url",
    workers: 1,
    resendAfterUnknown: true,
    budgets: { answers: 1, crashes: 1 },
    mustReach: ["delivered", "delivered after a resend"],
  }),
  scenario("an object handed over by URL", {
    mode: "url",
    workers: 1,
    budgets: { answers: 1, crashes: 1, refusals: 1 },
    mustReach: ["delivered", "rejected", "needs review"],
  }),
  scenario("a caller with a URL and a crash, without a census", {
    objects: 0,
    budgets: { callers: 1, crashes: 1 },
    mustReach: ["delivered", "rejected", "needs review"],
  }),
  scenario("a caller with a URL and whatever may go wrong", {
    census: true,
    objects: 0,
    budgets: { callers: 1, refusals: 1, answers: 1, crashes: 1, writes: 1 },
    mustReach: ["delivered", "rejected", "needs review"],
  }),
  scenario("two callers who race, and a lost answer", {
    census: true,
    objects: 0,
    budgets: { callers: 2, answers: 1 },
    mustReach: ["delivered", "rejected", "needs review"],
  }),
  scenario("a cielo24 that is later than promised but takes one medium a job, sending again", {
    workers: 1,
    resendAfterUnknown: true,
    cielo24: { lateAcceptanceTicks: 4, lateInfoTicks: 4, enforcesOneMedium: true },
    budgets: { answers: 1, crashes: 1 },
    mustReach: ["delivered", "delivered after a resend"],
  }),
  scenario("the last chance of a message whose worker lives on, without a census", {
    killsAtDeadline: false,
    workers: 1,
    budgets: { lastChances: 1, answers: 1 },
    mustReach: ["delivered", "needs review"],
  }),
  scenario('an operator who says "send again" after the last chance of a message', {
    killsAtDeadline: false,
    workers: 1,
    budgets: { operators: 1, lastChances: 1, answers: 1 },
    mustReach: ["delivered", "needs review"],
  }),
  scenario("rows that expire", {
    rowsExpire: true,
    workers: 1,
    budgets: { signings: 1, refusals: 1, crashes: 1 },
    mustReach: ["delivered", "rejected"],
  }),
  scenario("three workers and two objects", {
    workers: 3,
    objects: 2,
    budgets: {},
    mustReach: ["delivered", "needs review", "conflict"],
  }),
];

/** What `npm run test:model` explores, each to its end. */
export const SCENARIOS: readonly Scenario[] = [
  ...QUICK_SCENARIOS,
  scenario("a crash and a duplicate, sending again", {
    resendAfterUnknown: true,
    budgets: { crashes: 1, duplicates: 1 },
    mustReach: ["delivered", "delivered after a resend"],
  }),
  scenario("a refusal and a duplicate", {
    budgets: { refusals: 1, duplicates: 1 },
    mustReach: ["delivered", "rejected"],
  }),
  scenario("two objects, a refusal and a lost answer, sending again", {
    objects: 2,
    workers: 1,
    resendAfterUnknown: true,
    budgets: { refusals: 1, answers: 1 },
    mustReach: ["delivered", "delivered after a resend", "rejected", "conflict"],
  }),
  scenario("a lost, late or repeated write and a crash, sending again", {
    workers: 1,
    resendAfterUnknown: true,
    progress: true,
    budgets: { writes: 1, crashes: 1 },
    mustReach: ["delivered", "delivered after a resend"],
  }),
  scenario("an object too slow for one invocation, sending again", {
    mode: "auto",
    workers: 1,
    resendAfterUnknown: true,
    maxPosts: 3,
    budgets: { answers: 1, crashes: 1, calls: 1 },
    mustReach: ["delivered", "delivered after a resend"],
  }),
  scenario("a caller with a body and whatever may go wrong", {
    callWith: "body",
    census: true,
    objects: 0,
    budgets: { callers: 1, refusals: 1, answers: 1, crashes: 1, writes: 1 },
    mustReach: ["delivered", "rejected", "needs review"],
  }),
  scenario("the last chance of a message", {
    census: true,
    workers: 1,
    budgets: { lastChances: 1, calls: 1, answers: 1 },
    mustReach: ["delivered", "needs review"],
  }),
  scenario("two objects, sending again", {
    objects: 2,
    resendAfterUnknown: true,
    budgets: {},
    mustReach: ["delivered", "delivered after a resend", "conflict"],
  }),
  scenario("two objects and a refusal", {
    objects: 2,
    budgets: { refusals: 1 },
    mustReach: ["delivered", "rejected", "needs review", "conflict"],
  }),
  scenario("two objects, a refusal and the last chance of a message", {
    objects: 2,
    workers: 1,
    census: true,
    budgets: { refusals: 1, lastChances: 1 },
    mustReach: ["delivered", "rejected", "needs review", "conflict"],
  }),
  scenario("two objects while workers freeze and thaw", {
    objects: 2,
    killsAtDeadline: false,
    budgets: {},
    mustReach: ["delivered", "needs review", "conflict"],
  }),
  scenario("two objects, a refusal and an upload that is signed meanwhile", {
    objects: 2,
    workers: 1,
    budgets: { signings: 1, refusals: 1 },
    mustReach: ["delivered", "rejected", "conflict"],
  }),
  scenario("three workers and two duplicates", {
    workers: 3,
    budgets: { duplicates: 2 },
    mustReach: ["delivered", "needs review"],
  }),
  scenario("a lost, late or repeated write and a duplicate, with progress", {
    progress: true,
    budgets: { writes: 1, duplicates: 1 },
    mustReach: ["delivered", "needs review"],
  }),
  scenario("a lost, late or repeated write and a duplicate, sending again", {
    resendAfterUnknown: true,
    budgets: { writes: 1, duplicates: 1 },
    mustReach: ["delivered", "delivered after a resend"],
  }),
  scenario("two lost, late or repeated writes and a crash, sending again", {
    workers: 1,
    resendAfterUnknown: true,
    budgets: { writes: 2, crashes: 1 },
    mustReach: ["delivered", "delivered after a resend"],
  }),
  scenario("a late write while workers freeze and thaw", {
    killsAtDeadline: false,
    census: true,
    workers: 1,
    budgets: { writes: 1, duplicates: 1 },
    mustReach: ["delivered", "needs review"],
  }),
  scenario("clocks apart and a duplicate, sending again", {
    clockSkewTicks: 1,
    resendAfterUnknown: true,
    budgets: { duplicates: 1 },
    mustReach: ["delivered", "delivered after a resend"],
  }),
  scenario("clocks so far apart that a lease is over too early", {
    clockSkewTicks: 2,
    invocationTicks: 2,
    budgets: { duplicates: 1 },
    mustReach: ["delivered", "needs review"],
  }),
  scenario("answers that take their time, a crash and a duplicate, sending again", {
    slowAnswers: true,
    resendAfterUnknown: true,
    budgets: { crashes: 1, duplicates: 1 },
    mustReach: ["delivered", "delivered after a resend"],
  }),
  scenario("an object handed over by URL, and a duplicate, sending again", {
    mode: "url",
    resendAfterUnknown: true,
    budgets: { duplicates: 1, crashes: 1 },
    mustReach: ["delivered", "delivered after a resend"],
  }),
  scenario("a caller with a URL who races an object, and a lost answer", {
    budgets: { callers: 1, answers: 1 },
    mustReach: ["delivered", "rejected", "needs review", "conflict"],
  }),
  scenario("a caller with a URL who races an object, and a crash", {
    budgets: { callers: 1, crashes: 1 },
    mustReach: ["delivered", "rejected", "needs review", "conflict"],
  }),
  scenario("a census beside messages that live", {
    census: true,
    budgets: { duplicates: 1 },
    mustReach: ["delivered", "needs review"],
  }),
  scenario('an operator who says "send again", and two workers', {
    budgets: { operators: 1 },
    mustReach: ["delivered", "delivered after a resend", "needs review"],
  }),
  scenario('an operator who says "send again" while cielo24 is later than promised', {
    workers: 1,
    cielo24: { lateAcceptanceTicks: 4, lateInfoTicks: 4, enforcesOneMedium: true },
    budgets: { operators: 1, answers: 1 },
    mustReach: ["delivered", "needs review"],
  }),
];
