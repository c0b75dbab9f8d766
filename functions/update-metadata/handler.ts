import { connectCielo24 } from "../../lib/cielo24/client.ts";
import { connectTable } from "../../lib/delivery/aws/table.ts";
import { apiHandler, type HttpHandler } from "../../lib/http/handler.ts";
import { createOwnership } from "../../lib/http/ownership.ts";
import { lambdaHandler, type Runtime } from "../../lib/runtime.ts";
import { updateMetadata } from "./endpoint.ts";

export const build = (runtime: Runtime): HttpHandler => {
  const ownership = createOwnership(connectTable(runtime).owners);
  return apiHandler(runtime, "update-metadata", updateMetadata({ cielo24: connectCielo24(runtime), ownership }));
};

export const handler = lambdaHandler(build);
