import { readAwsEnvironment, readConfig } from "../../lib/config.ts";
import { createDocumentClient, createDynamoOwners } from "../../lib/delivery/aws/dynamodb-ledger.ts";
import { apiHandler, type HttpHandler } from "../../lib/http/handler.ts";
import { createOwnership } from "../../lib/http/ownership.ts";
import { lambdaHandler, type Runtime } from "../../lib/runtime.ts";
import { updateMetadata } from "./endpoint.ts";
import { connectCielo24 } from "../../lib/cielo24/client.ts";

export const build = (runtime: Runtime): HttpHandler => {
  const { tableName } = readConfig(runtime.env, "tableName");
  const client = createDocumentClient(readAwsEnvironment(runtime.env, "DYNAMODB"));
  const ownership = createOwnership(createDynamoOwners({ client, tableName }));
  return apiHandler(runtime, "update-metadata", updateMetadata({ cielo24: connectCielo24(runtime), ownership }));
};

export const handler = lambdaHandler(build);
