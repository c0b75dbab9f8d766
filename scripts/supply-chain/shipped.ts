import { build, type BuildOptions, type Metafile } from "esbuild";
import { readFile } from "node:fs/promises";
import { listFunctions } from "../package/build.ts";
import { bundleOptions } from "../package/bundle.ts";

/** A package that is in something that others run. */
export interface ShippedPackage {
  readonly name: string;
  readonly version: string;
  /** The functions' zips, or what people install to upload. */
  readonly shipsIn: readonly ("functions" | "client")[];
}

/** The client and the command line, as scripts/build-client.ts builds them. */
const CLIENT: BuildOptions = {
  entryPoints: ["client/index.ts", "client/uppy/index.ts", "cli/main.ts"],
  bundle: true,
  platform: "node",
  format: "esm",
  external: ["@uppy/core"],
  outdir: "dist",
};

/**
 * Every package of which some code is in a function's zip, or in the package of the client. Not what package.json calls
 * dependencies: the command line's are built in, and of others nothing is left after what nobody uses is left out.
 */
export const listShipped = async (): Promise<readonly ShippedPackage[]> => {
  const names = await listFunctions("functions");
  const [client, ...functions] = await Promise.all(
    [CLIENT, ...names.map((name) => bundleOptions(`functions/${name}/handler.ts`))].map((options) =>
      build({ ...options, outdir: "dist", write: false, metafile: true, logLevel: "silent" }),
    ),
  );
  const inFunctions = new Set(functions.flatMap(({ metafile }) => foldersIn(metafile)));
  const inClient = new Set(client ? foldersIn(client.metafile) : []);
  const folders = [...new Set([...inFunctions, ...inClient])].sort();
  return Promise.all(
    folders.map(async (folder) => {
      const manifest = JSON.parse(await readFile(`${folder}/package.json`, "utf8")) as Omit<ShippedPackage, "shipsIn">;
      const { name, version } = manifest;
      const shipsIn = [
        ...(inFunctions.has(folder) ? (["functions"] as const) : []),
        ...(inClient.has(folder) ? (["client"] as const) : []),
      ];
      return { name, version, shipsIn };
    }),
  );
};

/** The folders of packages of which an output has at least a byte; nested ones by their own path. */
const foldersIn = ({ outputs }: Metafile): string[] =>
  Object.values(outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([file]) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []);
