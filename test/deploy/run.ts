import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { LACKING } from "./lacking.ts";

/**
 * `npm run test:deploy`: the framework's real deployments of both stages into moto, and what was deployed at work. Arguments go
 * to jest. Without Python, Java, Maven, or what Lambda's emulator is built with, it is skipped, except in CI.
 */

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const install = async (script: string): Promise<string> =>
  (await promisify(execFile)("bash", [at(`../../scripts/${script}`)])).stdout.trim();

const installAll = async (): Promise<Record<string, string> | undefined> => {
  try {
    await promisify(execFile)("java", ["-version"]);
    return {
      MOTO: await install("moto.sh"),
      ELASTICMQ: await install("elasticmq.sh"),
      LAMBDA_ENGINE: await install("lambda-engine.sh"),
    };
  } catch (error) {
    if (process.env["CI"] === "true") throw error;
    process.stderr.write(`skipped: deployments into moto (install Python, Java, Maven and Go): ${String(error)}\n`);
    return undefined;
  }
};

const tools = await installAll();
if (tools) {
  const jest = spawn(
    process.execPath,
    [
      "--experimental-vm-modules",
      "--disable-warning=ExperimentalWarning",
      at("../../node_modules/jest/bin/jest.js"),
      ...["--config", at("jest.config.mjs"), "--runInBand", "--verbose", ...process.argv.slice(2)],
    ],
    { stdio: "inherit", env: { ...process.env, ...tools } },
  );
  const [code] = (await once(jest, "exit")) as [number | null];
  process.exitCode = code ?? 1;

  process.stdout.write("\nWhat is not as in AWS, and what stands for it:\n");
  for (const { what, instead } of LACKING) process.stdout.write(`- ${what}\n    ${instead}\n`);
}
