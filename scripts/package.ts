import { join } from "node:path";
import { buildFunctions, type BuiltFunction } from "./package/build.ts";
import { checkBeforeDeploying, finishDeployment } from "./package/deploy.ts";
import { runFramework } from "./package/framework.ts";
import { readOptions } from "./package/options.ts";
import { zipBudgetKiB } from "./package/zip-budget.ts";
import { readParams } from "./package/params.ts";

/**
 * Builds every function's zip and the stage's CloudFormation template: `npm run package -- --stage dev`. Needs neither
 * network nor credentials. With `--deploy` it deploys the stage, too. Other arguments are the framework's.
 */
const run = async () => {
  const options = readOptions(process.argv.slice(2), process.env);
  const { stage, profile, isDeploy, rest } = options;
  const params = readParams(".", options);
  const deployment = { stage, params, region: String(params["region"]), profile };

  if (isDeploy) for (const doubt of await checkBeforeDeploying(deployment)) console.warn(`Warning: ${doubt}`);
  printSizes(await buildFunctions("functions", "dist"));
  await (isDeploy
    ? runFramework(".", ["deploy", "--stage", stage, ...rest])
    : runFramework(".", ["package", "--stage", stage, "--package", join("dist", stage), ...rest]));
  if (isDeploy) for (const done of await finishDeployment(deployment)) console.log(done);
};

const printSizes = (built: readonly BuiltFunction[]) => {
  const kib = (bytes: number) => `${(bytes / 1024).toFixed(0)} KiB`;
  const row = (...[name = "", ...others]: string[]) => {
    console.log(name.padEnd(16), ...others.map((cell) => cell.padStart(9)));
  };
  row("function", "minified", "zip", "at most");
  for (const { name, moduleBytes, zipBytes } of built)
    row(name, kib(moduleBytes), kib(zipBytes), kib(zipBudgetKiB(name) * 1024));
};

try {
  await run();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
