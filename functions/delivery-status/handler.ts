import { connectTable } from "../../lib/delivery/aws/table.ts";
import { apiHandler, type HttpHandler } from "../../lib/http/handler.ts";
import { createOwnership } from "../../lib/http/ownership.ts";
import { lambdaHandler, type Runtime } from "../../lib/runtime.ts";
import { deliveryStatus } from "./endpoint.ts";

export const build = (runtime: Runtime): HttpHandler => {
  const { ledger, owners } = connectTable(runtime);
  const ownership = createOwnership(owners);
  return apiHandler(runtime, "delivery-status", deliveryStatus({ ledger, ownership, runtime }));
};

export const handler = lambdaHandler(build);
