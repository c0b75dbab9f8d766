import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unzip } from "../harness/unzip.ts";
import { textAt, at, type Json, type Template } from "../template/cloudformation.ts";
import { FOLDERS } from "../template/environment.ts";

/** What `npm run package` made of a function. */
export interface PackagedFunction {
  /** The folder below `functions/`. */
  readonly name: string;
  readonly zipBytes: number;
  /** Holds the unzipped `handler.js`. */
  readonly directory: string;
  readonly functionName: string;
  readonly memoryMiB: number;
  readonly timeoutS: number;
  /** The variables as the template has them, with references that CloudFormation would fill in. */
  readonly variables: Readonly<Record<string, Json>>;
}

const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));

/** Reads the packaged template of a stage, and unzips every function into a folder of its own below `directory`. */
export const unpackStage = async (stage: string, directory: string): Promise<readonly PackagedFunction[]> => {
  const file = join(DIST, stage, "cloudformation-template-update-stack.json");
  const template = JSON.parse(await readFile(file, "utf8")) as Template;
  return Promise.all(
    Object.entries(FOLDERS).map(async ([logicalName, name]) => {
      const zip = await readFile(join(DIST, `${name}.zip`));
      const taskRoot = join(directory, name);
      await mkdir(taskRoot);
      await writeFile(join(taskRoot, "handler.js"), unzip(zip));
      const properties = `${logicalName}LambdaFunction.Properties`;
      return {
        name,
        zipBytes: zip.length,
        directory: taskRoot,
        functionName: textAt(template, `${properties}.FunctionName`),
        memoryMiB: Number(textAt(template, `${properties}.MemorySize`)),
        timeoutS: Number(textAt(template, `${properties}.Timeout`)),
        variables: at(template, `${properties}.Environment.Variables`) as Record<string, Json>,
      };
    }),
  );
};
