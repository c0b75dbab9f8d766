import * as v from "valibot";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** This process's environment, for `lib/runtime.ts` to pass on. */
export const processEnvironment: Environment = process.env;

/** A variable of the environment is absent or unusable. Names the variable, never its value. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "CONFIG_INVALID";
  readonly variable: string;

  constructor(variable: string, problem: string) {
    super(`Environment variable ${variable} ${problem}.`);
    this.variable = variable;
  }
}

const text = v.string();

const url = v.pipe(
  text,
  v.check((value) => URL.canParse(value), "must be an absolute URL"),
  v.check((value) => {
    const { protocol, hostname } = new URL(value);
    return protocol === "https:" || (protocol === "http:" && ["127.0.0.1", "localhost", "[::1]"].includes(hostname));
  }, "must be an https URL"),
  v.check((value) => {
    const { username, password, search, hash } = new URL(value);
    return username + password + search + hash === "";
  }, "must hold no credentials, query or fragment"),
  v.transform((value) => value.replace(/\/+$/, "")),
);

const integer = (min: number, max: number) => {
  const wanted = `must be a whole number from ${min} to ${max}`;
  const digits = v.pipe(text, v.regex(/^\d+$/, wanted));
  return v.pipe(digits, v.transform(Number), v.minValue(min, wanted), v.maxValue(max, wanted));
};

const oneOf = <const T extends string>(...allowed: T[]) => v.picklist(allowed, `must be one of ${allowed.join(", ")}`);

const flag = v.pipe(
  v.picklist(["true", "false"], "must be true or false"),
  v.transform((value) => value === "true"),
);

type Variable = readonly [name: string, schema: v.GenericSchema<string, unknown>, fallback?: unknown];

/** cielo24 takes bodies of at most 10 GiB − 1 (its OpenAPI description, `add_media`, `Content-Length`). */
const MAX_MEDIA_BYTES = 10_737_418_239;

/** Each variable with its form, and with its value if it is not set; without one it is required. */
const VARIABLES = {
  region: ["AWS_REGION", text, "us-east-1"],
  accessKeyId: ["AWS_ACCESS_KEY_ID", text],
  secretAccessKey: ["AWS_SECRET_ACCESS_KEY", text],
  sessionToken: ["AWS_SESSION_TOKEN", text, ""],
  tableName: ["TABLE_NAME", text],
  bucketName: ["BUCKET_NAME", text],
  queueUrl: ["QUEUE_URL", url],
  deadLetterQueueUrl: ["DEAD_LETTER_QUEUE_URL", url],
  eventBusName: ["EVENT_BUS_NAME", text],
  cielo24BaseUrl: ["CIELO24_BASE_URL", url],
  cielo24SecretArn: ["CIELO24_SECRET_ARN", text],
  /** Stands before every scope, as some providers put the API's name there. */
  scopePrefix: ["SCOPE_PREFIX", text, ""],
  /** The token claim with the scopes, beside `scope` and `scp`. */
  scopeClaim: ["SCOPE_CLAIM", text, "scope"],
  /** The token claim that names the owner of jobs. */
  ownerClaim: ["OWNER_CLAIM", text, "sub"],
  /** The token claim that lists the jobs a token may be used for; empty if there is none. */
  jobsClaim: ["JOBS_CLAIM", text, ""],
  jobsClaimRequired: ["JOBS_CLAIM_REQUIRED", flag, false],
  maxMediaBytes: ["MAX_MEDIA_BYTES", integer(1, MAX_MEDIA_BYTES), MAX_MEDIA_BYTES],
  /** The bucket policy refuses presigned requests that are older than an hour. */
  uploadUrlLifetimeS: ["UPLOAD_URL_LIFETIME_S", integer(60, 3600), 3600],
  deliveryMode: ["DELIVERY_MODE", oneOf("auto", "stream", "url"), "auto"],
  resendAfterUnknown: ["RESEND_AFTER_UNKNOWN", flag, false],
  /** T + D of the delivery protocol: how long after the last byte cielo24 may accept media without job/info showing it. */
  settleS: ["SETTLE_S", integer(1, 86_400), 1800],
  resendAfterServerError: ["RESEND_AFTER_SERVER_ERROR", flag, true],
  /** The same if cielo24 answered the whole body with an error: job/info lags most in an outage. */
  serverErrorSettleS: ["SERVER_ERROR_SETTLE_S", integer(1, 129_600), 21_600],
  /** How long an operator's drop waits for a newer version of its key. */
  dropSettleS: ["DROP_SETTLE_S", integer(0, 900), 30],
  /** The same for an operator's drop that is cut off. */
  truncatedPatienceS: ["TRUNCATED_PATIENCE_S", integer(0, 43_200), 600],
  /** `enforce`: what certainly is no media for cielo24 is rejected. `report`: it is sent, and reported. `off`: no look. */
  preflight: ["PREFLIGHT", oneOf("enforce", "report", "off"), "enforce"],
  /** Media without an audio track is rejected. */
  requireAudio: ["REQUIRE_AUDIO", flag, false],
  /** Longer media is rejected; 0 for no limit. */
  maxMediaDurationS: ["MAX_MEDIA_DURATION_S", integer(0, 604_800), 0],
  /** How long the bucket keeps media, and noncurrent versions as long again. A message lives for up to 14 days. */
  mediaRetentionDays: ["MEDIA_RETENTION_DAYS", integer(14, 3650), 30],
  /** A worker enters FINALIZING only with at least this much of its invocation left. */
  finalizeReserveS: ["FINALIZE_RESERVE_S", integer(1, 600), 120],
  /** Where cielo24 pulls handed-over media from: the address of this deployment's media-source route. */
  mediaSourceBaseUrl: ["MEDIA_SOURCE_BASE_URL", url],
  /** How long a capability URL works. */
  capabilityLifetimeS: ["CAPABILITY_LIFETIME_S", integer(60, 86_400), 21_600],
  /** The longest that one pull of handed-over media may take. */
  longestPullS: ["LONGEST_PULL_S", integer(60, 86_400), 21_600],
  /** How long a read or write of media may stall. */
  idleTimeoutS: ["IDLE_TIMEOUT_S", integer(1, 600), 60],
  /** After this many receives the queue gives a message up; the redrive policy has the same number. */
  maxReceives: ["MAX_RECEIVES", integer(1, 1000), 1000],
  version: ["PROXY_VERSION", text, "0.0.0-local"],
  /** The longest that delivery-status waits for news: each wait takes one of the executions that the account may run. */
  longestWaitS: ["LONGEST_WAIT_S", integer(0, 20), 20],
  logLevel: ["LOG_LEVEL", oneOf("debug", "info", "warn", "error"), "info"],
  stage: ["STAGE", text, "local"],
} as const satisfies Record<string, Variable>;

