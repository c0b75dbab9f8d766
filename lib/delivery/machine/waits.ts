import type { Input, LaterReason, NextVisit, Settings, Claimant, Reader } from "./protocol.ts";
import { waitingFor } from "./reasons.ts";
import type { Row } from "./row.ts";

/** How long to wait: before the next visit, for what is unknown to show in job/info, and for media that costs too much; and whether there is time for a transfer. */

export const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** How often job/info is asked while an outcome is unknown: media that is there may be believed at any time. */
const ASK_AGAIN_MS = 5 * MINUTE_MS;
/** A pull may take hours. */
const ASK_AGAIN_AFTER_HAND_OVER_MS = 15 * MINUTE_MS;
/** cielo24 replied to the whole media with an error. Its outage will last, so asking more often gains nothing. */
const ASK_AGAIN_AFTER_ERROR_MS = 30 * MINUTE_MS;
const MIN_WAIT_MS = MINUTE_MS;
const MAX_WAIT_MS = HOUR_MS;
const MAX_RETRY_AFTER_MS = 2 * HOUR_MS;
/** Bytes cost money: media that was sent in vain this many times over waits longer each time, up to six hours. */
const COSTLY_FACTOR = 5;
const LONGEST_COSTLY_WAIT_MS = 6 * HOUR_MS;
/** By how much T + D grow with each POST that ended in an error of cielo24's. */
const ERROR_FACTORS = [1, 1, 2, 4, 6];

/** Why the message comes back later, and what that means for when. */
export interface Cause {
  readonly reason: LaterReason;
  /** What is said of the cause. */
  readonly detail?: string | undefined;
  /** At exactly this time. */
  readonly at?: number;
  /** What cielo24 asks for: not sooner, but perhaps later. */
  readonly retryAfterMs?: number | undefined;
  readonly leastMs?: number;
}

/** When to come back: a back-off with full jitter that grows with the receives, never shorter than a Retry-After. */
export const nextVisit = ({ drop }: Reader, input: Input, cause: Cause): NextVisit => {
  const { reason, detail, at, retryAfterMs, leastMs = 0 } = cause;
  const fraction = Number.parseInt(input.random.slice(0, 8), 16) / 2 ** 32;
  const ceilingMs = Math.min(MIN_WAIT_MS * 2 ** Math.min(drop.receiveCount, 10), MAX_WAIT_MS);
  const backOffMs = at === undefined ? MIN_WAIT_MS + fraction * (ceilingMs - MIN_WAIT_MS) : at - input.now;
  const wishedMs = Math.min(Math.max(retryAfterMs ?? 0, 0), MAX_RETRY_AFTER_MS) * (1 + fraction / 10);
  return {
    at: Math.ceil(input.now + Math.max(backOffMs, wishedMs, leastMs)),
    reason,
    waiting: waitingFor(reason, detail),
    retryAfterMs: retryAfterMs === undefined ? undefined : Math.max(wishedMs, 1000),
  };
};

/** Whether cielo24 gets a URL in place of the bytes. */
export const handsOver = ({ row: { media, handOver }, settings: { mode } }: Claimant): boolean =>
  media?.kind === "url" || (media?.kind === "object" && (mode === "url" || (mode === "auto" && handOver === true)));

/** Whether the URL is ours: cielo24 then pulls the object after it has replied. */
export const isPulled = (memory: Claimant): boolean => handsOver(memory) && memory.row.media?.kind === "object";

/** S + T + D: how long after the last byte "no media" says nothing. */
export const timeToSettleMs = (memory: Claimant): number => {
  const { clockSkewMs, settleMs, capabilityLifetimeMs, longestPullMs } = memory.settings;
  return clockSkewMs + settleMs + (isPulled(memory) ? capabilityLifetimeMs + longestPullMs : 0);
};

/** The same after cielo24 replied with an error: longer after each POST with an unknown outcome, this one included. */
export const timeToSettleErrorMs = (
  { clockSkewMs, serverErrorSettleMs }: Settings,
  { posts = 0 }: Pick<Row, "posts">,
): number => clockSkewMs + serverErrorSettleMs * (ERROR_FACTORS[posts] ?? 6);

/** When job/info is asked next about media whose outcome is unknown. */
export const nextQuestion = (
  { handOver, answeredError }: Pick<Row, "handOver" | "answeredError">,
  now: number,
  settledAt: number,
): number => {
  const intervalMs = handOver ? ASK_AGAIN_AFTER_HAND_OVER_MS : answeredError ? ASK_AGAIN_AFTER_ERROR_MS : ASK_AGAIN_MS;
  return Math.min(settledAt, now + intervalMs);
};

/** The least wait for media that was sent in vain too often; 0 if it was not. */
export const costlyWaitMs = ({ sizeBytes = 0, bytesInVain = 0 }: Row, sentBytes: number): number => {
  const over = sizeBytes === 0 ? 0 : (bytesInVain + sentBytes) / sizeBytes - COSTLY_FACTOR;
  return over > 0 ? Math.min(MAX_WAIT_MS * 2 ** Math.floor(over), LONGEST_COSTLY_WAIT_MS) : 0;
};

/** When the row's next step is due. A claimant that died wrote no wait, and may have sent much in vain. */
export const dueAt = (row: Row): number => {
  const { notBefore = 0, claimId, leaseUntil = 0, sentBytes = 0 } = row;
  if (row.state !== "SENDING" || claimId === undefined) return notBefore;
  return Math.max(notBefore, leaseUntil + costlyWaitMs(row, sentBytes));
};

/** The rate is not judged before this much time has passed: the first seconds say little. */
const WARM_UP_MS = 15_000;

/** Judges from the bytes sent so far whether a transfer will finish in time; if not, the object is handed over by URL. */
export const createPace = ({
  sizeBytes,
  startedAt,
  mustEndAt,
}: {
  readonly sizeBytes: number;
  readonly startedAt: number;
  readonly mustEndAt: number;
}) => ({
  willFit(sentBytes: number, now: number): boolean {
    const elapsedMs = now - startedAt;
    if (elapsedMs < WARM_UP_MS) return true;
    const leftMs = ((sizeBytes - sentBytes) * elapsedMs) / Math.max(sentBytes, 1);
    return now + leftMs <= mustEndAt;
  },
});
