import { readConfig } from "../../lib/config.ts";
import { publicHandler, type HttpHandler } from "../../lib/http/handler.ts";
import { lambdaHandler, type Runtime } from "../../lib/runtime.ts";
import { health } from "./endpoint.ts";

export const build = (runtime: Runtime): HttpHandler =>
  publicHandler(runtime, "health", health(readConfig(runtime.env, "version").version));

export const handler = lambdaHandler(build);
