import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Stack } from "../stack.ts";
import { closeServer, listen } from "../stack/listen.ts";
import { bundlePage, type PageFile } from "./bundle.ts";

export interface UploadPage {
  readonly url: string;
  readonly close: () => Promise<void>;
}

export interface PageOptions {
  readonly port?: number;
  /** How long the page's tokens are valid. */
  readonly tokenLifeS?: number;
}

const TOKEN_LIFE_S = 3600;
const USER = "you";
const SCOPES = "media.write media.read metadata.write";

/**
 * Serves the upload page for a local stack on the loopback interface. The page is bundled at the start. Only the page
 * itself can call two helpers: `POST /local/token` replaces an application's login, and `POST /local/jobs` makes a job at
 * the simulated cielo24, as an application's backend would.
 */
export const startUploadPage = async (stack: Stack, options: PageOptions = {}): Promise<UploadPage> => {
  const files = await bundlePage();
  const helpers: Readonly<Record<string, () => Promise<object> | object>> = {
    "/local/token": async () => ({
      token: await stack.token({ sub: USER, scope: SCOPES, expiresInS: options.tokenLifeS ?? TOKEN_LIFE_S }),
    }),
    ...(stack.cielo24 ? { "/local/jobs": () => ({ jobId: stack.cielo24?.addJob("sample job") }) } : {}),
  };
  const config = { apiUrl: stack.apiUrl, sampleJobs: stack.cielo24 !== undefined };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = new URL(request.url ?? "/", "http://page.invalid").pathname;
    const helper = helpers[path];
    if (helper && request.method === "POST") {
      if (!isFromThePage(request)) sendJson(response, 403, {});
      else sendJson(response, 200, await helper());
      return;
    }
    if (request.method !== "GET") {
      response.writeHead(405).end();
      return;
    }
    if (path === "/config.json") {
      sendJson(response, 200, config);
      return;
    }
    const file = files.get(path === "/" ? "/index.html" : path);
    if (file) sendFile(response, file);
    else response.writeHead(404, { "content-type": "text/plain" }).end("Not found\n");
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  const port = await listen(server, options.port);
  return { url: `http://127.0.0.1:${port}`, close: () => closeServer(server) };
};

/** Other sites must not get tokens, not even under a name that resolves to this machine (DNS rebinding). */
const isFromThePage = ({ headers }: IncomingMessage): boolean =>
  /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? "") && headers.origin === `http://${headers.host ?? ""}`;

const sendJson = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
};

/** The page uploads to the API and to the bucket of this stack only. */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; connect-src *; img-src 'self' blob: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const sendFile = (response: ServerResponse, { type, body }: PageFile): void => {
  response.writeHead(200, {
    "content-type": type,
    "cache-control": "no-store",
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  });
  response.end(body);
};
