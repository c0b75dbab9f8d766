import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { STAGES, type Stage } from "./check.ts";
import type { Template } from "./cloudformation.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const FRAMEWORK = join(PROJECT, "node_modules/serverless/bin/serverless.js");

/**
 * The templates of both stages, made by the framework from the project's files and the example's parameters, with empty
 * zips and no credentials.
 */
export const packageStages = (): Promise<Record<Stage, Template>> =>
  withService(async (service) => {
    const templates: Partial<Record<Stage, Template>> = {};
    for (const stage of STAGES) templates[stage] = await packageStage(service, stage);
    return templates as Record<Stage, Template>;
  });

/** The template of a stage with a `params.yml` of one's own, made by `npx serverless package` with further arguments. */
export const packageWith = (paramsYml: string, stage: string, ...args: readonly string[]): Promise<Template> =>
  withService(async (service) => {
    await writeFile(join(service, "params.yml"), paramsYml);
    return packageStage(service, stage, ...args);
  });

const withService = async <T>(use: (service: string) => Promise<T>): Promise<T> => {
  const service = await mkdtemp(join(tmpdir(), "template-"));
  try {
    await copyService(service);
    return await use(service);
  } finally {
    await rm(service, { recursive: true });
  }
};

const copyService = async (service: string) => {
  for (const file of ["serverless.yml", "params.example.yml", "package.json", "resources", "scripts/package"])
    await cp(join(PROJECT, file), join(service, file), { recursive: true });
  // What reads the parameters is code.
  await symlink(join(PROJECT, "node_modules"), join(service, "node_modules"));
  await mkdir(join(service, "dist"));
  for (const name of await readdir(join(PROJECT, "functions"))) {
    await mkdir(join(service, "functions", name), { recursive: true });
    await cp(join(PROJECT, "functions", name, "function.yml"), join(service, "functions", name, "function.yml"));
    await writeFile(join(service, "dist", `${name}.zip`), "");
  }
};

const packageStage = async (service: string, stage: string, ...args: readonly string[]): Promise<Template> => {
  await promisify(execFile)(
    process.execPath,
    [FRAMEWORK, "package", "--stage", stage, "--package", `dist/${stage}`, ...args],
    { cwd: service, env: { HOME: service, PATH: "", TMPDIR: tmpdir() } },
  );
  const file = join(service, "dist", stage, "cloudformation-template-update-stack.json");
  return JSON.parse(await readFile(file, "utf8")) as Template;
};
