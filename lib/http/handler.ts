import middy from "@middy/core";
import httpHeaderNormalizer from "@middy/http-header-normalizer";
import httpSecurityHeaders from "@middy/http-security-headers";
import { readConfig } from "../config.ts";
import { createObservability } from "../observability.ts";
import type { FunctionHandler, Runtime } from "../runtime.ts";
import type { ApiResponse } from "./response.ts";
import { caller } from "./caller.ts";
import { deadline } from "./deadline.ts";
import { ApiError } from "./errors.ts";
import { errorAnswers } from "./error-answers.ts";
import { parameters } from "./parameters.ts";
import { requestLog } from "./request-log.ts";
import type { ApiEvent, HttpEvent } from "./request.ts";

export type HttpHandler = FunctionHandler<HttpEvent, ApiResponse>;

/** Middy answers for an endpoint that still has none this long before Lambda ends it. */
const LAST_CHANCE_MS = 1_000;

/** Headers of middy's that say nothing here: for pages, or with empty values. */
const NO_SUCH_HEADERS = { poweredBy: false, reportTo: false, reportingEndpoints: false };

/** What every HTTP function has: error answers, a log record, lower-case header names, security headers. */
const httpStack = (runtime: Runtime, service: string) => {
  const { stage, logLevel } = readConfig(runtime.env, "stage", "logLevel");
  const observability = createObservability(runtime, { service, stage, level: logLevel });
  return (
    middy<ApiEvent, ApiResponse>({
      timeoutEarlyInMillis: LAST_CHANCE_MS,
      timeoutEarlyResponse: () => {
        throw new ApiError("TIMED_OUT");
      },
    })
      // Errors pass the middlewares from the last to the first: the answer is made before it is logged and dressed.
      .use(httpSecurityHeaders(NO_SUCH_HEADERS))
      .use(requestLog(observability, runtime))
      .use(errorAnswers())
      .use(httpHeaderNormalizer())
  );
};

/** A function that anybody may call. It gets to know nothing about the request. */
export const publicHandler = (runtime: Runtime, service: string, endpoint: () => Promise<ApiResponse>): HttpHandler =>
  asFunction(httpStack(runtime, service).handler(endpoint));

/**
 * A function behind API Gateway's JWT authorizer: reads caller, parameters and deadline, then lets the endpoint answer.
 *
 * @param options.takesMedia a body that holds no parameters is media, in place of an error
 */
export const apiHandler = (
  runtime: Runtime,
  service: string,
  endpoint: (request: ApiEvent) => Promise<ApiResponse>,
  options: { takesMedia: boolean } = { takesMedia: false },
): HttpHandler => {
  const config = readConfig(runtime.env, "ownerClaim", "jobsClaim", "jobsClaimRequired");
  return asFunction(
    httpStack(runtime, service).use(deadline(runtime)).use(caller(config)).use(parameters(options)).handler(endpoint),
  );
};

/** Events come as API Gateway makes them; the middlewares add the rest before anyone looks. */
const asFunction =
  (handler: FunctionHandler<ApiEvent, ApiResponse>): HttpHandler =>
  (event, context) =>
    handler(event as ApiEvent, context);
