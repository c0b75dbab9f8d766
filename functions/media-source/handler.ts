import middy from "@middy/core";
import { connectTable } from "../../lib/delivery/aws/table.ts";
import type { ApiEvent, ApiResponse } from "../../lib/http/endpoint.ts";
import type { HttpHandler } from "../../lib/http/handler.ts";
import { requestOutcome } from "../../lib/http/request-outcome.ts";
import { connectBucket } from "../../lib/media/bucket.ts";
import { connectObservability } from "../../lib/observability.ts";
import { lambdaHandler, type Runtime } from "../../lib/runtime.ts";
import { serveMedia } from "./endpoint.ts";

export const build = (runtime: Runtime): HttpHandler => {
  const serve = serveMedia({
    ledger: connectTable(runtime).ledger,
    // The role may not list the bucket; docs/decisions/media-source.md says why.
    store: connectBucket(runtime, { mayList: false }),
    clock: runtime.clock,
  });
  return middy<ApiEvent, ApiResponse>()
    .use(requestOutcome(connectObservability(runtime, "media-source"), runtime))
    .handler(({ requestContext, pathParameters }) =>
      serve(requestContext.http.method, pathParameters?.["capability"] ?? ""),
    );
};

export const handler = lambdaHandler(build);
