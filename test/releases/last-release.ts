import { describe } from "@jest/globals";
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { symlink } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Build } from "../../dev/stack/lambda.ts";
import { makeFolder } from "../harness/folder.ts";

/** The release that runs in an account until this one is deployed. Renew it with each release: docs/upgrading.md. */
export const LAST_RELEASE = { version: "0.1.0", commit: "ae9fa371da4d6c49c0e74a15d8bdc79e5896445a" };

const git = (...options: string[]) => spawnSync("git", options, { maxBuffer: 64 * 1024 * 1024 });

/** `describe`, but if the history lacks the last release, the tests are skipped with a message. In CI they fail instead. */
export const describeWithLastRelease = (): typeof describe | typeof describe.skip => {
  const { version, commit } = LAST_RELEASE;
  const { status } = git("cat-file", "-e", `${commit}^{commit}`);
  if (status === 0 || process.env["CI"] === "true") return describe;
  process.stderr.write(
    `skipped: tests with release ${version}, which this clone lacks. To run them: git fetch --unshallow\n`,
  );
  return describe.skip;
};

/** A function of the last release, from its own sources and this one's packages. */
export const loadFromLastRelease = async (name: string): Promise<Build> => {
  await using folder = await makeFolder();
  const archive = git("archive", LAST_RELEASE.commit, "functions", "lib");
  if (archive.status !== 0) throw new Error(`The last release cannot be read: ${archive.stderr.toString()}`);
  const unpacked = spawnSync("tar", ["-x", "-C", folder.path], { input: archive.stdout });
  if (unpacked.status !== 0) throw new Error(`The last release cannot be unpacked: ${unpacked.stderr.toString()}`);
  await symlink(resolve("node_modules"), folder.file("node_modules"));
  const outfile = folder.file("bundle.mjs");
  await build({
    entryPoints: [folder.file(`functions/${name}/handler.ts`)],
    outfile,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    // Parts of the AWS SDK are CommonJS, and ask for `require`.
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
    logLevel: "silent",
  });
  const entry = (await import(pathToFileURL(outfile).href)) as { build: Build };
  return entry.build;
};
