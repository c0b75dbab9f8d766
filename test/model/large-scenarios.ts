import type { Scenario } from "./scenario.ts";
import { scenario } from "./scenarios.ts";

/** What `npm run test:model -- --large` explores: scenarios too large for the time that CI has. */
export const LARGE_SCENARIOS: readonly Scenario[] = [
  scenario("an operator who decides twice, and whose first decision comes again", {
    workers: 1,
    settleTicks: 1,
    cielo24: { lateAcceptanceTicks: 0, lateInfoTicks: 0, enforcesOneMedium: false },
    budgets: { operators: 2, refusals: 3, duplicates: 1 },
    mustReach: ["delivered", "rejected"],
  }),
  scenario("three workers and two duplicates, sending again", {
    workers: 3,
    resendAfterUnknown: true,
    budgets: { duplicates: 2 },
    mustReach: ["delivered", "delivered after a resend"],
  }),
  scenario("a census beside messages that live, and a crash", {
    census: true,
    budgets: { duplicates: 1, crashes: 1 },
    mustReach: ["delivered", "needs review"],
  }),
  scenario("a caller with a URL who races an object, a late write and a crash", {
    census: true,
    workers: 1,
    budgets: { callers: 1, writes: 1, crashes: 1 },
    mustReach: ["delivered", "rejected", "needs review", "conflict"],
  }),
  scenario("a late write while two workers freeze and thaw", {
    killsAtDeadline: false,
    census: true,
    budgets: { writes: 1, duplicates: 1 },
    mustReach: ["delivered", "needs review"],
  }),
  scenario('an operator who says "send again", two workers and a lost answer', {
    budgets: { operators: 1, answers: 1 },
    mustReach: ["delivered", "delivered after a resend", "needs review"],
  }),
  scenario("three workers, two objects and a duplicate", {
    workers: 3,
    objects: 2,
    budgets: { duplicates: 1 },
    mustReach: ["delivered", "needs review", "conflict"],
  }),
  scenario("three workers, two objects and a duplicate, sending again", {
    workers: 3,
    objects: 2,
    resendAfterUnknown: true,
    budgets: { duplicates: 1 },
    mustReach: ["delivered", "delivered after a resend", "conflict"],
  }),
  scenario("three workers, two objects and a caller with a URL", {
    workers: 3,
    objects: 2,
    budgets: { callers: 1 },
    mustReach: ["delivered", "rejected", "needs review", "conflict"],
  }),
  scenario("two objects, two refusals and a duplicate", {
    objects: 2,
    budgets: { refusals: 2, duplicates: 1 },
    mustReach: ["delivered", "rejected", "needs review", "conflict"],
  }),
  scenario("three workers, a lost, late or repeated write and two duplicates, sending again", {
    workers: 3,
    resendAfterUnknown: true,
    budgets: { writes: 1, duplicates: 2 },
    mustReach: ["delivered", "delivered after a resend"],
  }),
  scenario("an owner who cancels, two workers and two objects", {
    objects: 2,
    budgets: { cancels: 1 },
    mustReach: ["delivered", "rejected", "conflict"],
  }),
];
