import { connect, createServer as createTcpServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { listen } from "../../dev/stack/listen.ts";
import { createArrivals } from "./wire.ts";

/** A request and its response, as the server sees them (times of `performance.now`). */
export interface Exchange {
  /** What was asked for, without ids and query: `GetItem`, `POST job/add_media`. */
  readonly request: string;
  /** Number of the connection, in the order in which they were opened. */
  readonly connection: number;
  /** When the connection was opened, if this is its first request. */
  readonly openedAt: number | undefined;
  readonly requestedAt: number;
  /** The last byte of the request so far. */
  requestEndedAt: number;
  /** The last byte of the response so far; undefined until it begins. */
  respondedAt: number | undefined;
}

/** A server in front of another, which takes its time to respond and writes down what is asked of it. */
export interface Front {
  readonly port: number;
  /** The exchanges since the last call, and how many connections were opened. */
  readonly take: () => { readonly exchanges: readonly Exchange[]; readonly opened: number };
  readonly close: () => Promise<void>;
}

/** How a front responds. */
export interface FrontOptions {
  /** From the last byte of a request to the first of its response, at least. */
  readonly serviceMs: number;
  /** TLS to the clients; the upstream is spoken to in the clear. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** Knows HTTP/1.1 with one request at a time on each connection, and no response before its request has ended. */
export const startFront = async (upstreamPort: number, { serviceMs, tls }: FrontOptions): Promise<Front> => {
  const sockets = new Set<Socket>();
  let exchanges: Exchange[] = [];
  let opened = 0;
  let connections = 0;
  const openings = new Map<number, { readonly at: number; readonly connection: number }>();

  const serve = (near: Socket, { at: openedAt, connection }: { at: number; connection: number }): void => {
    const far = connect({ host: "127.0.0.1", port: upstreamPort, noDelay: true });
    const inOrder = createArrivals();
    let current: Exchange | undefined;
    near.on("data", (chunk: Buffer) => {
      const now = performance.now();
      if (!current || current.respondedAt !== undefined) {
        const isFirst = current === undefined;
        current = {
          request: nameRequest(chunk.toString("latin1")),
          connection,
          openedAt: isFirst ? openedAt : undefined,
          requestedAt: now,
          requestEndedAt: now,
          respondedAt: undefined,
        };
        exchanges.push(current);
      }
      current.requestEndedAt = now;
      far.write(chunk);
    });
    far.on("data", (chunk: Buffer) => {
      const exchange = current;
      inOrder((exchange?.requestEndedAt ?? 0) + serviceMs, () => {
        if (exchange) exchange.respondedAt = performance.now();
        if (near.writable) near.write(chunk);
      });
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on("error", () => undefined);
      one.on("close", () => {
        sockets.delete(one);
        inOrder(0, () => {
          other.destroySoon();
        });
      });
    }
  };

  const open = () => {
    opened += 1;
    return { at: performance.now(), connection: (connections += 1) };
  };
  const server = tls
    ? createTlsServer(tls, (near) => {
        serve(near, openings.get(near.remotePort ?? 0) ?? open());
      })
    : createTcpServer({ noDelay: true }, (near) => {
        serve(near, open());
      });
  // Over TLS, a connection is opened before it can be spoken on.
  if (tls) server.on("connection", (tcp: Socket) => openings.set(tcp.remotePort ?? 0, open()));
  const port = await listen(server);
  return {
    port,
    take: () => {
      const taken = { exchanges, opened };
      exchanges = [];
      opened = 0;
      return taken;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** Neither ids nor the query, which holds tokens and signatures. */
const nameRequest = (head: string): string => {
  const action = /^x-amz-target: \w+\.(\w+)/im.exec(head)?.[1];
  if (action) return action;
  const [, method = "?", path = "?"] = /^(\w+) ([^ ?]*)/.exec(head) ?? [];
  return `${method} ${path.startsWith("/api/") ? path.slice("/api/".length) : "object"}`;
};
