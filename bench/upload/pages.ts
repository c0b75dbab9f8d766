import { build } from "esbuild";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { closeServer, listen } from "../../dev/stack/listen.ts";
import { startUploadPage } from "../../dev/web/server.ts";
import { chooseFiles, pressUpload } from "../../test/browser/person.ts";
import { simulatorOf } from "../virtual-drop.ts";
import type { Network } from "./network.ts";

/** Uploads a file in the browser. @returns the time from the click to the complete object, in milliseconds */
export type UploadInPage = (browser: Browser, network: Network, file: string) => Promise<number>;

/** The page of this build. */
export const uploadInPage: UploadInPage = async (browser, network, file) => {
  const server = await startUploadPage(network.stack);
  try {
    return await inNewTab(browser, server.url, async (page) => {
      await page.locator("#connection[data-state=ready]").waitFor();
      await chooseFiles(page, file);
      return timeFrom(() => pressUpload(page), network);
    });
  } finally {
    await server.close();
  }
};

/** A page with `@uppy/aws-s3`, which was the page's uploader before. */
export const uploadInEarlierPage: UploadInPage = async (browser, { stack, ...network }, file) => {
  const [script, token] = await Promise.all([
    bundle(new URL("../earlier-page/page.ts", import.meta.url)),
    stack.token({ sub: "you", scope: "media.write media.read" }),
  ]);
  const server = createServer(({ url }, response) => {
    if (url === "/page.js") response.writeHead(200, { "content-type": "text/javascript" }).end(script);
    else response.writeHead(200, { "content-type": "text/html" }).end(HTML);
  });
  const port = await listen(server);
  const fragment = new URLSearchParams({ api: stack.apiUrl, token, job: simulatorOf(stack).addJob() }).toString();
  try {
    return await inNewTab(browser, `http://127.0.0.1:${port}/#${fragment}`, async (page) => {
      await page.locator("input").setInputFiles(file);
      return timeFrom(() => page.locator("button").click(), network);
    });
  } finally {
    await closeServer(server);
  }
};

const HTML = `<!doctype html><title>Upload</title><input type="file"><button>Upload</button>
<script type="module" src="page.js"></script>`;

const bundle = async (file: URL): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(file)],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2023",
    minify: true,
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
};

const timeFrom = async (begin: () => Promise<void>, { objectAt }: Pick<Network, "objectAt">): Promise<number> => {
  const startedAt = performance.now();
  await begin();
  return (await objectAt) - startedAt;
};

const inNewTab = async <T>(browser: Browser, url: string, use: (page: Page) => Promise<T>): Promise<T> => {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(url);
    return await use(page);
  } finally {
    await context.close();
  }
};
