import http from "node:http";
import https from "node:https";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import { noAnswerFromProxy, refusedByProxy, type HttpProxy } from "./http-proxy.ts";

/** The proxy has to find the host and connect to it. */
const CONNECT_TIMEOUT_MS = 30_000;

export interface ProxiedOptions extends http.RequestOptions {
  readonly headers: Readonly<Record<string, string>>;
}

/** A request that is made of the proxy itself. */
export const askProxy = ({ url, authorization }: HttpProxy, options: ProxiedOptions): http.ClientRequest =>
  (url.protocol === "https:" ? https : http).request({
    ...options,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port || (url.protocol === "https:" ? 443 : 80),
    headers: { ...options.headers, ...(authorization !== undefined && { "proxy-authorization": authorization }) },
  });

/**
 * Connects to https servers through an HTTP proxy, which carries TLS as it is (CONNECT). `https-proxy-agent` would do that,
 * too, but the process could not end while a proxy keeps it waiting, and it passes a proxy's refusal on as the server's.
 */
export class TunnelAgent extends https.Agent {
  readonly #proxy: HttpProxy;
  readonly #pending = new Set<http.ClientRequest>();

  constructor(proxy: HttpProxy) {
    super({ keepAlive: true });
    this.#proxy = proxy;
  }

  override createConnection(
    options: https.RequestOptions,
    callback: (error: Error | null, connection: Duplex) => void,
  ): undefined {
    const target = `${options.host?.includes(":") ? `[${options.host}]` : (options.host ?? "")}:${options.port ?? 443}`;
    const asked = askProxy(this.#proxy, { method: "CONNECT", path: target, agent: false, headers: { host: target } });
    this.#pending.add(asked);
    const settle = (error: Error | null, connection?: Duplex) => {
      this.#pending.delete(asked);
      callback(error, connection as Duplex);
    };
    asked
      .setTimeout(CONNECT_TIMEOUT_MS, () => asked.destroy(Object.assign(new Error("Timeout"), { code: "ETIMEDOUT" })))
      .once("connect", ({ statusCode = 0 }, socket) => {
        if (statusCode === 200) {
          settle(null, tls.connect({ ...(options as tls.ConnectionOptions), socket }));
          return;
        }
        socket.destroy();
        settle(refusedByProxy(this.#proxy, statusCode, target));
      })
      .once("error", (error) => {
        settle(noAnswerFromProxy(this.#proxy, error));
      })
      .end();
    return undefined;
  }

  /** Ends what has not been answered yet, too. */
  override destroy(): void {
    for (const asked of this.#pending) asked.destroy();
    super.destroy();
  }
}
