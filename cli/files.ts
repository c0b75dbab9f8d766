import { readFile } from "node:fs/promises";
import { UsageError } from "./outcome.ts";

/** The system's code for what went wrong, such as `ENOENT`. */
export const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : "unknown reason";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a directory",
  EACCES: "you may not read it",
  EPERM: "you may not read it",
  ENOTDIR: "there is no such folder",
  ELOOP: "its links lead nowhere",
};

/** Why a file cannot be read, in words where there are any. */
export const reasonOf = (error: unknown): string => REASONS[codeOf(error)] ?? codeOf(error);

/**
 * @param what names the file in the error
 * @throws {UsageError}
 */
export const readTextFile = async (path: string, what: string): Promise<string> => {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new UsageError(`${what} ${path} cannot be read: ${reasonOf(error)}.`);
  }
};
