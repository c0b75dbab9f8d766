import { readFile } from "node:fs/promises";
import { UsageError } from "./outcome.ts";

/** The system's code for what went wrong, such as `ENOENT`. */
export const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : "unknown reason";

/**
 * @param what names the file in the error
 * @throws {UsageError}
 */
export const readTextFile = async (path: string, what: string): Promise<string> => {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new UsageError(`${what} ${path} cannot be read (${codeOf(error)}).`);
  }
};
