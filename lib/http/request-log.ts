import { Cielo24Error } from "../cielo24/errors.ts";
import { normalJobId } from "../job-id.ts";
import type { LogFields, Observability } from "../observability.ts";
import type { Runtime } from "../runtime.ts";
import { toApiError } from "./errors.ts";
import type { ApiMiddleware, HttpEvent } from "./request.ts";

/** One record a request, and the metrics that alarms read. Neither messages nor values of parameters are logged. */
export const requestLog = (observability: Observability, { clock }: Pick<Runtime, "clock">): ApiMiddleware => {
  const begun = new WeakMap<object, number>();
  return {
    before: (request) => {
      begun.set(request.context, clock());
    },
    after: (request) => {
      const { event, context, response } = request;
      observability.log.info("request answered", {
        ...about(event, clock() - (begun.get(context) ?? clock())),
        ...(response ? { status: response.statusCode } : {}),
      });
    },
    onError: (request) => {
      const { event, context, error } = request;
      const { code, status, errorType } = toApiError(error);
      const fields: LogFields = {
        ...about(event, clock() - (begun.get(context) ?? clock())),
        status,
        code,
        errorType,
        ...(code === "UNHANDLED_ERROR" ? whatHappened(error) : {}),
      };
      if (status < 500) observability.log.info("request refused", fields);
      else {
        observability.log.error("request failed", fields);
        observability.count("Http5xx");
      }
      if (error instanceof Cielo24Error && error.code === "LOGIN_INVALID") observability.count("LoginInvalid");
    },
  };
};

const about = (event: HttpEvent, durationMs: number): LogFields => {
  // Where a request was refused early, its parameters were never read.
  const given = (event as Partial<{ parameters: Readonly<Record<string, string>> }>).parameters?.["job_id"];
  const jobId = given === undefined ? undefined : normalJobId(given);
  return {
    requestId: event.requestContext.requestId,
    route: event.routeKey,
    durationMs,
    ...(jobId === undefined ? {} : { jobId }),
  };
};

/** Class and place of an unexpected error: enough to find it, and free of its message, which may quote anything. */
const whatHappened = (error: unknown): LogFields => {
  if (!(error instanceof Error)) return { reason: typeof error };
  const place = /\n\s+at .*?([\w.-]+:\d+):\d+\)?(?:\n|$)/.exec(error.stack ?? "")?.[1];
  return { reason: /^\w{1,64}$/.test(error.name) ? `${error.name}${place ? ` at ${place}` : ""}` : "Error" };
};
