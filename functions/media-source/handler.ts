import middy from "@middy/core";
import { readAwsEnvironment, readConfig } from "../../lib/config.ts";
import { createDocumentClient, createDynamoLedger } from "../../lib/delivery/aws/dynamodb-ledger.ts";
import type { ApiResponse } from "../../lib/http/response.ts";
import { errorAnswers } from "../../lib/http/error-answers.ts";
import type { HttpHandler } from "../../lib/http/handler.ts";
import { requestLog } from "../../lib/http/request-log.ts";
import type { ApiEvent, HttpEvent } from "../../lib/http/request.ts";
import { createObjectClient, measureObject, signObjectUrl } from "../../lib/media/bucket.ts";
import { createObservability } from "../../lib/observability.ts";
import { lambdaHandler, type Runtime } from "../../lib/runtime.ts";
import { serveMedia } from "./endpoint.ts";

/** Whoever is redirected follows at once; the time is for clocks that differ. */
const READ_URL_LIFETIME_S = 900;

export const build = (runtime: Runtime): HttpHandler => {
  const { env, clock } = runtime;
  const { bucketName, tableName, stage, logLevel } = readConfig(env, "bucketName", "tableName", "stage", "logLevel");
  const s3 = createObjectClient(env);
  const serve = serveMedia({
    ledger: createDynamoLedger({ client: createDocumentClient(readAwsEnvironment(env, "DYNAMODB")), tableName }),
    store: {
      // The role may not list the bucket; why is in docs/decisions/media-source.md.
      measure: (object) => measureObject(s3, { bucketName, ...object }, { forbiddenIsAbsent: true }),
      sign: (object) => signObjectUrl(s3, { bucketName, ...object }, { lifetimeS: READ_URL_LIFETIME_S, now: clock() }),
    },
    clock,
  });
  const handler = middy<ApiEvent, ApiResponse>()
    .use(requestLog(createObservability(runtime, { service: "media-source", stage, level: logLevel }), runtime))
    .use(errorAnswers())
    .handler(({ requestContext, pathParameters }) =>
      serve(requestContext.http.method, pathParameters?.["capability"] ?? ""),
    );
  // The event is typed as behind an authorizer, which this route has not: nothing here reads what that would add.
  return (event: HttpEvent, context) => handler(event as ApiEvent, context);
};

export const handler = lambdaHandler(build);
