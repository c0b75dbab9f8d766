import { readConfig } from "../../lib/config.ts";
import { respond, type ApiResponse } from "../../lib/http/endpoint.ts";
import { publicHandler, type HttpHandler } from "../../lib/http/handler.ts";
import { lambdaHandler, type Runtime } from "../../lib/runtime.ts";

/** Says that the API answers, and its version. Anybody may know that, and nothing else. */
export const health = (version: string) => (): Promise<ApiResponse> => Promise.resolve(respond({ Version: version }));

export const build = (runtime: Runtime): HttpHandler =>
  publicHandler(runtime, "health", health(readConfig(runtime.env, "version").version));

export const handler = lambdaHandler(build);
