import { execFile } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Packs the client and the command line, and unpacks them into the `node_modules` of an application's folder: as npm installs
 * them, but without a registry. `beside` are packages of this repository that the application has, too.
 */
export const installPackage = async (folder: string, beside: readonly string[] = []): Promise<void> => {
  const { stdout } = await run(process.execPath, ["scripts/build-client.ts", "--pack", folder]);
  const unpacked = join(folder, "node_modules/cielo24-proxy");
  await mkdir(unpacked, { recursive: true });
  await run("tar", ["-xzf", stdout.trim(), "-C", unpacked, "--strip-components=1"]);
  for (const name of beside) await linkPackage(folder, name);
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
};

/** Gives the application a package that this repository has. */
export const linkPackage = async (folder: string, name: string, from = "node_modules"): Promise<void> => {
  const link = join(folder, "node_modules", name);
  await mkdir(dirname(link), { recursive: true });
  await symlink(resolve(from, name), link);
};

/** What careful applications ask of their code, beyond `strict`. */
const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitOverride: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  isolatedModules: true,
  target: "es2022",
  lib: ["es2022", "dom", "dom.iterable"],
  types: [] as string[],
  noEmit: true,
};

/** Compiles files of the folder, and what they import. @returns the compiler's complaints; none if it has no objection */
export const compile = async (folder: string, files: readonly string[], options: object = {}): Promise<string> => {
  const config = join(folder, "tsconfig.json");
  await writeFile(config, JSON.stringify({ compilerOptions: { ...STRICT, ...options }, files }));
  const compiler = resolve("node_modules/typescript/bin/tsc");
  return run(process.execPath, [compiler, "-p", config]).then(
    ({ stdout }) => stdout,
    (error: unknown) => (error as { stdout: string }).stdout,
  );
};
