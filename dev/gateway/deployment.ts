import { readdir, readFile } from "node:fs/promises";
import { parse } from "yaml";
import type { Cors } from "./cors.ts";
import type { Route } from "./routes.ts";

/** What the local stack takes from the deployed configuration. */
export interface Deployment {
  readonly functions: readonly DeployedFunction[];
  /** Headers and methods from `serverless.yml`. The allowed origins differ by stage. */
  readonly cors: Omit<Cors, "allowedOrigins">;
}

export interface DeployedFunction {
  /** Name of the folder under `functions/`. */
  readonly name: string;
  readonly timeoutMs: number;
  readonly routes: readonly Route[];
}

interface FunctionFile {
  readonly function: {
    readonly timeout?: number;
    readonly events?: readonly { readonly httpApi?: HttpApiEvent }[];
  };
}

interface HttpApiEvent {
  readonly method: string;
  readonly path: string;
  readonly authorizer?: { readonly name: string; readonly scopes?: readonly string[] };
}

interface ServerlessFile {
  readonly provider: {
    readonly httpApi: {
      readonly cors: {
        readonly allowedHeaders: string[];
        readonly allowedMethods: string[];
        readonly exposedResponseHeaders?: string[];
        readonly maxAge?: number;
      };
    };
  };
}

const PROJECT = new URL("../../", import.meta.url);
/** Lambda's own default. */
const DEFAULT_TIMEOUT_S = 3;

/** Reads `serverless.yml` and every `functions/<name>/function.yml`, by default of this project. */
export const readDeployment = async (project: URL = PROJECT): Promise<Deployment> => {
  const names = (await readdir(new URL("functions/", project))).toSorted();
  const functions = names.map(async (name) => {
    const file = (await readYaml(new URL(`functions/${name}/function.yml`, project))) as FunctionFile;
    return readFunction(name, file.function);
  });
  const { provider } = (await readYaml(new URL("serverless.yml", project))) as ServerlessFile;
  const { allowedHeaders, allowedMethods, exposedResponseHeaders = [], maxAge = 0 } = provider.httpApi.cors;
  return {
    functions: await Promise.all(functions),
    cors: { allowedHeaders, allowedMethods, exposedHeaders: exposedResponseHeaders, maxAgeS: maxAge },
  };
};

const readYaml = async (file: URL): Promise<unknown> =>
  // CloudFormation's tags are unknown to YAML, and their values do not matter here.
  parse(await readFile(file, "utf8"), { logLevel: "silent" });

const readFunction = (name: string, { timeout, events = [] }: FunctionFile["function"]): DeployedFunction => ({
  name,
  timeoutMs: (timeout ?? DEFAULT_TIMEOUT_S) * 1000,
  routes: events.flatMap(({ httpApi }) => (httpApi ? [readRoute(name, httpApi)] : [])),
});

const readRoute = (functionName: string, { method, path, authorizer }: HttpApiEvent): Route => ({
  routeKey: `${method} ${path}`,
  method,
  path,
  functionName,
  ...(authorizer ? { scopes: authorizer.scopes ?? [] } : {}),
});
