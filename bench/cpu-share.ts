import { existsSync } from "node:fs";
import { mkdir, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A share of one CPU, for the processes that are started in it. Needs Linux and the right to make cgroups. */
export interface CpuShare {
  /** The command that runs a program within the share. */
  readonly command: (file: string, args: readonly string[]) => readonly [file: string, args: readonly string[]];
  /** Removes the share. Its processes must have ended. */
  readonly close: () => Promise<void>;
}

/** Lambda gives a function one whole CPU at this memory, and in proportion below. */
export const WHOLE_CPU_MB = 1769;

/** As on Lambda. A longer period would let a short program run on before it is throttled for the first time. */
const PERIOD_US = 20_000;

const ROOT = "/sys/fs/cgroup";
const isVersion2 = existsSync(join(ROOT, "cgroup.controllers"));

let made = 0;

/** The share of a function with so much memory. Rejects where this process may not make a cgroup. */
export const createCpuShare = async (memoryMb: number): Promise<CpuShare> => {
  const folder = join(ROOT, isVersion2 ? "" : "cpu", `cielo24-proxy-bench-${process.pid}-${(made += 1)}`);
  const quotaUs = Math.round((memoryMb / WHOLE_CPU_MB) * PERIOD_US);
  if (isVersion2) await writeFile(join(ROOT, "cgroup.subtree_control"), "+cpu");
  await mkdir(folder);
  // The quota is the limit. Up to it, its processes go before everything else on the machine.
  const settings = isVersion2
    ? { "cpu.max": `${quotaUs} ${PERIOD_US}`, "cpu.weight": "10000" }
    : { "cpu.cfs_period_us": PERIOD_US, "cpu.cfs_quota_us": quotaUs, "cpu.shares": 262_144 };
  for (const [file, value] of Object.entries(settings)) await writeFile(join(folder, file), String(value));
  return {
    command: (file, args) => ["sh", ["-c", 'echo $$ >"$0" && exec "$@"', join(folder, "cgroup.procs"), file, ...args]],
    close: () => rmdir(folder),
  };
};

/** Why there can be no share of a CPU here; undefined if there can. */
export const missingCpuShare = async (): Promise<string | undefined> => {
  try {
    await (await createCpuShare(WHOLE_CPU_MB)).close();
    return undefined;
  } catch {
    return "shares of a CPU need Linux's cgroups and root: sudo env PATH=$PATH npm run bench";
  }
};
