import { build } from "esbuild";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Stack } from "../../dev/stack.ts";
import { closeServer, listen } from "../../dev/stack/listen.ts";

const HTML = `<!doctype html>
<title>An application</title>
<input id="file" type="file" /><output id="state"></output><output id="task"></output>
<button id="pause">Pause</button><button id="resume">Resume</button><button id="cancel">Cancel</button>
<script type="module" src="application.js"></script>
`;

/**
 * A small application with Uppy, connected to the stack. `#<job id>` in its address names the job.
 *
 * @param entry its program, in this folder; the version of Uppy is the one that is installed beside it
 */
export const startApplication = async (
  stack: Stack,
  entry: string,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> => {
  const program = fileURLToPath(new URL(entry, import.meta.url));
  const core = join(dirname(program), "node_modules/@uppy/core/lib/index.js");
  const takesCore = entry.endsWith("plugin.ts") && existsSync(core);
  const { outputFiles } = await build({
    entryPoints: [program],
    // The plugin is not installed here but lies in another folder, where Uppy is another version.
    ...(takesCore ? { alias: { "@uppy/core": core } } : {}),
    bundle: true,
    write: false,
    format: "esm",
    target: "es2023",
    logLevel: "silent",
  });
  const files: Readonly<
    Record<string, () => Promise<{ type: string; body: string }> | { type: string; body: string }>
  > = {
    "/": () => ({ type: "text/html", body: HTML }),
    "/application.js": () => ({ type: "text/javascript", body: outputFiles[0]?.text ?? "" }),
    "/api-url": () => ({ type: "text/plain", body: stack.apiUrl }),
    "/token": async () => ({
      type: "text/plain",
      body: await stack.token({ sub: "uploader", scope: "media.write media.read metadata.write" }),
    }),
  };
  const server = createServer((request, response) => {
    void Promise.resolve(files[request.url ?? ""]?.()).then((file) => {
      response.writeHead(file ? 200 : 404, { "content-type": file?.type ?? "text/plain" }).end(file?.body);
    });
  });
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}`, close: () => closeServer(server) };
};
