import {
  emptyOr,
  flag,
  listOf,
  listOrNone,
  oneOf,
  oneOfNumbers,
  wholeNumber,
  type Kind,
  type ListKind,
} from "./kinds.ts";
import {
  audience,
  bucketName,
  certificateArn,
  claim,
  domainName,
  email,
  httpsOrigin,
  issuer,
  kmsKeyArn,
  origin,
  policyArn,
  region,
  scopePrefix,
  secretName,
  securityGroupId,
  subnetId,
} from "./texts.ts";

/**
 * All parameters, with what each may be. Ranges are those of `lib/config.ts` where a function reads the parameter, and
 * those of the AWS service where it goes to one.
 */
export const PARAMETERS: Readonly<Record<string, Kind | ListKind>> = {
  region,

  cielo24BaseUrl: httpsOrigin,
  cielo24SecretName: secretName,

  identityProvider: oneOf("existing", "cognito"),
  issuerUrl: issuer,
  /** API Gateway's quota for one authorizer. */
  audience: listOf(audience, 50),
  scopePrefix: { ...emptyOr(scopePrefix), instance: "captions/" },
  scopeClaim: claim,
  ownerClaim: claim,
  jobsClaim: { ...emptyOr(claim), instance: "jobs" },
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
  longestWaitS: wholeNumber(0, 20),
  /** A delivery needs about 100 MB; the most is Lambda's. */
  deliverMediaMemoryMb: wholeNumber(256, 10_240),
  /** What an account may have is asked before a deployment, see `quota.ts`. */
  deliveryStatusConcurrency: wholeNumber(0, 10_000),
  deliverMediaConcurrency: wholeNumber(0, 10_000),
  /** Lambda's own range for a queue. */
  maximumConcurrency: wholeNumber(2, 1000),

  logLevel: oneOf("debug", "info", "warn", "error"),
  /** The numbers that `PutRetentionPolicy` takes. */
  logRetentionDays: oneOfNumbers(
    ...[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731],
    ...[1096, 1827, 2192, 2557, 2922, 3288, 3653],
  ),
  alarmEmail: { ...emptyOr(email), instance: "operators@captions.example" },
  accessLogBucket: { ...emptyOr(bucketName), instance: "captions-access-logs" },

  existingBucket: { ...emptyOr(bucketName), instance: "captions-media" },
  kmsKeyArn: {
    ...emptyOr(kmsKeyArn),
    instance: "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
  },
  permissionsBoundaryArn: {
    ...emptyOr(policyArn),
    instance: "arn:aws:iam::111122223333:policy/developer-boundary",
  },
  /** Lambda's quotas for one function. */
  vpcSubnetIds: listOrNone(subnetId, 16, ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]),
  vpcSecurityGroupIds: listOrNone(securityGroupId, 5, ["sg-0123456789abcdef0"]),
  domainName: { ...emptyOr(domainName), instance: "proxy.captions.example" },
  certificateArn: {
    ...emptyOr(certificateArn),
    instance: "arn:aws:acm:us-east-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab",
  },
};

/** What a stage with a user pool of its own has from there. */
const REPLACED_BY_COGNITO = ["issuerUrl", "audience", "scopePrefix"];

/** Whether a parameter is used, with the value that `identityProvider` has. */
export const isUsed = (name: string, identityProvider: unknown): boolean =>
  identityProvider !== "cognito" || !REPLACED_BY_COGNITO.includes(name);

/** API Gateway's limit for the name of a scope, and the longest name that the prefix stands before. */
const LONGEST_SCOPE = 64;
const LONGEST_NAME = "metadata.write";

/** "Amazon Cognito requires HTTPS over HTTP except for http://localhost." Source: its API Reference, `CallbackURLs`. */
const findSignInFaults = (origin: string): string[] => {
  if (/^(https:|http:\/\/localhost(:|$))/.test(origin)) return [];
  const { hostname, port } = new URL(origin);
  const near = /^(127\.|\[::1\])/.test(hostname)
    ? `http://localhost${port === "" ? "" : `:${port}`}`
    : origin.replace("http:", "https:");
  return [
    `corsOrigins must be https, or http://localhost with any port, since Cognito sends users back there ` +
      `(identityProvider: cognito): did you mean ${near} in place of ${origin}?`,
  ];
};

/** The parameters that are right each by itself, but not together; a sentence for each case. */
export const findDisagreements = (values: Readonly<Record<string, unknown>>): string[] => {
  const faults: string[] = [];
  if (values["jobsClaimRequired"] === true && values["jobsClaim"] === "")
    faults.push(
      "jobsClaimRequired must be false as long as jobsClaim is empty: set it to false, or name the claim in jobsClaim",
    );
  const { scopePrefix: prefix, scopeClaim, identityProvider, corsOrigins } = values;
  if (identityProvider === "cognito" && Array.isArray(corsOrigins))
    faults.push(...(corsOrigins as readonly string[]).flatMap(findSignInFaults));
  const longest = LONGEST_SCOPE - LONGEST_NAME.length;
  const isCheckedByGateway =
    (scopeClaim === "scope" || scopeClaim === "scp") && isUsed("scopePrefix", identityProvider);
  if (isCheckedByGateway && typeof prefix === "string" && prefix.length > longest)
    faults.push(
      `scopePrefix must have at most ${longest} characters where API Gateway checks scopes (scopeClaim: ${scopeClaim}), ` +
        `it has ${prefix.length}: a scope such as ${LONGEST_NAME} may have ${LONGEST_SCOPE} with its prefix`,
    );
  // With fewer, Lambda would take messages out of the queue that it may not deliver, and they would age.
  const { deliverMediaConcurrency: reserved, maximumConcurrency } = values;
  if (reserved !== 0 && Number(reserved) < Number(maximumConcurrency))
    faults.push(
      `deliverMediaConcurrency must be 0, or at least maximumConcurrency (${Number(maximumConcurrency)}): ` +
        `the nearest is ${Number(maximumConcurrency)}`,
    );
  faults.push(...findAccountDisagreements(values));
  return faults;
};

/** Of each pair, the first is nothing without the second. */
const TOGETHER = [
  ["vpcSubnetIds", "vpcSecurityGroupIds"],
  ["vpcSecurityGroupIds", "vpcSubnetIds"],
  ["domainName", "certificateArn"],
  ["certificateArn", "domainName"],
] as const;

/** The same among the parameters for an account that has rules, or resources, of its own. */
const findAccountDisagreements = (values: Readonly<Record<string, unknown>>): string[] => {
  const given = (name: string) => {
    const value = values[name];
    return typeof value === "string" ? value : "";
  };
  const faults: string[] = [];
  if (given("existingBucket") !== "" && given("accessLogBucket") !== "")
    faults.push(
      'accessLogBucket must be empty with existingBucket, whose settings are its owner\'s: set it to "", and have the ' +
        "owner switch on the access log of that bucket",
    );
  for (const [name, other] of TOGETHER)
    if (given(name) !== "" && values[other] === "")
      faults.push(`${name} needs ${other}, which is empty: give both, or neither`);
  const region = given("region");
  for (const name of ["kmsKeyArn", "certificateArn"]) {
    const [, , , place = region] = given(name).split(":");
    if (region !== "" && place !== region)
      faults.push(`${name} must be of the stage's region, ${region}, it is of ${place}: use one of that region`);
  }
  return faults;
};
