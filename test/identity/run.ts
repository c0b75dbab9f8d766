import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/**
 * `npm run test:identity`: real logins at real identity providers, and what their tokens are good for on the local stack.
 * Arguments go to jest. Without Java and Maven, Keycloak is skipped, except in CI.
 */

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Keycloak's folder; undefined where it cannot be had, which CI does not allow. */
const install = async (): Promise<string | undefined> => {
  try {
    await promisify(execFile)("java", ["-version"]);
    return (await promisify(execFile)("bash", [at("../../scripts/keycloak.sh")])).stdout.trim();
  } catch (error) {
    if (process.env["CI"] === "true") throw error;
    process.stderr.write(`skipped: Keycloak (install Java and Maven): ${String(error)}\n`);
    return undefined;
  }
};

const keycloak = await install();
const jest = spawn(
  process.execPath,
  [
    "--experimental-vm-modules",
    "--disable-warning=ExperimentalWarning",
    at("../../node_modules/jest/bin/jest.js"),
    ...["--config", at("jest.config.mjs"), "--runInBand", "--silent", ...process.argv.slice(2)],
  ],
  { stdio: "inherit", env: { ...process.env, ...(keycloak === undefined ? {} : { KEYCLOAK: keycloak }) } },
);
const [code] = (await once(jest, "exit")) as [number | null];
process.exitCode = code ?? 1;
