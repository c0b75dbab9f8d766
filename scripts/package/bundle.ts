import { build, type BuildOptions } from "esbuild";
import { fileURLToPath } from "node:url";

/** docs/decisions/runtime.md has what each option gains. */
export const bundleOptions = (entry: string): BuildOptions => ({
  entryPoints: [entry],
  bundle: true,
  platform: "node",
  target: "node24",
  // An ES module that imports one of Node's modules runs all its getters: with `node:http`, Node then loads undici.
  format: "cjs",
  supported: { "dynamic-import": false },
  // What is bundled was written as ES modules.
  banner: { js: '"use strict";' },
  // The packages' ES modules, of which what nothing uses is left out. By default, esbuild takes CommonJS for Node.
  mainFields: ["module", "main"],
  alias: {
    "@aws-sdk/credential-provider-node": standIn("credential-provider-node"),
    "@smithy/core/event-streams": standIn("event-streams"),
  },
  minify: true,
  legalComments: "none",
  logLevel: "silent",
});

/**
 * One minified CommonJS module with everything that the entry imports, the AWS SDK included: what was tested is what runs.
 * The same sources give the same bytes. Rejects with esbuild's messages.
 */
export const bundle = async (entry: string): Promise<Buffer> => {
  const { outputFiles } = await build({ ...bundleOptions(entry), write: false });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`esbuild made nothing of ${entry}`);
  return Buffer.from(file.contents);
};

/** A module of ours in place of a package's that no function needs. */
const standIn = (name: string): string => fileURLToPath(new URL(`stand-ins/${name}.ts`, import.meta.url));
