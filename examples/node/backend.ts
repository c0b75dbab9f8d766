import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { createClient, ProxyError } from "cielo24-proxy/client";
import { createJob, readAccount } from "./cielo24.ts";

/** `node backend.ts FOLDER`: serves a page from the folder, and what the page needs of its backend. */

const [folder = "."] = process.argv.slice(2);
const apiUrl = process.env["CIELO24_PROXY_URL"] ?? "";
const token = process.env["CIELO24_PROXY_TOKEN"] ?? "";
const account = readAccount();
const client = createClient({ baseUrl: apiUrl, token });

const nameOf = (query: URLSearchParams): string => query.get("name") ?? "media";

const ROUTES: Readonly<Record<string, (query: URLSearchParams) => object | Promise<object>>> = {
  // Your application has a login: the token is that of the person who logged in, never one of the backend's own.
  "GET /session": () => ({ apiUrl, token }),

  "POST /jobs": async (query) => ({ jobId: await createJob(account, nameOf(query)) }),

  // For pages without a token: the URL is good for one PUT of a file of this size, for an hour at most.
  "POST /uploads": async (query) => {
    const jobId = await createJob(account, nameOf(query));
    const { url, headers } = await client.signUpload({
      jobId,
      method: "PUT",
      filename: nameOf(query),
      contentLength: Number(query.get("size")),
    });
    return { jobId, url, headers };
  },
  "GET /uploads": (query) => client.getDelivery({ jobId: query.get("job") ?? "" }),
};

const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const FILES = new Set(["/index.html", "/page.js", "/page.css"]);

const answer = async (method: string, { pathname, searchParams }: URL) => {
  const route = ROUTES[`${method} ${pathname}`];
  if (route) return { status: 200, type: "application/json", body: JSON.stringify(await route(searchParams)) };
  const path = pathname === "/" ? "/index.html" : pathname;
  if (method !== "GET" || !FILES.has(path)) return { status: 404, type: "text/plain", body: "Not found" };
  return { status: 200, type: TYPES[extname(path)] ?? "text/plain", body: await readFile(join(folder, path)) };
};

const server = createServer((request, response) => {
  answer(request.method ?? "GET", new URL(request.url ?? "/", "http://127.0.0.1"))
    .catch((error: unknown) => {
      const message = error instanceof ProxyError ? error.message : "This did not work. The backend's log says why.";
      if (!(error instanceof ProxyError)) console.error(error);
      return { status: 502, type: "application/json", body: JSON.stringify({ message }) };
    })
    .then(({ status, type, body }) => {
      response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
    })
    .catch(console.error);
});

server.listen(Number(process.env["PORT"] ?? 8080), "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address) console.log(`http://127.0.0.1:${String(address.port)}`);
});
