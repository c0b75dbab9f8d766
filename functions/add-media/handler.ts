import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { SQSClient } from "@aws-sdk/client-sqs";
import { awsClientOptions } from "../../lib/aws-client.ts";
import { readAwsEnvironment, readConfig } from "../../lib/config.ts";
import { createEventPublisher } from "../../lib/delivery/aws/events.ts";
import {
  createDocumentClient,
  createDynamoLedger,
  createDynamoOwners,
} from "../../lib/delivery/aws/dynamodb-ledger.ts";
import { createMediaQueue } from "../../lib/delivery/aws/queue.ts";
import { readCallSettings } from "../../lib/delivery/settings.ts";
import { apiHandler, type HttpHandler } from "../../lib/http/handler.ts";
import { createOwnership } from "../../lib/http/ownership.ts";
import { createObservability } from "../../lib/observability.ts";
import { lambdaHandler, type Runtime } from "../../lib/runtime.ts";
import { createCallDelivery } from "./deliver-call.ts";
import { addMedia } from "./endpoint.ts";
import { noStore } from "./no-store.ts";
import { connectCielo24 } from "../../lib/cielo24/client.ts";

export const build = (runtime: Runtime): HttpHandler => {
  const { env } = runtime;
  const config = readConfig(env, "region", "bucketName", "tableName", "queueUrl", "eventBusName", "stage", "logLevel");
  const client = createDocumentClient(readAwsEnvironment(env, "DYNAMODB"));
  const announcer = createEventPublisher(
    new EventBridgeClient(awsClientOptions(readAwsEnvironment(env, "EVENTBRIDGE"))),
    config.eventBusName,
  );
  const deliver = createCallDelivery(
    {
      ledger: createDynamoLedger({ client, tableName: config.tableName }),
      store: noStore,
      cielo24: connectCielo24(runtime),
      ...announcer,
      queue: createMediaQueue(new SQSClient(awsClientOptions(readAwsEnvironment(env, "SQS"))), config, runtime),
      runtime,
      observability: createObservability(runtime, {
        service: "add-media",
        stage: config.stage,
        level: config.logLevel,
      }),
    },
    readCallSettings(env),
  );
  const ownership = createOwnership(createDynamoOwners({ client, tableName: config.tableName }));
  const endpoint = addMedia({ ownership, deliver, ownBucket: config.bucketName });
  return apiHandler(
    runtime,
    "add-media",
    (request) => {
      const { domainName, apiId } = request.requestContext;
      return endpoint(request, [domainName, `${apiId}.execute-api.${config.region}.amazonaws.com`]);
    },
    { takesMedia: true },
  );
};

export const handler = lambdaHandler(build);
