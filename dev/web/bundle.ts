import { build } from "esbuild";
import { readFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface PageFile {
  readonly type: string;
  readonly body: Uint8Array | string;
}

const PAGES = new URL("../../web/", import.meta.url);
const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** The files of a page by path, bundled in memory: of that in `web/`, or in a folder there. */
export const bundlePage = async (folder = ""): Promise<ReadonlyMap<string, PageFile>> => {
  const page = fileURLToPath(new URL(folder && `${folder}/`, PAGES));
  const [bundled, html] = await Promise.all([
    build({
      absWorkingDir: page,
      entryPoints: ["page.ts", "page.css"],
      outdir: page,
      bundle: true,
      // What is imported later is a file of its own.
      splitting: true,
      write: false,
      format: "esm",
      target: "es2023",
      minify: true,
      // Licences ask for their notices to go with the code.
      legalComments: "eof",
      logLevel: "silent",
    }),
    readFile(join(page, "index.html"), "utf8"),
  ]);
  return new Map<string, PageFile>([
    ["/index.html", { type: TYPES[".html"] ?? "", body: html }],
    ...bundled.outputFiles.map(({ path, contents }): [string, PageFile] => [
      `/${basename(path)}`,
      { type: TYPES[extname(path)] ?? "application/octet-stream", body: contents },
    ]),
  ]);
};
