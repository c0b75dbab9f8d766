import { GetFunctionConfigurationCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { unzip } from "../harness/unzip.ts";
import { startEnvironment, type Environment } from "../lambda/environment.ts";

interface Deployed {
  readonly lambda: LambdaClient;
  readonly functionName: string;
  readonly zip: Buffer;
  /** A folder that does not exist yet. */
  readonly directory: string;
  /** What Lambda adds, and where AWS is. */
  readonly env: Readonly<Record<string, string>>;
  /** What `scripts/lambda-engine.sh` printed. */
  readonly engine: string;
}

/** Runs a function's zip with the configuration that CloudFormation gave the function: its variables, memory and time. */
export const startDeployed = async (deployed: Deployed): Promise<Environment> => {
  const { lambda, functionName, zip, directory, env, engine } = deployed;
  const configuration = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: functionName }));
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "handler.js"), unzip(zip));
  const { MemorySize = 0, Timeout = 0, Environment: { Variables = {} } = {} } = configuration;
  const code = { directory, functionName, memoryMiB: MemorySize, timeoutS: Timeout };
  return startEnvironment({ ...code, variables: { ...env, ...Variables } }, { engine });
};
