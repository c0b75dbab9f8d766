import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { cpus, totalmem, type, release } from "node:os";
import { promisify } from "node:util";
import { findProgram } from "../test/harness/find-program.ts";

/** What figures depend on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** Name, major and minor version of the kernel: `Linux 6.18`. */
  readonly system: string;
  /** By program and package; programs only where they are installed. */
  readonly versions: Readonly<Record<string, string>>;
}

/** The programs that take part, and how each says its version. */
const PROGRAMS = { aws: "--version", curl: "--version", go: "version", openssl: "version", rclone: "--version" };
/** The packages that figures are compared with. */
const PACKAGES = ["@aws-sdk/client-s3", "undici"];

/** Describes the machine that this process runs on. */
export const describeMachine = async (): Promise<Machine> => {
  const versions = await Promise.all(
    Object.entries(PROGRAMS).map(async ([name, flag]) => [name, await askVersion(name, flag)] as const),
  );
  const [major, minor] = release().split(".");
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    system: `${type()} ${major}.${minor}`,
    versions: Object.fromEntries([
      ["node", process.version] as const,
      ...versions.filter(([, version]) => version !== ""),
      ...PACKAGES.map((name) => [name, versionOfPackage(name)] as const),
    ]),
  };
};

const askVersion = async (name: string, flag: string): Promise<string> => {
  const program = findProgram(name);
  if (!program) return "";
  const { stdout, stderr } = await promisify(execFile)(program, [flag]);
  return /\d+\.\d+[\w.]*/.exec(stdout + stderr)?.[0] ?? "unknown";
};

const versionOfPackage = (name: string): string =>
  (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version;
