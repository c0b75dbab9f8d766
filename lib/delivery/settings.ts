import type { Config } from "../config.ts";
import type { Settings } from "./machine.ts";

/** S of the delivery protocol: clocks differ by at most five minutes. */
const CLOCK_SKEW_MS = 300_000;
/** At most so many POSTs for one medium, then a person decides. */
const MAX_POSTS = 5;

/** The machine's settings for queued objects. */
export const deliverySettings = (
  config: Pick<
    Config,
    | "deliveryMode"
    | "maxMediaBytes"
    | "resendAfterUnknown"
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
  clockSkewMs: CLOCK_SKEW_MS,
  settleMs: config.settleS * 1000,
  capabilityLifetimeMs: config.capabilityLifetimeS * 1000,
  longestPullMs: config.longestPullS * 1000,
  finalizeReserveMs: config.finalizeReserveS * 1000,
});

/** The machine's settings for an HTTP call, which has seconds and whose media is never handed over by us. */
export const callSettings = (config: Pick<Config, "maxMediaBytes" | "settleS">): Settings => ({
  maxPosts: MAX_POSTS,
  maxMediaBytes: config.maxMediaBytes,
  mode: "stream",
  resendAfterUnknown: false,
  clockSkewMs: CLOCK_SKEW_MS,
  settleMs: config.settleS * 1000,
  capabilityLifetimeMs: 0,
  longestPullMs: 0,
  finalizeReserveMs: 4_000,
});
