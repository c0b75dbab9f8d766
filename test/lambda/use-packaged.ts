import { afterAll, afterEach } from "@jest/globals";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StackOptions } from "../../dev/stack.ts";
import { useDrops } from "../harness/drops.ts";
import { startEnvironment, type DeployedCode, type Environment, type EnvironmentOptions } from "./environment.ts";
import { localVariables, runPackaged } from "./local.ts";
import { unpackStage, type PackagedFunction } from "./package.ts";

/** Set by `run.ts`. */
const engine = process.env["LAMBDA_ENGINE"] ?? "";

interface Options extends Pick<EnvironmentOptions, "nodeArguments"> {
  readonly stack?: StackOptions;
  /** In place of what the template says, by the function's name. */
  readonly overrides?: Readonly<Record<string, Partial<DeployedCode>>>;
}

const folder = await mkdtemp(join(tmpdir(), "lambda-"));
const packaged = await unpackStage("dev", folder);
// After the last test of the file.
afterAll(() => rm(folder, { recursive: true }));

/** The names of the functions, by their folders. */
export const FUNCTIONS: readonly string[] = packaged.map(({ name }) => name);

/** The local stack with the packaged functions, each in environments of its own, for one file. */
export const usePackaged = ({ stack = {}, overrides, nodeArguments = [] }: Options = {}) => {
  const running = runPackaged(packaged, { engine, nodeArguments }, overrides);
  const local = useDrops({ ...stack, functions: running.functions });
  const others: Environment[] = [];
  afterEach(async () => {
    await Promise.all(others.splice(0).map((each) => each.stop()));
  });
  afterAll(() => running.stop());

  const find = (name: string): PackagedFunction => {
    const found = packaged.find((each) => each.name === name);
    if (!found) throw new Error(`There is no function ${name}`);
    return found;
  };
  return Object.assign(local, {
    /** The environments that the stack's invocations of the function have made. */
    environments: (name: string): readonly Environment[] => running.pool(name).environments(),
    /** One environment apart from the stack's, for one test. A variable that is undefined is left out. */
    startEnvironment: async (
      name: string,
      variables: Readonly<Record<string, string | undefined>> = {},
      options: Pick<EnvironmentOptions, "nodeArguments"> & Partial<DeployedCode> = {},
    ): Promise<Environment> => {
      const code = find(name);
      const all = Object.entries({ ...localVariables(code, local.stack.env), ...variables });
      const given = Object.fromEntries(all.filter((each): each is [string, string] => each[1] !== undefined));
      const started = await startEnvironment(
        { ...code, ...options, variables: given },
        { engine, nodeArguments: [...nodeArguments, ...(options.nodeArguments ?? [])] },
      );
      others.push(started);
      return started;
    },
  });
};
