import http, { type ClientRequest, type IncomingMessage } from "node:http";
import https from "node:https";
import { Readable } from "node:stream";
import { ProxyError, type StoreAnswer } from "../client/index.ts";
import { chooseProxy, noAnswerFromProxy, refusedByProxy, type HttpProxy } from "./http-proxy.ts";
import { askProxy, TunnelAgent, type ProxiedOptions } from "./tunnel.ts";

interface HttpRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * Makes one request and reads the whole answer, which is short.
 *
 * @param write sends the body, and ends the request
 * @throws {ProxyError} if an HTTP proxy refuses, or cannot be reached
 * @throws {TypeError} with Node's error as the cause, as `fetch` does
 * @throws the signal's reason
 */
export type Exchange = (
  target: string,
  request: HttpRequest,
  write: (request: ClientRequest) => Promise<void>,
) => Promise<StoreAnswer>;

export interface Http extends Disposable {
  readonly exchange: Exchange;
  /** As much of `fetch` as the client uses. */
  readonly fetch: typeof globalThis.fetch;
}

/**
 * HTTP by `node:http`, through the proxies that the environment names. The built-in `fetch` obeys them from Node 24.5 on
 * only, tells nothing of how a body goes out, and takes 15 MiB of memory more.
 */
export const createHttp = (env: Readonly<Record<string, string | undefined>>): Http => {
  const tunnels = new Map<string, TunnelAgent>();
  const tunnelThrough = (proxy: HttpProxy): TunnelAgent => {
    const tunnel = tunnels.get(proxy.url.href) ?? new TunnelAgent(proxy);
    tunnels.set(proxy.url.href, tunnel);
    return tunnel;
  };

  const open = (url: URL, proxy: HttpProxy | undefined, options: ProxiedOptions): ClientRequest => {
    if (url.protocol === "https:")
      return https.request(url, { ...options, ...(proxy && { agent: tunnelThrough(proxy) }) });
    if (!proxy) return http.request(url, options);
    return askProxy(proxy, { ...options, path: url.href, headers: { ...options.headers, host: url.host } });
  };

  /** Resolves once the answer begins. Its connection is let go of when it has been read. */
  const begin = async (
    target: string,
    { method, headers, signal }: HttpRequest,
    write: (request: ClientRequest) => Promise<void>,
  ): Promise<IncomingMessage> => {
    signal.throwIfAborted();
    const url = new URL(target);
    const proxy = chooseProxy(url, env);
    const request = open(url, proxy, { method, headers: { "user-agent": "cielo24-proxy", ...headers } });
    let abort = () => request.destroy();
    const end = () => {
      signal.removeEventListener("abort", abort);
      // If the server answered before it had the whole body, there is no point in sending the rest.
      if (!request.writableFinished) request.destroy();
    };
    try {
      const message = await new Promise<IncomingMessage>((resolve, reject) => {
        abort = () => {
          // A request that has no connection yet says nothing of its end.
          reject(signal.reason as Error);
          return request.destroy();
        };
        signal.addEventListener("abort", abort, { once: true });
        request.on("error", reject);
        request.on("response", resolve);
        write(request).catch(reject);
      });
      message.once("close", end);
      if (proxy && message.statusCode === 407) throw refusedByProxy(proxy, 407, url.host);
      return message;
    } catch (error) {
      end();
      request.destroy();
      if (signal.aborted) throw signal.reason;
      if (error instanceof ProxyError) throw error;
      if (proxy && url.protocol === "http:") throw noAnswerFromProxy(proxy, error as Error);
      throw new TypeError("The request failed", { cause: error });
    }
  };

  return {
    exchange: async (target, request, write) => {
      const message = await begin(target, request, write);
      try {
        return { status: message.statusCode ?? 0, header: headerOf(message), text: await textOf(message) };
      } catch (error) {
        throw request.signal.aborted ? request.signal.reason : new TypeError("The request failed", { cause: error });
      }
    },
    fetch: async (input, { method = "GET", headers = {}, body = null, signal, redirect } = {}) => {
      const bytes = Buffer.from(typeof body === "string" ? body : "");
      const length = body === null ? {} : { "content-length": String(bytes.byteLength) };
      const message = await begin(
        input as string,
        {
          method,
          headers: { ...(headers as Record<string, string>), ...length },
          signal: signal ?? new AbortController().signal,
        },
        (request) => {
          request.end(bytes);
          return Promise.resolve();
        },
      );
      const { statusCode: status = 0 } = message;
      if (redirect === "error" && status >= 300 && status < 400) {
        message.destroy();
        throw new TypeError("There was a redirect");
      }
      // A real Response would load the whole of the built-in `fetch`.
      const response = {
        status,
        ok: status >= 200 && status < 300,
        headers: { get: headerOf(message) },
        get body() {
          return Readable.toWeb(message);
        },
        text: () => textOf(message),
      };
      return response as unknown as Response;
    },
    [Symbol.dispose]: () => {
      for (const tunnel of tunnels.values()) tunnel.destroy();
    },
  };
};

const headerOf =
  ({ headers }: IncomingMessage) =>
  (name: string): string | null => {
    const value = headers[name.toLowerCase()];
    return typeof value === "string" ? value : null;
  };

const textOf = async (message: IncomingMessage): Promise<string> => {
  let text = "";
  message.setEncoding("utf8");
  for await (const piece of message) text += String(piece);
  return text;
};
