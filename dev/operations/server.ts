import { createServer, type ServerResponse } from "node:http";
import { normalJobId } from "../../lib/job-id.ts";
import { closeServer, listen } from "../stack/listen.ts";
import { bundlePage } from "../web/bundle.ts";
import type { Operations, WatchedStack } from "./operations.ts";

export interface OperationsPage {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** How often the page hears what there is to see. */
const INTERVAL_MS = 500;

/** Nothing is loaded from elsewhere. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * Serves the page for operators on the loopback interface. `GET /events` is a stream of server-sent events, each a
 * snapshot as JSON, two a second; with `?job=<job_id>`, each has the life of that job, too. `GET /snapshot` is a single one.
 */
export const startOperationsPage = async (
  stack: WatchedStack,
  operations: Operations,
  { port, pageUrl }: { readonly port?: number; readonly pageUrl?: string } = {},
): Promise<OperationsPage> => {
  const files = await bundlePage("operations");
  const open = new Set<Stream>();
  const watched = operations.watch(stack);
  const look = async (jobId?: string) => JSON.stringify({ ...(await watched(jobId)), pageUrl });

  const send = async ({ response, jobId }: Stream): Promise<void> => {
    const snapshot = await look(jobId);
    // Whoever does not read has no use for what was before.
    if (!response.writableNeedDrain) response.write(`data: ${snapshot}\n\n`);
  };
  const timer = setInterval(() => {
    for (const stream of open) void send(stream);
  }, INTERVAL_MS);

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://page.invalid");
    const jobId = normalJobId(searchParams.get("job") ?? "");
    const file = files.get(pathname === "/" ? "/index.html" : pathname);
    if (request.method !== "GET" || !/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? ""))
      response.writeHead(403).end();
    else if (pathname === "/snapshot") {
      void look(jobId).then((snapshot) => {
        response.writeHead(200, { "content-type": "application/json", ...HEADERS }).end(snapshot);
      });
    } else if (pathname === "/events") {
      response.writeHead(200, { "content-type": "text/event-stream", ...HEADERS }).write("retry: 500\n\n");
      const stream = { response, jobId };
      open.add(stream);
      response.on("close", () => open.delete(stream));
      void send(stream);
    } else if (file) {
      response.writeHead(200, { "content-type": file.type, "content-security-policy": POLICY, ...HEADERS });
      response.end(file.body);
    } else response.writeHead(404, { "content-type": "text/plain" }).end("Not found\n");
  });
  const url = `http://127.0.0.1:${await listen(server, port)}`;
  return {
    url,
    close: async () => {
      clearInterval(timer);
      await closeServer(server);
    },
  };
};

interface Stream {
  readonly response: ServerResponse;
  readonly jobId: string | undefined;
}

const HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" };
