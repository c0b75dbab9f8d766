import http from "node:http";
import https from "node:https";
import type { HttpResponse } from "../lib/cielo24/response.ts";

/** How a request to cielo24 ended. `sentAt` is when its last byte was given to the socket, by the clock (ms). */
export type Exchange = { readonly sentAt: number } & (
  | (HttpResponse & { readonly contentType: string })
  /** The connection ended without a response, or nothing came in time. */
  | { readonly status: "closed" | "timed out" }
);

export interface Request {
  readonly method?: "GET" | "POST";
  /** Path below `/api/`. */
  readonly action: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers?: http.OutgoingHttpHeaders;
  /** By default, each request has a connection of its own. */
  readonly agent?: http.Agent;
  /** How long to wait for the response. */
  readonly timeoutMs?: number;
  /** Sends body and end. By default, there is no body. */
  readonly send?: (request: http.ClientRequest) => void;
}

export interface Http {
  /** Sends a request as it is, and resolves with whatever comes of it. @throws {Unreachable}, or what the signal says */
  readonly request: (request: Request) => Promise<Exchange>;
  /** Waits for at most this much real time, which is what connections go by. Rejects with what the signal says. */
  readonly within: <T>(ms: number, promise: Promise<T>) => Promise<T | "late">;
  /** One connection, which this side never closes while it is idle. */
  readonly createAgent: () => http.Agent;
}

/** No connection came about. The message has neither address nor parameters. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

const TIMEOUT_MS = 60_000;
const MAX_BODY_BYTES = 64 * 1024;

/**
 * HTTP without the rules of `lib/cielo24/transport/`: nothing is repeated, and a body may end as it should not.
 *
 * @param parts.clock milliseconds since the epoch
 */
export const createHttp = (parts: { baseUrl: string; clock: () => number; signal: AbortSignal }): Http => {
  const { clock, signal } = parts;
  const baseUrl = new URL(parts.baseUrl);
  const { request: open, Agent } = baseUrl.protocol === "https:" ? https : http;
  return {
    within: async (ms, promise) => {
      const { promise: late, resolve, reject } = Promise.withResolvers<"late">();
      const timer = setTimeout(resolve, ms, "late");
      const interrupt = () => {
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", interrupt);
      try {
        return await Promise.race([promise, late]);
      } finally {
        clearTimeout(timer);
        signal.removeEventListener("abort", interrupt);
      }
    },
    createAgent: () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      // Node's own would close a connection before the time that the server announces.
      agent.keepSocketAlive = () => true;
      return agent;
    },
    request: async ({ method = "GET", action, query, headers, agent, timeoutMs = TIMEOUT_MS, send = end }) => {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<Exchange>();
      let isConnected = false;
      let hasResponse = false;
      let sentAt = clock();
      const request = open({
        method,
        agent: agent ?? false,
        hostname: baseUrl.hostname.replace(/^\[|\]$/g, ""),
        port: baseUrl.port,
        path: `${baseUrl.pathname.replace(/\/$/, "")}/api/${action}?${new URLSearchParams(query).toString()}`,
        headers: { accept: "application/json", "accept-encoding": "identity", ...headers },
      });
      request.on("socket", (socket) => {
        if (request.reusedSocket) isConnected = true;
        socket.once(baseUrl.protocol === "https:" ? "secureConnect" : "connect", () => (isConnected = true));
      });
      request.on("finish", () => (sentAt = clock()));
      request.on("response", (message) => {
        hasResponse = true;
        collect(message).then(
          (body) => {
            resolve({
              status: message.statusCode ?? 0,
              contentType: message.headers["content-type"] ?? "",
              body,
              retryAfter: message.headers["retry-after"],
              sentAt,
            });
          },
          () => {
            resolve({ status: "closed", sentAt });
          },
        );
      });
      const closed = (error?: Error) => {
        if (hasResponse) return;
        if (isConnected) resolve({ status: "closed", sentAt });
        else
          reject(
            new Unreachable(
              `No connection to cielo24 (${(error as NodeJS.ErrnoException | undefined)?.code ?? "closed"})`,
            ),
          );
      };
      request.on("error", closed);
      request.on("close", () => {
        closed();
      });
      const timer = setTimeout(() => {
        resolve({ status: "timed out", sentAt });
      }, timeoutMs);
      const interrupt = () => {
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", interrupt);
      send(request);
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        signal.removeEventListener("abort", interrupt);
        if (!agent) request.destroy();
      }
    },
  };
};

const end = (request: http.ClientRequest): void => {
  request.end();
};

/** The body, at most 64 KiB of it. Rejects if it breaks off. */
const collect = async (message: http.IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_BODY_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString("utf8");
};
