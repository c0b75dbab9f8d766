import { connectCielo24 } from "../../lib/cielo24/client.ts";
import { readConfig } from "../../lib/config.ts";
import { connectEvents } from "../../lib/delivery/aws/events.ts";
import { connectMediaQueue } from "../../lib/delivery/aws/queue.ts";
import { connectTable } from "../../lib/delivery/aws/table.ts";
import { readCallSettings } from "../../lib/delivery/settings.ts";
import { apiHandler, type HttpHandler } from "../../lib/http/handler.ts";
import { createOwnership } from "../../lib/http/caller.ts";
import { connectObservability } from "../../lib/observability.ts";
import { lambdaHandler, type Runtime } from "../../lib/runtime.ts";
import { createMediaDelivery } from "./delivery.ts";
import { addMedia } from "./endpoint.ts";

const SERVICE = "add-media";

export const build = (runtime: Runtime): HttpHandler => {
  const config = readConfig(runtime.env, "region", "bucketName");
  const { ledger, owners } = connectTable(runtime);
  const ports = {
    ledger,
    cielo24: connectCielo24(runtime),
    ...connectEvents(runtime),
    queue: connectMediaQueue(runtime),
    runtime,
    observability: connectObservability(runtime, SERVICE),
  };
  const endpoint = addMedia({
    ownership: createOwnership(owners),
    deliver: createMediaDelivery(ports, readCallSettings(runtime.env)),
    ownBucket: config.bucketName,
  });
  return apiHandler(
    runtime,
    SERVICE,
    (request) => {
      const { domainName, apiId } = request.requestContext;
      return endpoint(request, [domainName, `${apiId}.execute-api.${config.region}.amazonaws.com`]);
    },
    { takesMedia: true },
  );
};

export const handler = lambdaHandler(build);
