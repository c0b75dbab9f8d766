import type { Context } from "aws-lambda";
import middy, { type MiddlewareObj } from "@middy/core";
import httpHeaderNormalizer from "@middy/http-header-normalizer";
import httpSecurityHeaders from "@middy/http-security-headers";
import * as v from "valibot";
import { Cielo24Error } from "../cielo24/api.ts";
import { readConfig } from "../config.ts";
import { normalJobId } from "../job-id.ts";
import { parseCapability, uploadIdOf } from "../media/key.ts";
import { connectObservability, type LogFields, type Observability } from "../observability.ts";
import type { FunctionHandler, Runtime } from "../runtime.ts";
import { readCaller, type Scope } from "./caller.ts";
import type { ApiEvent, ApiRequest, ApiResponse, HttpEvent } from "./endpoint.ts";
import { ApiError, invalidQuery, respondWithError, toApiError } from "./errors.ts";
import { readParameters } from "./parameters.ts";

export type HttpHandler = FunctionHandler<HttpEvent, ApiResponse>;

/** Middy answers for an endpoint that still has no response this long before Lambda ends it. */
const LAST_CHANCE_MS = 1_000;
/** API Gateway ends a request after 30 s, and functions have 29 s: what an endpoint starts must be over after 24 s. */
const LONGEST_REQUEST_MS = 24_000;
/** Left for the response, and for writes that must not be cut off. */
const RESERVE_MS = 3_000;

/** Middy's headers that say nothing here: they are for pages, or have empty values. */
const WITHOUT = { poweredBy: false, reportTo: false, reportingEndpoints: false };

/** What every HTTP function has: error responses, a log record, lower-case header names, security headers. */
const httpStack = (runtime: Runtime, service: string) =>
  middy<ApiEvent, ApiResponse>({
    timeoutEarlyInMillis: LAST_CHANCE_MS,
    timeoutEarlyResponse: () => {
      throw new ApiError("TIMED_OUT");
    },
  })
    // onError runs from the last to the first: build the response, then add the security headers.
    .use(httpSecurityHeaders(WITHOUT))
    .use(requestOutcome(connectObservability(runtime, service), runtime))
    .use(httpHeaderNormalizer());

/** A function that anybody may call. Its endpoint learns nothing about the request. */
export const publicHandler = (runtime: Runtime, service: string, endpoint: () => Promise<ApiResponse>): HttpHandler =>
  httpStack(runtime, service).handler(endpoint);

/**
 * A function behind API Gateway's JWT authorizer: reads deadline, caller and parameters, then calls the endpoint.
 *
 * @param options.scope what the caller's token must have
 * @param options.takesMedia a body that holds no parameters is media, in place of an error
 */
export const apiHandler = (
  runtime: Runtime,
  service: string,
  { scope, takesMedia = false }: { readonly scope: Scope; readonly takesMedia?: boolean },
  endpoint: (request: HttpEvent & ApiRequest) => Promise<ApiResponse>,
): HttpHandler => {
  const config = readConfig(runtime.env, "scopePrefix", "scopeClaim", "ownerClaim", "jobsClaim", "jobsClaimRequired");
  return httpStack(runtime, service)
    .before((request) => {
      const { event, context } = request;
      const timeLeftMs = Math.min(context.getRemainingTimeInMillis() - RESERVE_MS, LONGEST_REQUEST_MS);
      const deadline = runtime.clock() + Math.max(timeLeftMs, 0);
      const caller = readCaller(event, config, scope);
      request.event = { ...event, deadline, caller, ...readParameters(event, { takesMedia }) };
    })
    .handler((event) => endpoint(event as HttpEvent & ApiRequest));
};

/** What the functions rely on in API Gateway's event, payload 2.0. */
const HttpRequest = v.object({
  headers: v.record(v.string(), v.string()),
  rawQueryString: v.string(),
  body: v.optional(v.string()),
  requestContext: v.object({ requestId: v.string(), http: v.object({ method: v.string() }) }),
});

/**
 * How every request ends: errors become responses, the log gets one record, and the metrics count what alarms read. Logs
 * neither messages nor values of parameters. An event that is no request, such as the console's test event, is refused.
 */
export const requestOutcome = (
  observability: Observability,
  { clock }: Pick<Runtime, "clock">,
): MiddlewareObj<ApiEvent, ApiResponse> => {
  const startedAt = new WeakMap<object, number>();
  const fieldsOf = (event: ApiEvent, context: Context): LogFields => {
    // If a request was refused early, its parameters were never read.
    const jobId = event.parameters?.["job_id"] ?? parseCapability(event.pathParameters?.["capability"] ?? "")?.jobId;
    const now = clock();
    return {
      requestId: event.requestContext.requestId,
      invocationId: context.awsRequestId,
      route: event.routeKey,
      durationMs: now - (startedAt.get(context) ?? now),
      jobId: jobId && normalJobId(jobId),
      uploadId: uploadIdOf(event.parameters?.["key"] ?? ""),
    };
  };
  return {
    before: (request) => {
      const { context, event } = request;
      startedAt.set(context, clock());
      if (v.is(HttpRequest, event)) return;
      // Whatever comes after this reads a request.
      request.event = { requestContext: { requestId: context.awsRequestId } } as ApiEvent;
      throw invalidQuery("The event is no HTTP request of API Gateway. Call the function by the API's address.");
    },
    after: ({ event, context, response }) => {
      observability.log.info("request answered", { ...fieldsOf(event, context), status: response?.statusCode });
    },
    onError: (request) => {
      const { event, context, error } = request;
      const apiError = toApiError(error);
      const { code, status, errorType } = apiError;
      request.response = respondWithError(apiError, event.requestContext.requestId);
      const reason = code === "UNHANDLED_ERROR" ? classAndPlace(error) : undefined;
      const fields = { status, code, errorType, reason };
      const { log, count } = observability.with(fieldsOf(event, context));
      if (status < 500) log.info("request refused", fields);
      else {
        log.error("request failed", fields);
        count("Http5xx");
      }
      if (error instanceof Cielo24Error && error.code === "LOGIN_INVALID") count("LoginInvalid");
    },
  };
};

/** Class and place of an unexpected error: enough to find it, without its message, which may quote anything. */
const classAndPlace = (error: unknown): string => {
  if (!(error instanceof Error)) return typeof error;
  const place = /\n\s+at .*?([\w.-]+:\d+):\d+\)?(?:\n|$)/.exec(error.stack ?? "")?.[1];
  return /^\w{1,64}$/.test(error.name) ? `${error.name}${place ? ` at ${place}` : ""}` : "Error";
};
