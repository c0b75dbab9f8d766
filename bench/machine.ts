import { execFile } from "node:child_process";
import { cpus, totalmem, type, release } from "node:os";
import { promisify } from "node:util";
import { findProgram } from "../test/harness/find-program.ts";

/** What figures depend on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  /** By program, those that are installed. */
  readonly versions: Readonly<Record<string, string>>;
}

/** The programs that figures are compared with, and how each says its version. */
const PROGRAMS = { curl: "--version", rclone: "--version", nginx: "-v", openssl: "version" };

export const describeMachine = async (): Promise<Machine> => {
  const versions = await Promise.all(
    Object.entries(PROGRAMS).map(async ([name, flag]) => [name, await askVersion(name, flag)] as const),
  );
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    system: `${type()} ${release()}`,
    versions: Object.fromEntries([["node", process.version], ...versions.filter(([, version]) => version !== "")]),
  };
};

const askVersion = async (name: string, flag: string): Promise<string> => {
  const program = findProgram(name);
  if (!program) return "";
  const { stdout, stderr } = await promisify(execFile)(program, [flag]);
  return /\d+\.\d+[\w.]*/.exec(stdout + stderr)?.[0] ?? "unknown";
};
