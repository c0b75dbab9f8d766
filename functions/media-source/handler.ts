import middy from "@middy/core";
import { readConfig } from "../../lib/config.ts";
import { connectTable } from "../../lib/delivery/aws/table.ts";
import type { ApiEvent, ApiResponse } from "../../lib/http/endpoint.ts";
import type { HttpHandler } from "../../lib/http/handler.ts";
import { requestOutcome } from "../../lib/http/request-outcome.ts";
import { createObjectClient, measureObject, signObjectUrl } from "../../lib/media/bucket.ts";
import { connectObservability } from "../../lib/observability.ts";
import { lambdaHandler, type Runtime } from "../../lib/runtime.ts";
import { serveMedia } from "./endpoint.ts";

/** A client follows a redirect at once; the rest is for clocks that differ. */
const READ_URL_LIFETIME_S = 900;

export const build = (runtime: Runtime): HttpHandler => {
  const { env, clock } = runtime;
  const { bucketName } = readConfig(env, "bucketName");
  const s3 = createObjectClient(env);
  const serve = serveMedia({
    ledger: connectTable(runtime).ledger,
    store: {
      // The role may not list the bucket; docs/decisions/media-source.md says why.
      measure: (object) => measureObject(s3, { bucketName, ...object }, { forbiddenIsAbsent: true }),
      sign: (object) => signObjectUrl(s3, { bucketName, ...object }, { lifetimeS: READ_URL_LIFETIME_S, now: clock() }),
    },
    clock,
  });
  return middy<ApiEvent, ApiResponse>()
    .use(requestOutcome(connectObservability(runtime, "media-source"), runtime))
    .handler(({ requestContext, pathParameters }) =>
      serve(requestContext.http.method, pathParameters?.["capability"] ?? ""),
    );
};

export const handler = lambdaHandler(build);
