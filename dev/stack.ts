import { setTimeout as wait } from "node:timers/promises";
import type { CensusReport } from "../functions/census/census.ts";
import type { LocalStage } from "../ops/stage.ts";
import { createTableClient, createDynamoLedger } from "../lib/delivery/aws/table.ts";
import type { Ledger } from "../lib/delivery/ledger.ts";
import { readAwsEnvironment } from "../lib/config.ts";
import { randomHex, type Runtime } from "../lib/runtime.ts";
import type { Facts } from "./cielo24/facts.ts";
import { startCielo24, type Cielo24Simulator } from "./cielo24/server.ts";
import { createJwtAuthorizer, type AuthorizerOptions } from "./gateway/authorizer.ts";
import { readDeployment } from "./gateway/deployment.ts";
import { startGateway, type GatewayOptions } from "./gateway/server.ts";
import { startS3, type AnsweredS3Request, type S3Simulator } from "./s3/server.ts";
import { startAwsJson, type AwsJsonServer } from "./stack/aws-json.ts";
import { createStackClock } from "./stack/clock.ts";
import { functionEnvironment, keyIdOf, type AccessKey } from "./stack/environment.ts";
import { createEventBus, type BusEvent, type EventBus } from "./stack/event-bus.ts";
import { startEventSource } from "./stack/event-source.ts";
import { describeAwsCall, describeS3Request, type FunctionCall } from "./stack/function-calls.ts";
import { startIdentity, type Identity, type TokenClaims } from "./stack/identity.ts";
import { randomIds, type Ids } from "./stack/ids.ts";
import { createLambda, type Build, type Concurrency, type Outcome } from "./stack/lambda.ts";
import { loadFunction } from "./stack/load.ts";
import { startLambdaApi } from "./stack/lambda-api.ts";
import { createCloudWatchLogs } from "./stack/cloudwatch-logs.ts";
import { createStackLog } from "./stack/log.ts";
import { readNotices, type Notice } from "./stack/notices.ts";
import { createNotification } from "./stack/notification.ts";
import { createSecrets, type Secrets } from "./stack/secrets.ts";
import { Queue } from "./stack/sqs/queue.ts";
import { createSqs, queueArn, queueUrl } from "./stack/sqs/service.ts";
import { startTable } from "./stack/table.ts";

const REGION = "us-east-1";
const BUCKET = "cielo24-proxy-local-media";
const QUEUE = "cielo24-proxy-local-media";
const DEAD_LETTER_QUEUE = "cielo24-proxy-local-dead-letters";
/** As in `resources/queues.yml`. */
const VISIBILITY_TIMEOUT_S = 6 * 900;
const RETENTION_S = 7 * 86_400;
const DEAD_LETTER_RETENTION_S = 14 * 86_400;
const MAX_RECEIVES = 1000;
/** The function that gives each upload its id. */
const SIGN_UPLOAD = "sign-upload";
const OWN_ISSUER_TIMEOUT_MS = 30_000;
/** How long running invocations may continue while the stack closes. */
const CLOSING_GRACE_MS = 1_000;

export interface StackOptions {
  /** Fixed ports. By default, free ones are used. */
  readonly ports?: Partial<Record<"gateway" | "s3" | "cielo24" | "identity" | "aws", number>>;
  /** The time of the whole stack; `advanceTime` adds to it. */
  readonly clock?: () => number;
  /** The real cielo24 in place of the simulator. `credentials` becomes the secret. */
  readonly cielo24?: { readonly baseUrl: string; readonly credentials: object };
  /** The media that the simulator gets for a URL. Without this, it fetches the URL. */
  readonly fetchMedia?: NonNullable<Parameters<typeof startCielo24>[0]>["fetchMedia"];
  /** False: the simulated cielo24 computes no SHA-256. */
  readonly digest?: boolean;
  /** False: the simulated cielo24 accepts media more than once for a job. */
  readonly enforceOneMedia?: boolean;
  /** What the simulated cielo24 does as an account at the real one did. */
  readonly facts?: Facts;
  /** How long after it was accepted the simulator's job/info shows the media. */
  readonly jobInfoLagMs?: () => number;
  /** False: messages stay in the queue until a test takes them. */
  readonly polls?: boolean;
  /** Overrides of the functions' environment. */
  readonly env?: Runtime["env"];
  /** An issuer other than the stack's own, and the audiences that its tokens may have. */
  readonly authorizer?: Omit<AuthorizerOptions, "clock">;
  readonly corsOrigins?: readonly string[];
  readonly maximumConcurrency?: number;
  /** How many functions may run at once. By default, there is no limit. */
  readonly concurrency?: Concurrency;
  /** Where the ids of `jobs and tasks` and of `uploads` come from. Random ones by default. */
  readonly ids?: Ids;
  /** Called with every line that a function logs. */
  readonly onLine?: (line: string) => void;
  readonly onEvent?: (event: BusEvent) => void;
  /** Called with what a rule of the template tells somebody, after the event that it is about. */
  readonly onNotice?: (notice: Notice, event: BusEvent) => void;
  /** Called with every response of the gateway. */
  readonly onResponse?: GatewayOptions["onResponse"];
  /** Called with the outcome of every invocation, and how long it took. */
  readonly onOutcome?: (name: string, outcome: Outcome, durationMs: number) => void;
  /** Called with every call to DynamoDB, SQS, EventBridge and Secrets Manager. */
  readonly onCall?: (action: string, body: string) => void;
  /** The same, once a service has handled the call. */
  readonly onAnswered?: (action: string, body: string) => void;
  /** Called with every call to these or to S3 by a function, and with every use of what a function signed. */
  readonly onFunctionCall?: ((call: FunctionCall) => void) | undefined;
  /** Called with every request to the bucket. */
  readonly onS3Request?: (request: AnsweredS3Request) => void;
  /** Lines that functions log are also appended to this file. */
  readonly logFile?: string;
  /** Replacements for functions, by name. */
  readonly functions?: Readonly<Record<string, Build>>;
}

