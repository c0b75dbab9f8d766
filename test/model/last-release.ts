import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { start, step } from "../../lib/delivery/machine/machine.ts";

/** The commit whose code may still run while the present one is deployed: a delivery takes up to 15 minutes. */
const LAST_RELEASE = "01131de7590cf5b13fa8416c1bba5f7015fbaae6";

/** The delivery machine as it was released last. */
export interface Release {
  readonly start: typeof start;
  readonly step: typeof step;
}

const FOLDER = "lib/delivery";

/** Undefined if the repository's history is missing: in a copy without git, or a shallow clone. */
export const loadLastRelease = async (): Promise<Release | undefined> => {
  const git = (...args: string[]) =>
    execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  let paths: string[];
  try {
    paths = git("ls-tree", "--name-only", "-r", LAST_RELEASE, FOLDER).trim().split("\n");
  } catch {
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), "last-release-"));
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), git("show", `${LAST_RELEASE}:${path}`));
  }
  return (await import(pathToFileURL(join(folder, FOLDER, "state.ts")).href)) as Release;
};
