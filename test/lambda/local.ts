import type { Build } from "../../dev/stack/lambda.ts";
import type { Environment as Variables } from "../../lib/config.ts";
import { startEnvironment, type DeployedCode, type EnvironmentOptions } from "./environment.ts";
import type { PackagedFunction } from "./package.ts";
import { createPool, type Pool } from "./pool.ts";

/** Where the template names a server or a secret of the stage, or a pause that only a stage has time for. */
const OF_THE_STACK: readonly string[] = ["CIELO24_BASE_URL", "DROP_SETTLE_S"];
/** What Lambda adds by itself, and the addresses that AWS's clients have built in. */
const OF_LAMBDA = /^AWS_/;

/**
 * A packaged function's variables on the local stack: those of the template, with the stack's own where the template has
 * references. @throws where the stack has none for one
 */
export const localVariables = (
  { name, variables }: Pick<PackagedFunction, "name" | "variables">,
  ofStack: Variables,
): Record<string, string> => {
  const added = Object.entries(ofStack).filter(([variable]) => OF_LAMBDA.test(variable));
  const own = Object.entries(variables).map(([variable, value]) => {
    const isKnown = typeof value === "string" && !OF_THE_STACK.includes(variable);
    return [variable, isKnown ? value : ofStack[variable]] as const;
  });
  for (const [variable, value] of own)
    if (value === undefined) throw new Error(`The local stack has no ${variable} for ${name}`);
  return Object.fromEntries([...added, ...own]) as Record<string, string>;
};

export interface PackagedFunctions {
  /** For `startStack`: each function of the stack in environments of its own. */
  readonly functions: Readonly<Record<string, Build>>;
  /** The function's environments. Those start with its first invocation. */
  readonly pool: (name: string) => Pool;
  readonly stop: () => Promise<void>;
}

/** @param overrides by the function's name */
export const runPackaged = (
  packaged: readonly PackagedFunction[],
  options: EnvironmentOptions,
  overrides: Readonly<Record<string, Partial<DeployedCode>>> = {},
): PackagedFunctions => {
  const pools = new Map<string, Pool>();
  const build =
    (code: PackagedFunction): Build =>
    ({ env, writeLine }) => {
      // The stack's log holds records alone.
      const toStack = (line: string) => {
        if (line.startsWith("{")) writeLine(line);
      };
      const pool = createPool(() => {
        const variables = { ...localVariables(code, env), ...overrides[code.name]?.variables };
        return startEnvironment({ ...code, ...overrides[code.name], variables }, { ...options, onLine: toStack });
      });
      pools.set(code.name, pool);
      return (event, context) => pool.invoke(event, context.awsRequestId);
    };
  return {
    functions: Object.fromEntries(packaged.map((code) => [code.name, build(code)])),
    pool: (name) => {
      const pool = pools.get(name);
      if (!pool) throw new Error(`${name} was not invoked yet`);
      return pool;
    },
    stop: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.stop()));
    },
  };
};
