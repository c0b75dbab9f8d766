import { join } from "node:path";
import { buildFunctions, type BuiltFunction } from "./package/build.ts";
import { checkBeforeDeploying, finishDeployment } from "./package/deploy.ts";
import { runFramework } from "./package/framework.ts";
import { readOptions } from "./package/options.ts";
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
  const kib = (bytes: number) => `${(bytes / 1024).toFixed(0)} KiB`.padStart(9);
  console.log(`${"function".padEnd(16)} ${"minified".padStart(9)} ${"zip".padStart(9)}`);
  for (const { name, moduleBytes, zipBytes } of built)
    console.log(`${name.padEnd(16)} ${kib(moduleBytes)} ${kib(zipBytes)}`);
};

try {
  await run();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
