import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SQSClient } from "@aws-sdk/client-sqs";
import { readFile } from "node:fs/promises";
import * as v from "valibot";
import { parseJson } from "../lib/json.ts";
import type { CommandOptions, Context } from "./context.ts";
import { OpsError, usageError } from "./outcome.ts";

const SERVICE = "cielo24-proxy";
/** The stage that `npm start` runs. */
const LOCAL = "local";
const LOCAL_FILE = ".local/stage.json";

/** The outputs of a stage's stack that the commands need: `resources/outputs.yml`, and the framework's. */
const Outputs = v.object({
  HttpApiUrl: v.string(),
  MediaBucketName: v.string(),
  DeliveryTableName: v.string(),
  MediaQueueUrl: v.string(),
  MediaQueueArn: v.string(),
  DeadLetterQueueUrl: v.string(),
  DeadLetterQueueArn: v.string(),
  MediaEventBusName: v.string(),
  Cielo24BaseUrl: v.string(),
  Cielo24SecretArn: v.string(),
  IssuerUrl: v.string(),
  /** Only on AWS. */
  HttpApiId: v.optional(v.string()),
  AlarmTopicArn: v.optional(v.string()),
  NoticeTopicArn: v.optional(v.string()),
});
export type Outputs = v.InferOutput<typeof Outputs>;

/** What `npm start` writes about its stack, in place of what AWS would say. */
const LocalStage = v.object({
  region: v.string(),
  credentials: v.object({ accessKeyId: v.string(), secretAccessKey: v.string() }),
  /** Addresses of the services, by their names in `AWS_ENDPOINT_URL_<NAME>`. */
  endpoints: v.record(v.string(), v.string()),
  outputs: Outputs,
});
export type LocalStage = v.InferOutput<typeof LocalStage>;

/** A stage on AWS, or the local one: its parts, and clients for them. */
export interface Stage extends Disposable {
  readonly name: string;
  readonly region: string;
  readonly isLocal: boolean;
  readonly outputs: Outputs;
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly s3: S3Client;
  readonly lambda: LambdaClient;
  readonly logs: CloudWatchLogsClient;
  readonly secrets: SecretsManagerClient;
  /** The options of a client of another service. */
  readonly clientOptions: ClientOptions;
  /** The name of a function, by that of its folder: `deliver-media`. */
  readonly functionName: (folder: string) => string;
}

/** What clients of AWS get: whose credentials, and which region. */
export interface ClientOptions {
  readonly region: string;
  readonly profile?: string;
  readonly maxAttempts: number;
  readonly requestHandler: object;
}

/** So long a person waits for an answer of AWS. */
const HANDLER = { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true };

/**
 * Finds a stage's parts: in the outputs of its stack, or, for the stage `local`, in the file that `npm start` has written.
 *
 * @throws {OpsError} if there is no such stage
 * @throws the SDK's errors
 */
export const openStage = async (context: Context, options: CommandOptions): Promise<Stage> => {
  const name = options.stage ?? context.env["CIELO24_PROXY_STAGE"];
  if (!name) throw usageError("There is no stage: give --stage, or set CIELO24_PROXY_STAGE.");
  if (name === LOCAL) return openLocalStage(context, options);
  const { region: givenRegion, profile } = options;
  const common = {
    // CloudWatch Logs takes few calls a second.
    maxAttempts: 5,
    requestHandler: HANDLER,
    ...(givenRegion === undefined ? {} : { region: givenRegion }),
    ...(profile === undefined ? {} : { profile }),
  };
  const client = new CloudFormationClient(common);
  const region = await client.config.region();
  const outputs = await describeStack(client, name, region).finally(() => {
    client.destroy();
  });
  return makeStage({ name, isLocal: false, outputs, clientOptions: { ...common, region }, endpoints: {} });
};

const describeStack = async (client: CloudFormationClient, name: string, region: string): Promise<Outputs> => {
  const stack = `${SERVICE}-${name}`;
  const answer = await client.send(new DescribeStacksCommand({ StackName: stack })).catch((error: unknown) => {
    if (error instanceof Error && error.message.includes("does not exist"))
      throw new OpsError(
        "refused",
        "NO_SUCH_STAGE",
        `There is no stack ${stack} in ${region}.`,
        "Check --stage, --region and --profile; docs/deploy.md says how a stage is made.",
      );
    throw error;
  });
  const outputs = (answer.Stacks?.[0]?.Outputs ?? []).map(({ OutputKey = "", OutputValue }) => [
    OutputKey,
    OutputValue,
  ]);
  const { success, output, issues } = v.safeParse(Outputs, Object.fromEntries(outputs));
  if (success) return output;
  throw new OpsError(
    "refused",
    "OLDER_STAGE",
    `The stack ${stack} has no output ${String(issues[0].path?.[0]?.key)}.`,
    `It is older than this checkout, or its deployment has failed: npm run deploy -- --stage ${name}`,
  );
};

const openLocalStage = async (context: Context, { region, profile }: CommandOptions): Promise<Stage> => {
  if (region !== undefined || profile !== undefined)
    throw usageError("--region and --profile belong to stages on AWS: leave them out with --stage local.");
  const file = context.env["CIELO24_PROXY_STAGE_FILE"] || LOCAL_FILE;
  const text = await readFile(file, "utf8").catch(() => "");
  const { success, output } = v.safeParse(LocalStage, parseJson(text));
  if (!success)
    throw new OpsError(
      "unavailable",
      "NO_LOCAL_STACK",
      `The local stack is not running: there is no ${file}.`,
      "Start it in this folder by npm start, or name its file by CIELO24_PROXY_STAGE_FILE.",
    );
  const { endpoints, outputs, credentials } = output;
  const common = { maxAttempts: 1, requestHandler: HANDLER, region: output.region, credentials };
  return makeStage({ name: LOCAL, isLocal: true, outputs, clientOptions: common, endpoints });
};

const makeStage = ({
  name,
  isLocal,
  outputs,
  clientOptions,
  endpoints,
}: Pick<Stage, "name" | "isLocal" | "outputs" | "clientOptions"> & Pick<LocalStage, "endpoints">): Stage => {
  const at = (service: string) => ({
    ...clientOptions,
    ...(endpoints[service] === undefined ? {} : { endpoint: endpoints[service] }),
  });
  const clients = {
    dynamodb: new DynamoDBClient(at("DYNAMODB")),
    sqs: new SQSClient(at("SQS")),
    s3: new S3Client({ ...at("S3"), forcePathStyle: isLocal }),
    lambda: new LambdaClient(at("LAMBDA")),
    logs: new CloudWatchLogsClient(at("CLOUDWATCH_LOGS")),
    secrets: new SecretsManagerClient(at("SECRETS_MANAGER")),
  };
  return {
    name,
    region: clientOptions.region,
    isLocal,
    outputs,
    ...clients,
    clientOptions,
    functionName: (folder) => `${SERVICE}-${name}-${camelCase(folder)}`,
    [Symbol.dispose]: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
};

/** As serverless.yml names the functions: `deliverMedia`. */
const camelCase = (folder: string): string => folder.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
