import { mkdir, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "../scripts/package/bundle.ts";

/**
 * Bundles a program into one minified CommonJS module, as functions are bundled, so that the benchmark runs what is deployed.
 * So it awaits nothing at its top level.
 */
export const bundleProgram = async (entry: URL): Promise<string> => {
  const file = new URL(`../dist/bench/${basename(entry.pathname, ".ts")}.cjs`, import.meta.url);
  await mkdir(new URL(".", file), { recursive: true });
  await writeFile(file, await bundle(fileURLToPath(entry)));
  return fileURLToPath(file);
};
