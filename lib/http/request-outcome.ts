import type { MiddlewareObj } from "@middy/core";
import { Cielo24Error } from "../cielo24/errors.ts";
import { normalJobId } from "../job-id.ts";
import type { LogFields, Observability } from "../observability.ts";
import type { Runtime } from "../runtime.ts";
import type { ApiEvent, ApiResponse } from "./endpoint.ts";
import { respondWithError, toApiError } from "./errors.ts";

/**
 * How every request ends: errors become responses, the log gets one record, and the metrics count what alarms read. Logs
 * neither messages nor values of parameters.
 */
export const requestOutcome = (
  observability: Observability,
  { clock }: Pick<Runtime, "clock">,
): MiddlewareObj<ApiEvent, ApiResponse> => {
  const startedAt = new WeakMap<object, number>();
  const fieldsOf = (event: ApiEvent, context: object): LogFields => {
    // If a request was refused early, its parameters were never read.
    const jobId = event.parameters?.["job_id"];
    const now = clock();
    return {
      requestId: event.requestContext.requestId,
      route: event.routeKey,
      durationMs: now - (startedAt.get(context) ?? now),
      jobId: jobId && normalJobId(jobId),
    };
  };
  return {
    before: ({ context }) => {
      startedAt.set(context, clock());
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
      const fields = { ...fieldsOf(event, context), status, code, errorType, reason };
      if (status < 500) observability.log.info("request refused", fields);
      else {
        observability.log.error("request failed", fields);
        observability.count("Http5xx");
      }
      if (error instanceof Cielo24Error && error.code === "LOGIN_INVALID") observability.count("LoginInvalid");
    },
  };
};

/** Class and place of an unexpected error: enough to find it, without its message, which may quote anything. */
const classAndPlace = (error: unknown): string => {
  if (!(error instanceof Error)) return typeof error;
  const place = /\n\s+at .*?([\w.-]+:\d+):\d+\)?(?:\n|$)/.exec(error.stack ?? "")?.[1];
  return /^\w{1,64}$/.test(error.name) ? `${error.name}${place ? ` at ${place}` : ""}` : "Error";
};
