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
  /** Undefined if a parameter decides. */
  readonly memoryMb?: number | undefined;
  readonly routes: readonly Route[];
}

interface FunctionFile {
  readonly function: {
    readonly timeout?: number;
    /** A number, or `${param:…}`. */
    readonly memorySize?: number | string;
    readonly events?: readonly { readonly httpApi?: HttpApiEvent }[];
  };
}

interface HttpApiEvent {
  readonly method: string;
  readonly path: string;
  /** `${self:custom.authorizers.<name>}` of `resources/authorizers.yml`. */
  readonly authorizer?: string;
}

/** Who checks a token's scopes, and the routes' authorizers then, by name. */
type AuthorizersFile = Readonly<
  Record<"gateway" | "functions", Readonly<Record<string, { readonly scopes?: readonly string[] } | undefined>>>
>;

interface ServerlessFile {
  readonly custom: { readonly scopesReadBy: Readonly<Record<string, "gateway" | undefined>> };
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

/** The parameters that decide which scopes the routes ask for. */
export interface ScopeParameters {
  readonly scopePrefix?: string | undefined;
  readonly scopeClaim?: string | undefined;
}

/** Reads `serverless.yml`, `resources/authorizers.yml` and every `functions/<name>/function.yml`. */
export const readDeployment = async ({
  scopePrefix = "",
  scopeClaim = "scope",
}: ScopeParameters = {}): Promise<Deployment> => {
  const { provider, custom } = (await readYaml("serverless.yml")) as ServerlessFile;
  const authorizers = (await readYaml("resources/authorizers.yml")) as AuthorizersFile;
  const readBy = Object.entries(custom.scopesReadBy).find(([claim]) => claim === scopeClaim)?.[1] ?? "functions";
  const chosen = authorizers[readBy];
  const scopesOf = (authorizer: string): string[] => {
    const name = /^\$\{self:custom\.authorizers\.(\w+)\}$/.exec(authorizer)?.[1] ?? "";
    const known = chosen[name];
    if (!known) throw new Error(`resources/authorizers.yml has no ${authorizer}`);
    return (known.scopes ?? []).map((scope) => scope.replace("${self:custom.tokens.scopePrefix}", scopePrefix));
  };

  const names = (await readdir(new URL("functions/", PROJECT))).toSorted();
  const functions = names.map(async (name): Promise<DeployedFunction> => {
    const {
      timeout,
      memorySize,
      events = [],
    } = ((await readYaml(`functions/${name}/function.yml`)) as FunctionFile).function;
    return {
      name,
      timeoutMs: (timeout ?? DEFAULT_TIMEOUT_S) * 1000,
      memoryMb: typeof memorySize === "number" ? memorySize : undefined,
      routes: events.flatMap(({ httpApi }) => {
        if (!httpApi) return [];
        const { method, path, authorizer } = httpApi;
        const scopes = authorizer === undefined ? {} : { scopes: scopesOf(authorizer) };
        return { routeKey: `${method} ${path}`, method, path, functionName: name, ...scopes };
      }),
    };
  });
  const { allowedHeaders, allowedMethods, exposedResponseHeaders = [], maxAge = 0 } = provider.httpApi.cors;
  return {
    functions: await Promise.all(functions),
    cors: { allowedHeaders, allowedMethods, exposedHeaders: exposedResponseHeaders, maxAgeS: maxAge },
  };
};

const readYaml = async (file: string): Promise<unknown> =>
  // CloudFormation's tags are unknown to YAML, and their values do not matter here.
  parse(await readFile(new URL(file, PROJECT), "utf8"), { logLevel: "silent" });
