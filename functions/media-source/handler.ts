import middy from "@middy/core";
import { readAwsEnvironment, readConfig } from "../../lib/config.ts";
import { createDocumentClient, createDynamoLedger } from "../../lib/delivery/aws/dynamodb-ledger.ts";
import type { ApiResponse } from "../../lib/http/response.ts";
import { errorAnswers } from "../../lib/http/error-answers.ts";
import type { HttpHandler } from "../../lib/http/handler.ts";
import { requestLog } from "../../lib/http/request-log.ts";
import type { ApiEvent, HttpEvent } from "../../lib/http/request.ts";
import { connectBucket } from "../../lib/media/bucket.ts";
import { connectObservability } from "../../lib/observability.ts";
import { lambdaHandler, type Runtime } from "../../lib/runtime.ts";
import { serveMedia } from "./endpoint.ts";

export const build = (runtime: Runtime): HttpHandler => {
  const { env, clock } = runtime;
  const { tableName } = readConfig(env, "tableName");
  const serve = serveMedia({
    ledger: createDynamoLedger({ client: createDocumentClient(readAwsEnvironment(env, "DYNAMODB")), tableName }),
    // The role may not list the bucket; docs/decisions/media-source.md says why.
    store: connectBucket(runtime, { mayList: false }),
    clock,
  });
  const handler = middy<ApiEvent, ApiResponse>()
    .use(requestLog(connectObservability(runtime, "media-source"), runtime))
    .use(errorAnswers())
    .handler(({ requestContext, pathParameters }) =>
      serve(requestContext.http.method, pathParameters?.["capability"] ?? ""),
    );
  // The event is typed as behind an authorizer, which this route has not: nothing here reads what that would add.
  return (event: HttpEvent, context) => handler(event as ApiEvent, context);
};

export const handler = lambdaHandler(build);
