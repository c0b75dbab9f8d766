import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { FATES, isFate } from "../cielo24/fates.ts";
import { sampleJobsOf } from "../sample-jobs.ts";
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
 * Serves the upload page for a local stack on the loopback interface. The page is bundled at the start. It has two helpers:
 * `POST /local/token` replaces an application's login and is there for the page itself alone; `POST /local/jobs` makes a job
 * at the simulated cielo24, as an application's backend would, with `?fate=` one of {@link FATES}, for the page and for
 * programs of this machine.
 */
export const startUploadPage = async (stack: Stack, options: PageOptions = {}): Promise<UploadPage> => {
  const files = await bundlePage();
  const newSampleJob = sampleJobsOf(stack);
  const config = {
    apiUrl: stack.apiUrl,
    // The page must not take up what it remembers of an earlier stack at the same address.
    stackId: randomUUID(),
    sampleJobs: newSampleJob !== undefined,
    fates: newSampleJob ? FATES : {},
  };

  const giveToken = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!isFromThePage(request)) sendJson(response, 403, {});
    else {
      const expiresInS = options.tokenLifeS ?? TOKEN_LIFE_S;
      sendJson(response, 200, { token: await stack.token({ sub: USER, scope: SCOPES, expiresInS }) });
    }
  };
  const giveJob = (request: IncomingMessage, response: ServerResponse, query: URLSearchParams): void => {
    const fate = query.get("fate");
    const unknown = [...query.keys()].find((name) => name !== "fate");
    if (!isFromThePage(request) && !isFromAProgram(request)) sendJson(response, 403, {});
    else if (!newSampleJob) sendJson(response, 404, { error: "The real cielo24 is used: make a job there." });
    else if (unknown !== undefined)
      sendJson(response, 400, { error: `There is no parameter ${unknown}. The only one is fate.` });
    else if (fate !== null && !isFate(fate))
      sendJson(response, 400, { error: `fate must be one of ${Object.keys(FATES).join(", ")}, or left out.` });
    else sendJson(response, 200, { jobId: newSampleJob(fate ?? undefined) });
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname: path, searchParams } = new URL(request.url ?? "/", "http://page.invalid");
    if (request.method === "POST" && path === "/local/token") {
      await giveToken(request, response);
      return;
    }
    if (request.method === "POST" && path === "/local/jobs") {
      giveJob(request, response, searchParams);
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
const isFromThePage = (request: IncomingMessage): boolean =>
  isOnLoopback(request) && request.headers.origin === `http://${request.headers.host ?? ""}`;

/** Browsers send an Origin with every POST, programs such as curl send none. */
const isFromAProgram = (request: IncomingMessage): boolean =>
  isOnLoopback(request) && request.headers.origin === undefined;

const isOnLoopback = ({ headers }: IncomingMessage): boolean =>
  /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? "");

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
