import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

export interface OwnFile {
  /** Removes the file, unless another stack has written its own there. */
  readonly remove: () => Promise<void>;
}

/** The text of a file for `set -a; . FILE`. Values must need no quotes; the caller's are addresses, ids and tokens. */
export const envText = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");

/** Writes a file, readable by its owner only: it holds tokens or keys. */
export const writeOwnFile = async (path: string, text: string): Promise<OwnFile> => {
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
