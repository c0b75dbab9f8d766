import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf } from "./files.ts";

/**
 * Makes a folder and those above it, for its owner alone; one that exists stays as it is. Node's own `recursive` never ends
 * below /proc, where the system says ENOENT although the parent is there.
 *
 * @throws the system's error
 */
export const makeFolder = async (path: string): Promise<void> => {
  try {
    await makeOne(path);
  } catch (error) {
    const parent = dirname(path);
    if (codeOf(error) !== "ENOENT" || parent === path) throw error;
    await makeFolder(parent);
    await makeOne(path);
  }
};

const makeOne = async (path: string): Promise<void> => {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    // Whether it is a folder tells whoever writes into it.
    if (codeOf(error) !== "EEXIST") throw error;
  }
};
