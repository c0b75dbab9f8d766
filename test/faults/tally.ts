import type { Verdict } from "./judge.ts";

/** What many schedules came to. */
export interface Tally {
  schedules: number;
  faults: number;
  delivered: number;
  rejected: number;
  needsReview: number;
  lost: number;
  /** How often a person was asked although it was certain that cielo24 had nothing. */
  givenUpWithoutDoubt: number;
  secondMedia: number;
  secondPostAfterAcceptance: number;
  /** The price of `resendAfterServerError` if cielo24 is slower than that assumes. */
  secondMediaLate: number;
  secondPostLate: number;
  leaks: number;
  /** Schedules whose delivering process was really killed. */
  killedProcesses: number;
  /** Schedules that ended only by the census. */
  mendedByCensus: number;
  needsReviewByCause: Record<string, number>;
}

export const emptyTally = (): Tally => ({
  schedules: 0,
  faults: 0,
  delivered: 0,
  rejected: 0,
  needsReview: 0,
  lost: 0,
  givenUpWithoutDoubt: 0,
  secondMedia: 0,
  secondPostAfterAcceptance: 0,
  secondMediaLate: 0,
  secondPostLate: 0,
  leaks: 0,
  killedProcesses: 0,
  mendedByCensus: 0,
  needsReviewByCause: {},
});

export const addVerdict = (tally: Tally, { end, cause, lost, givenUpWithoutDoubt, ...counts }: Verdict): void => {
  tally.schedules += 1;
  if (end !== "nothing") tally[end] += 1;
  if (cause !== undefined) tally.needsReviewByCause[cause] = (tally.needsReviewByCause[cause] ?? 0) + 1;
  if (lost.length > 0) tally.lost += 1;
  tally.givenUpWithoutDoubt += givenUpWithoutDoubt.length;
  for (const [name, count] of Object.entries(counts)) tally[name as keyof typeof counts] += count;
};

export const addTally = (sum: Tally, { needsReviewByCause, ...counts }: Tally): void => {
  for (const [name, count] of Object.entries(counts)) sum[name as keyof typeof counts] += count;
  for (const [cause, count] of Object.entries(needsReviewByCause))
    sum.needsReviewByCause[cause] = (sum.needsReviewByCause[cause] ?? 0) + count;
};
