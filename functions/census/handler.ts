import { S3Client } from "@aws-sdk/client-s3";
import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { ScheduledEvent } from "aws-lambda";
import { awsClientOptions } from "../../lib/aws-client.ts";
import { readAwsEnvironment, readConfig } from "../../lib/config.ts";
import { createDocumentClient, createDynamoLedger } from "../../lib/delivery/aws/dynamodb-ledger.ts";
import { createMediaQueue } from "../../lib/delivery/aws/queue.ts";
import { createObservability } from "../../lib/observability.ts";
import { lambdaHandler, type FunctionHandler, type Runtime } from "../../lib/runtime.ts";
import { takeCensus, type CensusReport } from "./census.ts";
import { listCurrentObjects } from "./listing.ts";

/** As function.yml schedules it. */
const INTERVAL_MS = 15 * 60_000;

export const build = (runtime: Runtime): FunctionHandler<ScheduledEvent, CensusReport> => {
  const { env } = runtime;
  const config = readConfig(env, "bucketName", "tableName", "queueUrl", "stage", "logLevel");
  const s3 = new S3Client(awsClientOptions(readAwsEnvironment(env, "S3")));
  const sqs = new SQSClient(awsClientOptions(readAwsEnvironment(env, "SQS")));
  const observability = createObservability(runtime, {
    service: "census",
    stage: config.stage,
    level: config.logLevel,
  });
  return (_event, context) =>
    takeCensus({
      ledger: createDynamoLedger({
        client: createDocumentClient(readAwsEnvironment(env, "DYNAMODB")),
        tableName: config.tableName,
      }),
      queue: createMediaQueue(sqs, config, runtime),
      listObjects: () => listCurrentObjects(s3, config.bucketName),
      countMessages: () => countMessages(sqs, config.queueUrl),
      bucketName: config.bucketName,
      observability: observability.with({ requestId: context.awsRequestId }),
      runtime,
      intervalMs: INTERVAL_MS,
    });
};

const countMessages = async (client: SQSClient, queueUrl: string): Promise<number> => {
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
      ],
    }),
  );
  return Object.values(Attributes).reduce((sum, value) => sum + Number(value), 0);
};

export const handler = lambdaHandler(build);
