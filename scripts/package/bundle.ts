import { build } from "esbuild";

/** CommonJS parts of the AWS SDK ask for `require`, which ES modules don't have. */
const REQUIRE =
  'import { createRequire as createRequireOfModule } from "node:module"; const require = createRequireOfModule(import.meta.url);';

/**
 * One minified ES module with everything that the entry imports, the AWS SDK included: what was tested is what runs.
 * The same sources give the same bytes. Rejects with esbuild's messages.
 */
export const bundle = async (entry: string): Promise<Buffer> => {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: "node",
    target: "node24",
    format: "esm",
    minify: true,
    legalComments: "none",
    banner: { js: REQUIRE },
    logLevel: "silent",
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`esbuild made nothing of ${entry}`);
  return Buffer.from(file.contents);
};
