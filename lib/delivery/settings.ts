import type { Config } from "../config.ts";
import type { Settings } from "./machine/protocol.ts";

/** S of the delivery protocol: clocks differ by at most five minutes. */
const CLOCK_SKEW_MS = 300_000;
/** At most so many POSTs for one medium, then a person decides. */
const MAX_POSTS = 5;

/** A wrong secret, or sandbox and production mixed up, make cielo24 say of every job that it does not know it. */
const UNKNOWN_JOB_MS = 24 * 3600 * 1000;
const DAY_MS = 24 * 3600 * 1000;
/** Time to live and lifecycle rules act days late. */
const EXPIRY_MARGIN_DAYS = 7;
const LEAST_EXPIRY_DAYS = 90;

/**
 * A row of an upload or a rejection outlives every version that it may speak of: the bucket keeps a version for
 * `mediaRetentionDays` while it is current, and as long again once it is not.
 */
export const rowExpiryMs = ({ mediaRetentionDays }: Pick<Config, "mediaRetentionDays">): number =>
  Math.max(2 * mediaRetentionDays + EXPIRY_MARGIN_DAYS, LEAST_EXPIRY_DAYS) * DAY_MS;

/** The machine's settings for queued objects. */
export const deliverySettings = (
  config: Pick<
    Config,
    | "deliveryMode"
    | "maxMediaBytes"
    | "resendAfterUnknown"
    | "resendAfterServerError"
    | "serverErrorSettleS"
    | "mediaRetentionDays"
    | "settleS"
    | "finalizeReserveS"
    | "capabilityLifetimeS"
    | "longestPullS"
  >,
): Settings => ({
  maxPosts: MAX_POSTS,
  maxMediaBytes: config.maxMediaBytes,
  mode: config.deliveryMode,
  resendAfterUnknown: config.resendAfterUnknown,
  resendAfterServerError: config.resendAfterServerError,
  serverErrorSettleMs: config.serverErrorSettleS * 1000,
  unknownJobMs: UNKNOWN_JOB_MS,
  expiryMs: rowExpiryMs(config),
  clockSkewMs: CLOCK_SKEW_MS,
  settleMs: config.settleS * 1000,
  capabilityLifetimeMs: config.capabilityLifetimeS * 1000,
  longestPullMs: config.longestPullS * 1000,
  finalizeReserveMs: config.finalizeReserveS * 1000,
});

/** The machine's settings for an HTTP call, which has seconds and whose media is never handed over by us. */
export const callSettings = (config: Pick<Config, "maxMediaBytes" | "settleS" | "mediaRetentionDays">): Settings => ({
  maxPosts: MAX_POSTS,
  maxMediaBytes: config.maxMediaBytes,
  mode: "stream",
  resendAfterUnknown: false,
  resendAfterServerError: false,
  serverErrorSettleMs: 0,
  unknownJobMs: UNKNOWN_JOB_MS,
  expiryMs: rowExpiryMs(config),
  clockSkewMs: CLOCK_SKEW_MS,
  settleMs: config.settleS * 1000,
  capabilityLifetimeMs: 0,
  longestPullMs: 0,
  finalizeReserveMs: 4_000,
});
