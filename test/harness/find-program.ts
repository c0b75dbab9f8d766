import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const isRunnable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Debian's own program before any other of that name; undefined where there is none. */
export const findProgram = (name: string): string | undefined =>
  ["/usr/bin", ...(process.env["PATH"] ?? "").split(delimiter)]
    .map((directory) => join(directory, name))
    .find((path) => existsSync(path) && isRunnable(path));
