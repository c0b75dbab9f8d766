import type { Asking } from "./question.ts";

/** How long media is waited for: as long as `settleS` is by default. */
export const SHOWN_LIMIT_MS = 1_800_000;
const SHORTEST_PAUSE_MS = 1_000;

/**
 * Asks job/info until it shows the job's media, at first every second, then after a twentieth of the time that has passed.
 *
 * @returns how long after `sentAt` it was first seen (ms), 0 if by the first question; undefined if not within the limit
 */
export const untilShown = async (
  { account, clock, sleep, progress }: Pick<Asking, "account" | "clock" | "sleep" | "progress">,
  jobId: string,
  sentAt: number,
  limitMs = SHOWN_LIMIT_MS,
): Promise<number | undefined> => {
  if (await account.hasMedia(jobId)) return 0;
  for (;;) {
    const passedMs = clock() - sentAt;
    if (passedMs >= limitMs) return undefined;
    progress(`no media yet after ${Math.round(passedMs / 1000)} s`);
    await sleep(Math.max(SHORTEST_PAUSE_MS, passedMs / 20));
    if (await account.hasMedia(jobId)) return clock() - sentAt;
  }
};