type Variables = typeof VARIABLES;
export type Config = { readonly [K in keyof Variables]: v.InferOutput<Variables[K][1]> };

/**
 * Reads the named variables, and only those: a function's environment holds no more than it needs.
 *
 * @throws {ConfigError} for the first variable that is absent or unusable
 */
export const readConfig = <K extends keyof Config>(env: Environment, ...names: K[]): Pick<Config, K> =>
  Object.fromEntries(names.map((name) => [name, readVariable(env, VARIABLES[name])])) as Pick<Config, K>;

const readVariable = (env: Environment, [variable, schema, fallback]: Variable): unknown => {
  const value = env[variable];
  if (value === undefined || value === "") {
    if (fallback !== undefined) return fallback;
    throw new ConfigError(variable, "is not set");
  }
  const { success, output, issues } = v.safeParse(schema, value, { abortPipeEarly: true });
  if (success) return output;
  throw new ConfigError(variable, issues[0].message);
};

/**
 * Fails if NODE_DEBUG or NODE_OPTIONS would make Node itself reveal requests, and with them credentials. `net` and `stream`
 * of NODE_DEBUG print cielo24's token, the headers of its login and AWS's session token. Trace events hold the token,
 * diagnostic reports the access key. An inspector, or a log of the TLS keys, shows everything.
 *
 * @throws {ConfigError}
 */
export const assertNoNodeDebugging = (env: Environment): void => {
  if (env["NODE_DEBUG"]) throw new ConfigError("NODE_DEBUG", "must not be set: Node would print credentials");
  if (/--(trace-(event|tls)|report|inspect|heap-?(snapshot|prof)|tls-keylog)/.test(env["NODE_OPTIONS"] ?? ""))
    throw new ConfigError("NODE_OPTIONS", "must not trace, report or inspect: credentials would be written down");
};

/** X-Ray's id of the present invocation: Lambda renews the variable for each. */
export const readTraceId = (env: Environment): string | undefined =>
  /(?:^|;)Root=(1-[0-9a-f]{8}-[0-9a-f]{24})(?:;|$)/.exec(env["_X_AMZN_TRACE_ID"] ?? "")?.[1];

/** The address and credentials of one AWS service, as the AWS SDKs name them; the local stack sets its own. */
export interface AwsEnvironment {
  readonly region: string;
  readonly endpoint: string | undefined;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

type AwsService = "S3" | "DYNAMODB" | "SQS" | "EVENTBRIDGE" | "SECRETS_MANAGER";

/**
 * Credentials come from the environment alone, where Lambda puts those of the function's role. They outlive the environment,
 * so nothing refreshes them.
 *
 * @throws {ConfigError} if there are none
 */
export const readAwsEnvironment = (env: Environment, service: AwsService): AwsEnvironment => {
  const { region, accessKeyId, secretAccessKey, sessionToken } = readConfig(
    env,
    "region",
    "accessKeyId",
    "secretAccessKey",
    "sessionToken",
  );
  return {
    region,
    endpoint: env[`AWS_ENDPOINT_URL_${service}`] || undefined,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) },
  };
};
