import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { closeServer, listen } from "../stack/listen.ts";
import { gatewayMessage, makeResponse, type GatewayResponse } from "./response.ts";
import type { Authorizer } from "./authorizer.ts";
import { corsHeaders, preflightHeaders, type Cors } from "./cors.ts";
import { makeEvent } from "./payload.ts";
import { findRoute, type Route } from "./routes.ts";

/** Quota of HTTP APIs: "Total combined size of request line and header values". Names are counted, too, to be safe. */
const MAX_HEAD_BYTES = 10_240;
/** Node's own limit, far enough away for the gateway to respond itself. */
const NODE_MAX_HEAD_BYTES = 1024 * 1024;
/** HTTP APIs take bodies of at most 10 MB. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const MAX_DISCARDED_BYTES = 10 * MAX_BODY_BYTES;
/** HTTP APIs wait for a function for at most 30 s. */
const INTEGRATION_TIMEOUT_MS = 30_000;

/** The request is too large for the function. Every other error of an invocation comes from the function. */
export class InvocationTooLargeError extends Error {
  override readonly name = "InvocationTooLargeError";
}

export interface GatewayOptions {
  readonly port?: number;
  readonly routes: readonly Route[];
  readonly authorize: Authorizer;
  readonly cors?: Cors;
  /**
   * Runs a function and resolves with its result.
   * @throws {InvocationTooLargeError}
   */
  readonly invoke: (functionName: string, event: unknown, requestId: string) => Promise<unknown>;
  readonly clock?: () => number;
  /** Called with every response before it is sent. */
  readonly onResponse?: ((path: string, response: GatewayResponse) => void) | undefined;
  /** Shorter only in tests. */
  readonly integrationTimeoutMs?: number;
}

export interface Gateway {
  readonly url: string;
  readonly port: number;
  readonly close: () => Promise<void>;
}

/**
 * An API Gateway HTTP API on the loopback interface, with routes, JWT authorizer, CORS, payload format 2.0 and limits, but
 * without throttling, stages or custom domains. Every route is a Lambda proxy integration.
 */
export const startGateway = async (options: GatewayOptions): Promise<Gateway> => {
  const server = createServer({ maxHeaderSize: NODE_MAX_HEAD_BYTES }, (request, outgoing) => {
    const requestId = randomUUID();
    void respond(options, request, requestId)
      .catch(() => gatewayMessage(500, "Internal Server Error"))
      .then((response) => ({ ...response, headers: { ...response.headers, "apigw-requestid": requestId } }))
      .then((made) => {
        options.onResponse?.(request.url?.split("?")[0] ?? "", made);
        write(outgoing, request, made, options.cors);
      });
  });
  // Only their size is limited. By default Node refuses, or in older versions drops, what is after the 2000th.
  server.maxHeadersCount = 0;
  const port = await listen(server, options.port);
  return { url: `http://127.0.0.1:${port}`, port, close: () => closeServer(server) };
};

const respond = async (
  options: GatewayOptions,
  request: IncomingMessage,
  requestId: string,
): Promise<GatewayResponse> => {
  const { routes, authorize, cors, clock = Date.now } = options;
  const receivedAt = clock();
  const { method = "GET", url: target = "/", headers } = request;
  if (headBytes(request) > MAX_HEAD_BYTES) return gatewayMessage(431, "Request Header Fields Too Large");
  if (cors && isPreflight(request))
    return { status: 204, headers: preflightHeaders(cors, headers.origin ?? ""), body: Buffer.alloc(0) };
  const match = findRoute(routes, method, target.split("?")[0] ?? "/");
  if (!match) return gatewayMessage(404, "Not Found");
  const { scopes, functionName } = match.route;
  const verdict = scopes === undefined ? undefined : await authorize(headers.authorization, scopes);
  if (verdict && "refusal" in verdict) {
    const { status, challenge } = verdict.refusal;
    return gatewayMessage(status, status === 401 ? "Unauthorized" : "Forbidden", { "www-authenticate": challenge });
  }
  const body = await readBody(request);
  if (!body) return gatewayMessage(413, "Request Entity Too Large");

  const event = makeEvent(
    {
      method,
      target,
      httpVersion: request.httpVersion,
      rawHeaders: request.rawHeaders,
      sourceIp: request.socket.remoteAddress ?? "127.0.0.1",
      body,
    },
    { match, jwt: verdict?.jwt, requestId, receivedAt, domainName: (headers.host ?? "").replace(/:\d+$/, "") },
  );
  return integrate(options, functionName, event, requestId);
};

const integrate = async (
  { invoke, integrationTimeoutMs = INTEGRATION_TIMEOUT_MS }: GatewayOptions,
  functionName: string,
  event: unknown,
  requestId: string,
): Promise<GatewayResponse> => {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<GatewayResponse>((resolve) => {
    timer = setTimeout(() => {
      resolve(gatewayMessage(503, "Service Unavailable"));
    }, integrationTimeoutMs);
  });
  const inTime = invoke(functionName, event, requestId).then(makeResponse, (error: unknown) =>
    error instanceof InvocationTooLargeError
      ? gatewayMessage(413, "Request Entity Too Large")
      : gatewayMessage(500, "Internal Server Error"),
  );
  return Promise.race([inTime, tooLate]).finally(() => {
    clearTimeout(timer);
  });
};

const isPreflight = ({ method, headers }: IncomingMessage): boolean =>
  method === "OPTIONS" && headers.origin !== undefined && headers["access-control-request-method"] !== undefined;

/** Of the request line and of all headers, without what separates them. */
const headBytes = ({ method = "", url = "", httpVersion, rawHeaders }: IncomingMessage): number =>
  Buffer.byteLength(`${method} ${url} HTTP/${httpVersion}${rawHeaders.join("")}`, "latin1");

/** The body; undefined if it is too large. Most of that is read all the same, or clients would see a reset. */
const readBody = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    sizeBytes += (chunk as Buffer).length;
    if (sizeBytes <= MAX_BODY_BYTES) chunks.push(chunk as Buffer);
    else chunks.length = 0;
    if (sizeBytes > MAX_DISCARDED_BYTES) break;
  }
  return sizeBytes <= MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined;
};

const write = (response: ServerResponse, request: IncomingMessage, made: GatewayResponse, cors?: Cors): void => {
  const headers: Record<string, string | readonly string[]> = { ...made.headers };
  if (cors && !isPreflight(request)) {
    for (const name of Object.keys(headers))
      if (name.startsWith("access-control-")) Reflect.deleteProperty(headers, name);
    Object.assign(headers, corsHeaders(cors, request.headers.origin));
  }
  // The response to a HEAD has the length of a body, but no body.
  const isHead = request.method === "HEAD";
  if (!isHead || headers["content-length"] === undefined) headers["content-length"] = String(made.body.length);
  if (made.status === 204 || made.status === 304) Reflect.deleteProperty(headers, "content-length");
  response.writeHead(made.status, headers as Record<string, string | string[]>);
  response.end(isHead ? undefined : made.body);
};