export interface Stack {
  readonly apiUrl: string;
  readonly s3: S3Simulator;
  /** Undefined if the real one is used. */
  readonly cielo24: Cielo24Simulator | undefined;
  readonly identity: Identity;
  readonly secrets: Secrets;
  /** The faults of DynamoDB, SQS, EventBridge and Secrets Manager, and the calls they received. */
  readonly aws: Pick<AwsJsonServer, "faults" | "calls">;
  /** What functions put on the event bus. */
  readonly events: readonly BusEvent[];
  /** What the rules of the template told somebody. */
  readonly notices: readonly Notice[];
  readonly eventBus: EventBus;
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly tableName: string;
  readonly bucketName: string;
  readonly ledger: Ledger;
  /** An access key that may do anything with the bucket. */
  readonly operator: AccessKey;
  readonly s3ClientConfig: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: AccessKey;
    readonly forcePathStyle: true;
  };
  /** Where its parts are and whose keys may use them, as `cielo24-proxy ops --stage local` reads it. */
  readonly stage: LocalStage;
  /** Of the simulated account at cielo24. */
  readonly credentials: { readonly username: string; readonly securekey: string; readonly password: string };
  readonly env: Runtime["env"];
  readonly runtime: Runtime;
  /** Every line that the functions wrote. */
  readonly logs: readonly string[];
  readonly logFile: string | undefined;
  /** A signed access token, good for an hour. */
  readonly token: (claims: TokenClaims) => Promise<string>;
  /** Invokes a function by the name of its folder. */
  readonly invoke: (name: string, event: unknown) => Promise<unknown>;
  readonly runCensus: () => Promise<CensusReport>;
  /** Makes the functions start cold, with nothing cached. */
  readonly coldStart: () => void;
  /** From now on, messages about the job are as old as this when they are sent. */
  readonly ageMessages: (jobId: string, ageMs: number) => void;
  /** Advances the time of everything in the stack: leases, visibility, tokens, URLs. */
  readonly advanceTime: (ms: number) => void;
  /**
   * Resolves once no message is visible and no function runs. Messages that become visible later (hidden by a function, or
   * sent with a delay) need `advanceTime`.
   */
  readonly drain: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Starts the whole system in this process, on the loopback interface. */
