import { readConfig, type Environment } from "../config.ts";
import { UPLOAD_LIFE_MS } from "./machine/open.ts";
import type { Settings } from "./machine/protocol.ts";

/** The delivery machine's settings, read from the environment; what they mean is in `machine/protocol.ts`. */

/** S: clocks differ by at most five minutes. */
const CLOCK_SKEW_MS = 300_000;
const MAX_POSTS = 5;
const DAY_MS = 24 * 3600 * 1000;
/** A wrong secret, or sandbox and production mixed up, make cielo24 say of every job that it does not know it. */
const UNKNOWN_JOB_MS = DAY_MS;
/** Time to live and lifecycle rules act days late. */
const EXPIRY_MARGIN_DAYS = 7;
const LEAST_EXPIRY_DAYS = 90;

/**
 * How long a row of an upload or a rejection is kept: longer than every version that it may speak of. The bucket keeps a
 * version for MEDIA_RETENTION_DAYS while it is current, and as long again once it is not.
 */
export const readRowExpiryMs = (env: Environment): number => {
  const { mediaRetentionDays } = readConfig(env, "mediaRetentionDays");
  return Math.max(2 * mediaRetentionDays + EXPIRY_MARGIN_DAYS, LEAST_EXPIRY_DAYS) * DAY_MS;
};

/** For an HTTP call: it has seconds, its media is never handed over by us, and only its caller can send that again. */
export const readCallSettings = (env: Environment): Settings => {
  const { maxMediaBytes, settleS } = readConfig(env, "maxMediaBytes", "settleS");
  return {
    maxPosts: MAX_POSTS,
    maxMediaBytes,
    mode: "stream",
    resendAfterUnknown: false,
    resendAfterServerError: false,
    serverErrorSettleMs: 0,
    unknownJobMs: UNKNOWN_JOB_MS,
    expiryMs: readRowExpiryMs(env),
    uploadLifeMs: UPLOAD_LIFE_MS,
    clockSkewMs: CLOCK_SKEW_MS,
    settleMs: settleS * 1000,
    capabilityLifetimeMs: 0,
    longestPullMs: 0,
    dropSettleMs: 0,
    truncatedPatienceMs: 0,
    finalizeReserveMs: 4_000,
  };
};

/** For queued objects. */
export const readDeliverySettings = (env: Environment): Settings => {
  const config = readConfig(
    env,
    "deliveryMode",
    "resendAfterUnknown",
    "resendAfterServerError",
    "serverErrorSettleS",
    "finalizeReserveS",
    "capabilityLifetimeS",
    "longestPullS",
    "dropSettleS",
    "truncatedPatienceS",
  );
  return {
    ...readCallSettings(env),
    mode: config.deliveryMode,
    resendAfterUnknown: config.resendAfterUnknown,
    resendAfterServerError: config.resendAfterServerError,
    serverErrorSettleMs: config.serverErrorSettleS * 1000,
    capabilityLifetimeMs: config.capabilityLifetimeS * 1000,
    longestPullMs: config.longestPullS * 1000,
    dropSettleMs: config.dropSettleS * 1000,
    truncatedPatienceMs: config.truncatedPatienceS * 1000,
    finalizeReserveMs: config.finalizeReserveS * 1000,
  };
};
