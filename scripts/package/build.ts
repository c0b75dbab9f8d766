import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundle } from "./bundle.ts";
import { zipOf } from "./zip.ts";

export interface BuiltFunction {
  readonly name: string;
  readonly moduleBytes: number;
  readonly zipBytes: number;
}

/** The names of the folders that describe a function. @throws where one of them has no entry */
export const listFunctions = async (functionsDir: string): Promise<string[]> => {
  const folders = await readdir(functionsDir);
  const names = folders.filter((name) => existsSync(join(functionsDir, name, "function.yml"))).sort();
  const absent = names.filter((name) => !existsSync(join(functionsDir, name, "handler.ts")));
  if (absent.length > 0) throw new Error(`There is no handler.ts for: ${absent.join(", ")}`);
  if (names.length === 0) throw new Error("There are no functions");
  return names;
};

/**
 * Builds `<name>.zip` with `handler.js` in it for every function. Zips of an earlier build go first, so that a failed
 * build leaves nothing to deploy.
 */
export const buildFunctions = async (functionsDir: string, outDir: string): Promise<BuiltFunction[]> => {
  await mkdir(outDir, { recursive: true });
  for (const file of await readdir(outDir)) if (file.endsWith(".zip")) await rm(join(outDir, file));
  const names = await listFunctions(functionsDir);
  const built = await Promise.all(
    names.map(async (name) => {
      const module = await bundle(join(functionsDir, name, "handler.ts"));
      return { name, moduleBytes: module.length, zip: await zipOf("handler.js", module) };
    }),
  );
  for (const { name, zip } of built) await writeFile(join(outDir, `${name}.zip`), zip);
  return built.map(({ name, moduleBytes, zip }) => ({ name, moduleBytes, zipBytes: zip.length }));
};
