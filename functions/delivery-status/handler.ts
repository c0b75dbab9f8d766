import { readAwsEnvironment, readConfig } from "../../lib/config.ts";
import {
  createDocumentClient,
  createDynamoLedger,
  createDynamoOwners,
} from "../../lib/delivery/aws/dynamodb-ledger.ts";
import { apiHandler, type HttpHandler } from "../../lib/http/handler.ts";
import { createOwnership } from "../../lib/http/ownership.ts";
import { lambdaHandler, type Runtime } from "../../lib/runtime.ts";
import { deliveryStatus } from "./endpoint.ts";

export const build = (runtime: Runtime): HttpHandler => {
  const { tableName } = readConfig(runtime.env, "tableName");
  const client = createDocumentClient(readAwsEnvironment(runtime.env, "DYNAMODB"));
  const ledger = createDynamoLedger({ client, tableName });
  const ownership = createOwnership(createDynamoOwners({ client, tableName }));
  return apiHandler(runtime, "delivery-status", deliveryStatus({ ledger, ownership, runtime }));
};

export const handler = lambdaHandler(build);
