import { build, type BuildOptions } from "esbuild";
import { execFile } from "node:child_process";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";

/**
 * Builds what people install: the client (`dist/client`, for browsers and Node, as an ES module and as CommonJS, each with
 * its types), the uploader for Uppy (`dist/client/uppy`, an ES module, as Uppy is), and the command line (`dist/cli`, with
 * the packages that it needs in it).
 *
 * With `--pack <folder>` it makes a package of all there, `cielo24-proxy-<version>.tgz`. The package's manifest is this
 * repository's without the dependencies, which are the functions' and the tools'.
 */

const run = promisify(execFile);

const CLIENT: BuildOptions = { bundle: true, platform: "neutral", target: "es2022", sourcemap: true };

const buildClient = async (folder: string): Promise<void> => {
  await rm(folder, { recursive: true, force: true });
  const entryPoints = ["client/index.ts", "client/uppy/index.ts"];
  await Promise.all([
    // One ProxyError for both: what they share is a file of its own.
    build({
      ...CLIENT,
      entryPoints,
      outbase: "client",
      outdir: folder,
      format: "esm",
      splitting: true,
      external: ["@uppy/core"],
    }),
    build({ ...CLIENT, entryPoints: ["client/index.ts"], outfile: join(folder, "index.cjs"), format: "cjs" }),
    writeDeclarations(folder),
  ]);
};

const writeDeclarations = async (folder: string): Promise<void> => {
  const declarations = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--outDir", folder];
  for (const project of ["client", "client/uppy"])
    await run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", project, ...declarations]);
  const files = (await readdir(folder, { recursive: true })).filter((each) => each.endsWith(".d.ts"));
  for (const name of files) {
    const text = await readFile(join(folder, name), "utf8");
    // TypeScript leaves the names of our sources in declarations, and not every resolution understands those.
    const namedFor = (ending: string) =>
      text.replaceAll(/((?:from|import\() ?"\.\.?\/[\w./-]+)\.ts"/g, `$1.${ending}"`);
    await writeFile(join(folder, name), namedFor("js"));
    // For `require`, a declaration's own name has to say that it describes CommonJS.
    if (!name.startsWith("uppy")) await writeFile(join(folder, name.replace(/\.d\.ts$/, ".d.cts")), namedFor("cjs"));
  }
};

const buildCommandLine = async (folder: string): Promise<void> => {
  await rm(folder, { recursive: true, force: true });
  const { metafile } = await build({
    entryPoints: ["cli/main.ts"],
    outfile: join(folder, "main.js"),
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    metafile: true,
    // Packages that are CommonJS ask for Node's modules by `require`.
    banner: { js: 'import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);' },
  });
  await writeFile(join(folder, "LICENSES.txt"), await licencesOf(Object.keys(metafile.inputs)));
};

/** What the licences of the packages that were built in ask to be passed on: their texts, and where the source is. */
const licencesOf = async (files: readonly string[]): Promise<string> => {
  const packages = new Set(files.flatMap((file) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []));
  const texts = [...packages].sort().map(async (folder) => {
    const name = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
    if (name === undefined) throw new Error(`${folder} has no licence`);
    const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { version: string };
    const source = `https://www.npmjs.com/package/${folder.replace("node_modules/", "")}/v/${version}`;
    return `${folder.replace("node_modules/", "")}\n\nSource: ${source}\n\n${(await readFile(join(folder, name), "utf8")).trim()}\n`;
  });
  return (await Promise.all(texts)).join("\n\n");
};

const buildInto = (root: string) =>
  Promise.all([buildClient(join(root, "dist/client")), buildCommandLine(join(root, "dist/cli"))]);

const pack = async (folder: string): Promise<string> => {
  const stage = join(folder, "npm");
  await rm(stage, { recursive: true, force: true });
  await buildInto(stage);
  await cp("cli/cielo24-proxy.mjs", join(stage, "cli/cielo24-proxy.mjs"), { recursive: true });
  // What the page links to in this repository is not in the package.
  const readme = (await readFile("client/README.md", "utf8")).replaceAll(/\[([^\]]+)\]\((?!https?:|#)[^)]+\)/g, "$1");
  await writeFile(join(stage, "README.md"), readme);
  await cp("LICENSE", join(stage, "LICENSE"));
  const manifest = JSON.parse(await readFile("package.json", "utf8")) as Record<string, unknown>;
  const peers = ["peerDependencies", "peerDependenciesMeta"];
  const kept = ["name", "version", "license", "type", "engines", "bin", "exports", "sideEffects", "files"];
  const description = "Uploads media through cielo24-proxy: a typed client, a plugin for Uppy and a command line.";
  const packed = { description, ...Object.fromEntries([...kept, ...peers].map((name) => [name, manifest[name]])) };
  await writeFile(join(stage, "package.json"), `${JSON.stringify(packed, null, 2)}\n`);
  const { stdout } = await run("npm", ["pack", "--silent", "--pack-destination", resolve(folder)], { cwd: stage });
  return join(folder, stdout.trim());
};

const { values: flags } = parseArgs({ options: { pack: { type: "string" } } });
if (flags.pack === undefined) await buildInto(".");
else console.log(await pack(flags.pack));
