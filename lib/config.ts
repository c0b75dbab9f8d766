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

interface Variable<T> {
  readonly variable: string;
  /** Parses a non-empty value; throws a plain Error whose message says what is wanted. */
  readonly parse: (value: string) => T;
  /** Without a fallback the variable is required. */
  readonly fallback?: T;
}

const text = (value: string): string => value;

const url = (value: string): string => {
  if (!URL.canParse(value)) throw new Error("must be an absolute URL");
  const { protocol, hostname, username, password, search, hash } = new URL(value);
  const isLoopback = ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
  if (protocol !== "https:" && !(protocol === "http:" && isLoopback)) throw new Error("must be an https URL");
  if (username || password || search || hash) throw new Error("must hold no credentials, query or fragment");
  return value.replace(/\/+$/, "");
};

const integer =
  (min: number, max: number) =>
  (value: string): number => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < min || number > max)
      throw new Error(`must be a whole number from ${min} to ${max}`);
    return number;
  };

const flag = (value: string): boolean => {
  if (value !== "true" && value !== "false") throw new Error("must be true or false");
  return value === "true";
};

const oneOf =
  <const T extends string>(...allowed: T[]) =>
  (value: string): T => {
    const found = allowed.find((each) => each === value);
    if (found === undefined) throw new Error(`must be one of ${allowed.join(", ")}`);
    return found;
  };

/** cielo24 takes bodies of at most 10 GiB − 1 (its OpenAPI description, `add_media`, `Content-Length`). */
const MAX_MEDIA_BYTES = 10_737_418_239;

const VARIABLES = {
  region: { variable: "AWS_REGION", parse: text, fallback: "us-east-1" },
  tableName: { variable: "TABLE_NAME", parse: text },
  bucketName: { variable: "BUCKET_NAME", parse: text },
  queueUrl: { variable: "QUEUE_URL", parse: url },
  deadLetterQueueUrl: { variable: "DEAD_LETTER_QUEUE_URL", parse: url },
  eventBusName: { variable: "EVENT_BUS_NAME", parse: text },
  cielo24BaseUrl: { variable: "CIELO24_BASE_URL", parse: url },
  cielo24SecretArn: { variable: "CIELO24_SECRET_ARN", parse: text },
  /** The claim that owns jobs. */
  ownerClaim: { variable: "OWNER_CLAIM", parse: text, fallback: "sub" },
  /** The claim that lists the jobs a token may touch; empty: there is none. */
  jobsClaim: { variable: "JOBS_CLAIM", parse: text, fallback: "" },
  jobsClaimRequired: { variable: "JOBS_CLAIM_REQUIRED", parse: flag, fallback: false },
  maxMediaBytes: { variable: "MAX_MEDIA_BYTES", parse: integer(1, MAX_MEDIA_BYTES), fallback: MAX_MEDIA_BYTES },
  /** The bucket policy refuses presigned requests that are older than an hour. */
  uploadUrlLifetimeS: { variable: "UPLOAD_URL_LIFETIME_S", parse: integer(60, 3600), fallback: 3600 },
  deliveryMode: { variable: "DELIVERY_MODE", parse: oneOf("auto", "stream", "url"), fallback: "auto" as const },
  resendAfterUnknown: { variable: "RESEND_AFTER_UNKNOWN", parse: flag, fallback: false },
  /** T + D of the delivery protocol: until sent bytes can no longer become an acceptance that job/info does not show. */
  settleS: { variable: "SETTLE_S", parse: integer(1, 86_400), fallback: 1800 },
  resendAfterServerError: { variable: "RESEND_AFTER_SERVER_ERROR", parse: flag, fallback: true },
  /** The same after an error that cielo24 answered behind the whole body: job/info lags most in an outage. */
  serverErrorSettleS: { variable: "SERVER_ERROR_SETTLE_S", parse: integer(1, 129_600), fallback: 21_600 },
  /** How long the bucket keeps media, and noncurrent versions as long again. */
  mediaRetentionDays: { variable: "MEDIA_RETENTION_DAYS", parse: integer(1, 3650), fallback: 30 },
  /** FINALIZING is entered with at least this much of the invocation left. */
  finalizeReserveS: { variable: "FINALIZE_RESERVE_S", parse: integer(1, 600), fallback: 120 },
  /** Where cielo24 pulls handed-over media from: the address of this deployment's media-source route. */
  mediaSourceBaseUrl: { variable: "MEDIA_SOURCE_BASE_URL", parse: url },
  /** Life of a capability URL. */
  capabilityLifetimeS: { variable: "CAPABILITY_LIFETIME_S", parse: integer(60, 86_400), fallback: 21_600 },
  /** The longest that one pull of handed-over media may take. */
  longestPullS: { variable: "LONGEST_PULL_S", parse: integer(60, 86_400), fallback: 21_600 },
  /** A stalled read or write of media is given up after this long. */
  idleTimeoutS: { variable: "IDLE_TIMEOUT_S", parse: integer(1, 600), fallback: 60 },
  /** Receives after which the queue gives a message up; equal to the redrive policy's. */
  maxReceives: { variable: "MAX_RECEIVES", parse: integer(1, 1000), fallback: 1000 },
  version: { variable: "PROXY_VERSION", parse: text, fallback: "0.0.0-local" },
  logLevel: { variable: "LOG_LEVEL", parse: oneOf("debug", "info", "warn", "error"), fallback: "info" as const },
  stage: { variable: "STAGE", parse: text, fallback: "local" },
} satisfies Record<string, Variable<unknown>>;

