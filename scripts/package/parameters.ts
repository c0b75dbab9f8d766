import { emptyOr, flag, listOf, oneOf, oneOfNumbers, wholeNumber, type Kind, type ListKind } from "./kinds.ts";
import { audience, claim, email, httpsOrigin, issuer, origin, region, secretName } from "./texts.ts";

/**
 * All parameters, with what each may be. Ranges are those of `lib/config.ts` where a function reads the parameter, and
 * those of the AWS service where it goes to one.
 */
export const PARAMETERS: Readonly<Record<string, Kind | ListKind>> = {
  region,

  cielo24BaseUrl: httpsOrigin,
  cielo24SecretName: secretName,

  issuerUrl: issuer,
  /** API Gateway's quota for one authorizer. */
  audience: listOf(audience, 50),
  ownerClaim: claim,
  jobsClaim: emptyOr(claim),
  jobsClaimRequired: flag,
  corsOrigins: listOf(origin),
  throttleRatePerS: wholeNumber(1, 100_000),
  throttleBurst: wholeNumber(1, 100_000),

  maxMediaBytes: wholeNumber(1, 10_737_418_239),
  uploadUrlLifetimeS: wholeNumber(60, 3600),
  /** Media must outlive its message, which lives for 14 days in the dead-letter queue. */
  mediaRetentionDays: wholeNumber(14, 3650),

  dropSettleS: wholeNumber(0, 900),
  truncatedPatienceS: wholeNumber(0, 43_200),
  preflight: oneOf("enforce", "report", "off"),
  requireAudio: flag,
  maxMediaDurationS: wholeNumber(0, 604_800),

  deliveryMode: oneOf("auto", "stream", "url"),
  resendAfterUnknown: flag,
  resendAfterServerError: flag,
  settleS: wholeNumber(1, 86_400),
  serverErrorSettleS: wholeNumber(1, 129_600),
  finalizeReserveS: wholeNumber(1, 600),
  capabilityLifetimeS: wholeNumber(60, 86_400),
  longestPullS: wholeNumber(60, 86_400),
  idleTimeoutS: wholeNumber(1, 600),
  /** Lambda's own range for a queue. */
  maximumConcurrency: wholeNumber(2, 1000),

  logLevel: oneOf("debug", "info", "warn", "error"),
  /** The numbers that `PutRetentionPolicy` takes. */
  logRetentionDays: oneOfNumbers(
    ...[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731],
    ...[1096, 1827, 2192, 2557, 2922, 3288, 3653],
  ),
  alarmEmail: emptyOr(email),
};
