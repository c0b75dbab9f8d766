import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { runTour } from "../../dev/tour.ts";
import { runPackaged } from "./local.ts";
import { measureStarts, printStarts } from "./measure.ts";
import { unpackStage } from "./package.ts";

/**
 * `npm run test:lambda`: the packaged functions under AWS's runtime interface emulator and Node runtime. Arguments go to
 * jest, and leave out the tour and the table. Without the tools to build the two, it is skipped, except in CI.
 */

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const ownArguments = process.argv.slice(2);

const timed = async <T>(label: string, act: () => Promise<T>): Promise<T> => {
  const startedAt = Date.now();
  try {
    return await act();
  } finally {
    console.log(`${label}: ${((Date.now() - startedAt) / 1000).toFixed(0)} s`);
  }
};

/** The engine's folder; undefined where it cannot be built, which CI does not allow. */
const install = async (): Promise<string | undefined> => {
  try {
    return (await promisify(execFile)("bash", [at("../../scripts/lambda-engine.sh")])).stdout.trim();
  } catch (error) {
    if (process.env["CI"] === "true") throw error;
    console.error(`skipped: the packaged functions under AWS's emulator: ${String(error)}`);
    return undefined;
  }
};

const tourAndTable = async (engine: string): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "lambda-"));
  try {
    const packaged = await unpackStage("dev", folder);
    const running = runPackaged(packaged, { engine });
    const failures = await timed("the tour", () => runTour({ functions: running.functions }));
    await running.stop();
    if (failures > 0) process.exitCode = 1;
    printStarts(await timed("starts", () => measureStarts(packaged, engine)));
  } finally {
    await rm(folder, { recursive: true });
  }
};

const test = async (engine: string): Promise<void> => {
  const jest = spawn(
    process.execPath,
    [
      "--experimental-vm-modules",
      "--disable-warning=ExperimentalWarning",
      at("../../node_modules/jest/bin/jest.js"),
      ...["--config", at("jest.config.mjs"), "--verbose", ...ownArguments],
    ],
    { stdio: "inherit", env: { ...process.env, LAMBDA_ENGINE: engine } },
  );
  const [code] = (await once(jest, "exit")) as [number | null];
  if (code !== 0) process.exitCode = 1;
};

const engine = await timed("the engine", install);
if (engine !== undefined) {
  await timed("packaging", () =>
    promisify(execFile)(process.execPath, ["scripts/package.ts", "--stage", "dev"], { cwd: at("../..") }),
  );
  if (ownArguments.length === 0) await tourAndTable(engine);
  await timed("tests", () => test(engine));
}