type Variables = typeof VARIABLES;
export type Config = { readonly [K in keyof Variables]: ReturnType<Variables[K]["parse"]> };

/**
 * Reads the named settings, and only those: a function's environment holds no more than it needs.
 *
 * @throws {ConfigError} for the first variable that is absent or unusable
 */
export const readConfig = <K extends keyof Config>(env: Environment, ...names: K[]): Pick<Config, K> =>
  Object.fromEntries(names.map((name) => [name, readSetting(env, VARIABLES[name])])) as Pick<Config, K>;

const readSetting = (env: Environment, setting: Variable<unknown>): unknown => {
  const value = env[setting.variable];
  if (value === undefined || value === "") {
    if (setting.fallback !== undefined) return setting.fallback;
    throw new ConfigError(setting.variable, "is not set");
  }
  try {
    return setting.parse(value);
  } catch (error) {
    throw new ConfigError(setting.variable, (error as Error).message);
  }
};

/**
 * Refuses an environment in which Node itself writes requests down: `net` and `stream` of NODE_DEBUG print cielo24's token,
 * the headers of its login and AWS's session token, trace events hold the token, diagnostic reports the access key; and who
 * may inspect a process or has its TLS keys reads everything.
 *
 * @throws {ConfigError}
 */
export const assertNoNodeDebugging = (env: Environment): void => {
  if (env["NODE_DEBUG"]) throw new ConfigError("NODE_DEBUG", "must not be set: Node would print credentials");
  if (/--(trace-(event|tls)|report|inspect|heap-?(snapshot|prof)|tls-keylog)/.test(env["NODE_OPTIONS"] ?? ""))
    throw new ConfigError("NODE_OPTIONS", "must not trace, report or inspect: credentials would be written down");
};

/** The address and credentials of one AWS service, as the AWS SDKs name them; the local stack sets its own. */
export interface AwsEnvironment {
  readonly region: string;
  readonly endpoint: string | undefined;
  readonly credentials:
    { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string } | undefined;
}

type AwsService = "S3" | "DYNAMODB" | "SQS" | "EVENTBRIDGE" | "SECRETS_MANAGER";

export const readAwsEnvironment = (env: Environment, service: AwsService): AwsEnvironment => {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env;
  return {
    region: readConfig(env, "region").region,
    endpoint: env[`AWS_ENDPOINT_URL_${service}`] || undefined,
    credentials:
      accessKeyId && secretAccessKey
        ? { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) }
        : undefined,
  };
};