export const startStack = async (options: StackOptions = {}): Promise<Stack> => {
  const { ports = {}, ids = randomIds } = options;
  const aged = new Map<string, number>();
  const clock = createStackClock(options.clock);
  const log = createStackLog({ clock: clock.now, file: options.logFile, onLine: options.onLine });
  const functionKey = { accessKeyId: "AKIALOCALFUNCTIONS00", secretAccessKey: randomHex() };
  const operator = { accessKeyId: "AKIALOCALOPERATOR000", secretAccessKey: randomHex() };
  const credentials = { username: "local-account", securekey: randomHex(), password: randomHex() };
  const secrets = createSecrets(
    REGION,
    options.cielo24?.credentials ?? { username: credentials.username, securekey: credentials.securekey },
  );
  const notices: Notice[] = [];
  const eventBus = createEventBus((event) => {
    options.onEvent?.(event);
    for (const notice of noticesOf(event)) {
      notices.push(notice);
      options.onNotice?.(notice, event);
    }
  });

  const sqs = createSqs(clock, REGION);
  const maxReceives = Number(options.env?.["MAX_RECEIVES"] ?? MAX_RECEIVES);
  const deadLetterQueue = sqs.createQueue(DEAD_LETTER_QUEUE, {
    visibilityTimeoutS: VISIBILITY_TIMEOUT_S,
    retentionS: DEAD_LETTER_RETENTION_S,
  });
  const queue = sqs.createQueue(QUEUE, {
    visibilityTimeoutS: VISIBILITY_TIMEOUT_S,
    retentionS: RETENTION_S,
    redrive: { deadLetterQueue, maxReceives },
    ageMs: (body) => [...aged].find(([jobId]) => body.includes(jobId))?.[1] ?? 0,
  });

  const deployment = await readDeployment({
    scopePrefix: options.env?.["SCOPE_PREFIX"],
    scopeClaim: options.env?.["SCOPE_CLAIM"],
  });
  const callers = new Map(deployment.functions.map(({ name }) => [keyIdOf(name), name]));
  const folders = new Map(deployment.functions.map(({ name }) => [deployedName(name), name]));
  const [identity, s3, cielo24, table] = await Promise.all([
    startIdentity({ ...portOption(ports.identity), clock: clock.now }),
    startS3({
      ...portOption(ports.s3),
      region: REGION,
      accounts: {
        [functionKey.accessKeyId]: functionKey.secretAccessKey,
        [operator.accessKeyId]: operator.secretAccessKey,
        ...Object.fromEntries([...callers.keys()].map((keyId) => [keyId, functionKey.secretAccessKey])),
      },
      clock: clock.now,
      onRequest: (request) => {
        options.onS3Request?.(request);
        const by = callers.get(request.accessKeyId ?? "");
        if (by !== undefined) options.onFunctionCall?.(describeS3Request(by, request));
      },
    }),
    options.cielo24
      ? undefined
      : startCielo24({
          ...portOption(ports.cielo24),
          clock: clock.now,
          accounts: [credentials],
          newId: ids("jobs and tasks"),
          ...(options.fetchMedia ? { fetchMedia: options.fetchMedia } : {}),
          ...(options.digest === undefined ? {} : { digest: options.digest }),
          ...(options.enforceOneMedia === undefined ? {} : { enforceOneMedia: options.enforceOneMedia }),
          ...(options.facts ? { facts: options.facts } : {}),
          ...(options.jobInfoLagMs === undefined ? {} : { jobInfoLagMs: options.jobInfoLagMs }),
        }),
    startTable(REGION),
  ]);
  const noticesOf = await readNotices({ region: REGION, stage: "local" }, { MediaBucket: BUCKET });
  const aws = await startAwsJson({
    ...portOption(ports.aws),
    services: {
      AmazonSQS: sqs.service,
      AWSEvents: eventBus.service,
      DynamoDB_20120810: table.service,
      Logs_20140328: createCloudWatchLogs(
        log,
        new Map([...folders].map(([name, folder]) => [`/aws/lambda/${name}`, folder])),
      ),
      secretsmanager: secrets.service,
    },
    onCall: (action, body, from) => {
      options.onCall?.(action, body);
      const by = callers.get(from.accessKeyId);
      if (by !== undefined) options.onFunctionCall?.(describeAwsCall(by, action, body, from));
    },
    onAnswered: options.onAnswered,
  });

  const corsOrigins = options.corsOrigins ?? ["*"];
  const gateway = await startGateway({
    ...portOption(ports.gateway),
    routes: deployment.functions.flatMap(({ routes }) => routes),
    authorize: createJwtAuthorizer({
      ...(options.authorizer ?? {
        issuer: identity.issuer,
        audience: [identity.audience],
        // It runs in this process, and a busy machine is no reason to refuse tokens.
        timeoutMs: OWN_ISSUER_TIMEOUT_MS,
      }),
      clock: clock.now,
    }),
    cors: { ...deployment.cors, allowedOrigins: corsOrigins },
    invoke: (name, event, requestId) => lambda.invoke(name, event, requestId),
    clock: clock.now,
    onResponse: options.onResponse,
  });
  const env = functionEnvironment(
    {
      region: REGION,
      functionKey,
      s3Url: s3.url,
      awsUrl: aws.url,
      gatewayUrl: gateway.url,
      cielo24Url: options.cielo24?.baseUrl ?? cielo24?.url ?? "",
      bucketName: BUCKET,
      tableName: table.name,
      queueUrl: queueUrl(aws.url, QUEUE),
      deadLetterQueueUrl: queueUrl(aws.url, DEAD_LETTER_QUEUE),
      eventBusName: eventBus.name,
      secretArn: secrets.arn,
      maxReceives,
    },
    options.env ?? {},
  );
  const runtime: Runtime = {
    env,
    clock: clock.now,
    randomHex,
    sleep: clock.sleep,
    writeLine: log.write,
  };
  const writeAs = (functionName: string) => (line: string) => {
    log.write(line, functionName);
  };
  const lambda = createLambda({
    runtime,
    functions: deployment.functions,
    load: async (name) => {
      const build = options.functions?.[name] ?? (await loadFunction(name));
      return (parts) =>
        build({
          ...parts,
          env: { ...parts.env, AWS_ACCESS_KEY_ID: keyIdOf(name) },
          writeLine: writeAs(name),
          // The others need what is random for secrets, too.
          ...(name === SIGN_UPLOAD ? { randomHex: ids("uploads") } : {}),
        });
    },
    concurrency: options.concurrency,
    onOutcome: options.onOutcome,
    writeAs,
  });
  const lambdaApi = await startLambdaApi({ functions: folders, invoke: lambda.invoke });

  s3.createBucket(BUCKET, { corsOrigins });
  s3.onObjectCreated(createNotification(queue, BUCKET, clock.now));
  const eventSource =
    (options.polls ?? true)
      ? startEventSource({
          queue,
          queueArn: queueArn(REGION, QUEUE),
          region: REGION,
          clock,
          maximumConcurrency: options.maximumConcurrency ?? 2,
          invoke: (event) => lambda.invoke("deliver-media", event),
        })
      : undefined;
  const documentClient = createTableClient(readAwsEnvironment(env, "DYNAMODB"));

  const close = async (): Promise<void> => {
    const idle = Promise.all([eventSource?.close(), gateway.close()]).then(() => lambda.idle());
    await Promise.race([idle, wait(CLOSING_GRACE_MS, undefined, { ref: false })]);
    // Invocations that still run fail at their next step.
    clock.stop();
    documentClient.destroy();
    await Promise.all([s3.close(), cielo24?.close(), aws.close(), lambdaApi.close(), identity.close()]);
    await idle;
    await table.close();
    await log.close();
  };

  return {
    apiUrl: gateway.url,
    s3,
    cielo24,
    identity,
    secrets,
    aws,
    events: eventBus.events,
    notices,
    eventBus,
    queue,
    deadLetterQueue,
    queueUrl: queueUrl(aws.url, QUEUE),
    deadLetterQueueUrl: queueUrl(aws.url, DEAD_LETTER_QUEUE),
    tableName: table.name,
    bucketName: BUCKET,
    ledger: createDynamoLedger({ client: documentClient, tableName: table.name }),
    operator,
    s3ClientConfig: { endpoint: s3.url, region: REGION, credentials: operator, forcePathStyle: true },
    stage: {
      region: REGION,
      credentials: operator,
      endpoints: {
        S3: s3.url,
        DYNAMODB: aws.url,
        SQS: aws.url,
        EVENTBRIDGE: aws.url,
        SECRETS_MANAGER: aws.url,
        CLOUDWATCH_LOGS: aws.url,
        LAMBDA: lambdaApi.url,
      },
      outputs: {
        HttpApiUrl: gateway.url,
        MediaBucketName: BUCKET,
        DeliveryTableName: table.name,
        MediaQueueUrl: queueUrl(aws.url, QUEUE),
        MediaQueueArn: queueArn(REGION, QUEUE),
        DeadLetterQueueUrl: queueUrl(aws.url, DEAD_LETTER_QUEUE),
        DeadLetterQueueArn: queueArn(REGION, DEAD_LETTER_QUEUE),
        MediaEventBusName: eventBus.name,
        Cielo24BaseUrl: options.cielo24?.baseUrl ?? cielo24?.url ?? "",
        Cielo24SecretArn: secrets.arn,
        IssuerUrl: options.authorizer?.issuer ?? identity.issuer,
      },
    },
    credentials,
    env,
    runtime,
    logs: log.lines,
    logFile: options.logFile,
    token: identity.issueToken,
    invoke: lambda.invoke,
    runCensus: async () => (await lambda.invoke("census", makeScheduledEvent(clock.now()))) as CensusReport,
    coldStart: lambda.coldStart,
    ageMessages: (jobId, ageMs) => {
      aged.set(jobId, ageMs);
    },
    advanceTime: clock.advance,
    drain: async () => {
      while (queue.inspect().visible.length > 0 || (eventSource?.running() ?? 0) > 0 || lambda.running() > 0)
        await wait(DRAIN_POLL_MS);
    },
    close,
  };
};

const DRAIN_POLL_MS = 5;

/** As serverless.yml names functions. */
const deployedName = (folder: string): string =>
  `cielo24-proxy-local-${folder.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())}`;

const portOption = (port: number | undefined) => (port === undefined ? {} : { port });

const makeScheduledEvent = (at: number) => ({
  version: "0",
  id: "00000000-0000-4000-8000-000000000000",
  "detail-type": "Scheduled Event",
  source: "aws.events",
  account: "000000000000",
  time: new Date(at).toISOString(),
  region: REGION,
  resources: [`arn:aws:events:${REGION}:000000000000:rule/census`],
  detail: {},
});
