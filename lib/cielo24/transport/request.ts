import http from "node:http";
import https from "node:https";
import type { Secret } from "../credentials.ts";
import type { HttpResponse } from "../response.ts";

/** What a request to cielo24 asks for. */
export interface Cielo24Request {
  /** Path below `/api/`, for example `job/info`. */
  readonly action: string;
  readonly query: Readonly<Record<string, string>>;
  readonly token?: Secret;
}

const MAX_BODY_BYTES = 64 * 1024;

/** Whether requests go over TLS: always, unless the URL says `http:`. */
export const isTls = (baseUrl: URL): boolean => baseUrl.protocol !== "http:";

/** The name or the address to connect to. */
export const hostOf = (baseUrl: URL): string => baseUrl.hostname.replace(/^\[|\]$/g, "");

/**
 * Begins a request: its body, and the end of it, are the caller's to send. The only place that puts a token into a
 * request: neither the request nor an error of Node's may leave this folder, since both hold it.
 */
export const beginRequest = (
  baseUrl: URL,
  { action, query, token }: Cielo24Request,
  options: { method: "GET" | "POST"; agent: http.Agent | false; headers: http.OutgoingHttpHeaders },
): http.ClientRequest => {
  const parameters = new URLSearchParams({ v: "1", ...(token ? { api_token: token.reveal() } : {}), ...query });
  return (isTls(baseUrl) ? https : http).request({
    ...options,
    // Without accept-encoding a server may choose any encoding.
    headers: { accept: "application/json", "accept-encoding": "identity", ...options.headers },
    hostname: hostOf(baseUrl),
    port: baseUrl.port,
    path: `${baseUrl.pathname.replace(/\/$/, "")}/api/${action}?${parameters.toString()}`,
  });
};

/** Reads a whole response, and cuts its body at 64 KiB. Rejects if the response breaks off. */
export const collectResponse = async (message: http.IncomingMessage): Promise<HttpResponse> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    if (size < MAX_BODY_BYTES) chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BODY_BYTES) break;
  }
  if (!message.complete && size <= MAX_BODY_BYTES) throw new Error("The response broke off");
  return {
    status: message.statusCode ?? 0,
    body: Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString("utf8"),
    retryAfter: message.headers["retry-after"],
  };
};
