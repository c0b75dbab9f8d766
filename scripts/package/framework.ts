import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const WHAT_NOW = " What its message means, and how to go on, is in docs/deploy.md#when-a-deployment-fails";

/** Runs the Serverless framework in a folder and shows its output. Rejects where it fails. */
export const runFramework = async (serviceDir: string, args: readonly string[]): Promise<void> => {
  const entry = fileURLToPath(import.meta.resolve("serverless/bin/serverless.js"));
  const child = spawn(process.execPath, [entry, ...args], { cwd: serviceDir, stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`serverless ${args[0] ?? ""} failed.${args[0] === "deploy" ? WHAT_NOW : ""}`);
};
