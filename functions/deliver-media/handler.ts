import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { S3Event, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { awsClientOptions } from "../../lib/aws-client.ts";
import { readAwsEnvironment, readConfig } from "../../lib/config.ts";
import { createEventPublisher } from "../../lib/delivery/aws/events.ts";
import { createDocumentClient, createDynamoLedger } from "../../lib/delivery/aws/dynamodb-ledger.ts";
import { createMediaQueue } from "../../lib/delivery/aws/queue.ts";
import { readDeliverySettings } from "../../lib/delivery/settings.ts";
import { capabilityUrl } from "../../lib/media/capability.ts";
import { connectMediaStore } from "../../lib/media/bucket.ts";
import { connectObservability } from "../../lib/observability.ts";
import { lambdaHandler, type FunctionHandler, type Runtime } from "../../lib/runtime.ts";
import { createDeliverMedia } from "./worker.ts";
import { connectCielo24 } from "../../lib/cielo24/client.ts";

/** Kept back from the invocation's end for the ledger's last writes. */
const MARGIN_MS = 15_000;

export const build = (runtime: Runtime): FunctionHandler<SQSEvent | S3Event, SQSBatchResponse> => {
  const { env } = runtime;
  const config = readConfig(
    env,
    "bucketName",
    "tableName",
    "queueUrl",
    "deadLetterQueueUrl",
    "eventBusName",
    "mediaSourceBaseUrl",
    "idleTimeoutS",
    "maxReceives",
  );
  return createDeliverMedia({
    ledger: createDynamoLedger({
      client: createDocumentClient(readAwsEnvironment(env, "DYNAMODB")),
      tableName: config.tableName,
    }),
    store: connectMediaStore(runtime),
    cielo24: connectCielo24(runtime),
    announcer: createEventPublisher(
      new EventBridgeClient(awsClientOptions(readAwsEnvironment(env, "EVENTBRIDGE"))),
      config.eventBusName,
    ),
    queue: createMediaQueue(new SQSClient(awsClientOptions(readAwsEnvironment(env, "SQS"))), config, runtime),
    observability: connectObservability(runtime, "deliver-media"),
    runtime,
    bucketName: config.bucketName,
    maxReceives: config.maxReceives,
    run: {
      settings: readDeliverySettings(env),
      marginMs: MARGIN_MS,
      idleTimeoutMs: config.idleTimeoutS * 1000,
      capabilityUrl: (row) => capabilityUrl(config.mediaSourceBaseUrl, row),
    },
  });
};

export const handler = lambdaHandler(build);
