import { describe } from "@jest/globals";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findProgram } from "./find-program.ts";

export { findProgram };

/** Programs that cannot reach what they look for go on trying; less than a test may take. */
const LONGEST_RUN_MS = 100_000;

/** `describe`, but if one of the programs is missing, the tests are skipped with a message. In CI they fail instead. */
export const describeWith = (...programs: readonly string[]) => {
  const missing = programs.filter((program) => findProgram(program) === undefined);
  if (missing.length === 0 || process.env["CI"] === "true") return describe;
  process.stderr.write(`skipped: tests with ${missing.join(" and ")}, which Debian has\n`);
  return describe.skip;
};

/**
 * Runs a program with these variables and a path, and nothing else of the machine's environment: none of the developer's
 * profiles, endpoints or certificates.
 *
 * @returns what it printed
 */
export const runProgram = async (
  program: string | undefined,
  args: readonly string[],
  { env, cwd }: { readonly env: Readonly<Record<string, string>>; readonly cwd: string },
): Promise<string> => {
  if (program === undefined) throw new Error("The program is not installed");
  const { stdout, stderr } = await promisify(execFile)(program, args, {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", HOME: cwd, LANG: "C.UTF-8", ...env },
    maxBuffer: 16 * 1024 * 1024,
    timeout: LONGEST_RUN_MS,
  });
  return stdout + stderr;
};
