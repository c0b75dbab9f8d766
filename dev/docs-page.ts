import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { describeForPage } from "./docs-page/description.ts";
import { closeServer, listen } from "./stack/listen.ts";

/** Shows `docs/openapi.yml` as a readable page, with a command for each call. */
export interface DocsPage {
  readonly url: string;
  readonly close: () => Promise<void>;
}

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>cielo24-proxy: the API</title>
    <style>body { margin: 0 } td code { word-break: keep-all !important }</style>
    <link rel="icon" href="data:,">
  </head>
  <body>
    <div id="api"></div>
    <noscript>The page needs JavaScript. <a href="/openapi.yml">openapi.yml</a> is what it shows.</noscript>
    <script src="/redoc.js"></script>
    <script src="/show.js"></script>
  </body>
</html>
`;
/** System fonts only, so that nothing is loaded from elsewhere. */
const SHOW = `Redoc.init("/openapi.json", {
  downloadUrls: [{ title: "openapi.yml", url: "/openapi.yml" }],
  expandResponses: "200",
  payloadSampleIdx: 99,
  sortRequiredPropsFirst: true,
  theme: { typography: { fontFamily: "system-ui, sans-serif", headings: { fontFamily: "system-ui, sans-serif" } } },
}, document.getElementById("api"));
`;

/** Redoc generates its styles at run time, and runs its search in a worker made from a blob. */
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src 'self' blob:; base-uri 'none'";

/** Redoc has no option to hide its vendor's logo, but leaves it out if it does not load. */
const LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg";
const readRedoc = async (): Promise<string> => {
  const script = await readFile(new URL(import.meta.resolve("redoc/bundles/redoc.standalone.js")), "utf8");
  return script.replaceAll(LOGO, "data:,");
};
/** Read for each request, so that edits show up on reload. */
const readDescription = () => readFile(new URL("../docs/openapi.yml", import.meta.url), "utf8");

type Routes = Readonly<Record<string, { readonly type: string; readonly read: () => string | Promise<string> }>>;

const routesFor = (apiUrl: string | undefined): Routes => ({
  "/": { type: "text/html; charset=utf-8", read: () => PAGE },
  "/show.js": { type: "text/javascript; charset=utf-8", read: () => SHOW },
  "/redoc.js": { type: "text/javascript; charset=utf-8", read: readRedoc },
  "/openapi.yml": { type: "application/yaml; charset=utf-8", read: readDescription },
  "/openapi.json": {
    type: "application/json; charset=utf-8",
    read: async () => JSON.stringify(describeForPage(await readDescription(), apiUrl)),
  },
});

/**
 * Serves the page, its script and the description on the loopback interface. Nothing is loaded from elsewhere. `apiUrl` is
 * the address of an API to try it with.
 */
export const startDocsPage = async (port?: number, apiUrl?: string): Promise<DocsPage> => {
  const routes = routesFor(apiUrl);
  const server = createServer((request, response) => {
    const route = routes[(request.url ?? "/").split("?")[0] ?? "/"];
    if (!route || request.method !== "GET") {
      response.writeHead(404, { "content-type": "text/plain" }).end("There is no such page.\n");
      return;
    }
    void Promise.resolve(route.read()).then(
      (content) =>
        response
          .writeHead(200, {
            "content-type": route.type,
            "content-security-policy": POLICY,
            "x-content-type-options": "nosniff",
            "cache-control": "no-cache",
          })
          .end(content),
      () => response.writeHead(500, { "content-type": "text/plain" }).end("The file cannot be read.\n"),
    );
  });
  const url = `http://127.0.0.1:${await listen(server, port)}/`;
  return { url, close: () => closeServer(server) };
};
