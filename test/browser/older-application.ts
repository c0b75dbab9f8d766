import { build } from "esbuild";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import type { Stack } from "../../dev/stack.ts";
import { closeServer, listen } from "../../dev/stack/listen.ts";

const HTML = `<!doctype html>
<title>An application</title>
<input id="file" type="file" /><output id="state"></output>
<button id="pause">Pause</button><button id="resume">Resume</button><button id="cancel">Cancel</button>
<script type="module" src="application.js"></script>
`;

/** A small application with an older version of Uppy, connected to the stack. `#<job id>` in its address names the job. */
export const startOlderApplication = async (
  stack: Stack,
  uppyVersion: number,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`older-uppy/${uppyVersion}/page.ts`, import.meta.url))],
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
