import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

export interface EnvFile {
  /** Removes the file, unless another stack has written its own there. */
  readonly remove: () => Promise<void>;
}

/**
 * Writes variables for `set -a; . FILE`, readable by its owner only: some are tokens. Values must need no quotes; the
 * caller's are addresses, ids and tokens.
 */
export const writeEnvFile = async (path: string, variables: Readonly<Record<string, string>>): Promise<EnvFile> => {
  const text = Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
  await mkdir(dirname(path), { recursive: true });
  // A mode is given to new files only.
  await rm(path, { force: true });
  await writeFile(path, text, { mode: 0o600, flag: "wx" });
  return {
    remove: async () => {
      if ((await readFile(path, "utf8").catch(() => "")) === text) await rm(path, { force: true });
    },
  };
};
