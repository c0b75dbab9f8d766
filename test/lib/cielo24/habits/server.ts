import type net from "node:net";
import type tls from "node:tls";
import { startRawServer } from "../raw-server.ts";

/** A request whose head has come, and the hand on its connection. What is sent goes out by the byte. */
export interface Exchange {
  /** For example `job/info`. */
  readonly action: string;
  readonly head: string;
  /** The token that came with it. */
  readonly token: string;
  /** Which request of this server, from 0. */
  readonly number: number;
  /** Which connection of this server, from 0. */
  readonly connection: number;
  /** Waits until so much of the body has come. */
  readonly bodyReaches: (bytes: number) => Promise<void>;
  /** Waits until the whole body has come. */
  readonly bodyIsWhole: () => Promise<void>;
  readonly bodyBytes: () => number;
  /** Waits until the bytes are with the system. */
  readonly send: (bytes: string | Uint8Array) => Promise<void>;
  /** Puts bytes onto the connection below TLS. */
  readonly sendBelow: (bytes: Uint8Array) => void;
  /** FIN; over TLS a close_notify first. */
  readonly end: () => void;
  /** FIN; over TLS without a close_notify. */
  readonly cut: () => void;
  readonly reset: () => void;
  /** Takes no more bytes off the connection. */
  readonly stopReading: () => void;
  readonly socket: net.Socket | tls.TLSSocket;
}

/** May be asynchronous. */
export type Script = (exchange: Exchange) => unknown;

/** A server that does for each request what the script says, and nothing else. */
export const startScriptedServer = async (script: Script, options: Parameters<typeof startRawServer>[1] = {}) => {
  const failures: unknown[] = [];
  const actions: string[] = [];
  const tokens = new Set<string>();
  const sockets = new Set<net.Socket>();
  let connections = 0;
  let wantsSilence = false;

  const run = (exchange: Exchange) => {
    const running = async () => {
      await script(exchange);
    };
    running().catch((error: unknown) => failures.push(error));
  };

  const server = await startRawServer((socket, tcp) => {
    const connection = connections;
    connections += 1;
    sockets.add(socket);
    let unread = Buffer.alloc(0);
    let body: { readonly declared: number; received: number } | undefined;
    let waiting: { readonly bytes: number; readonly resolve: () => void }[] = [];

    const take = () => {
      if (body) {
        const taken = Math.min(unread.length, body.declared - body.received);
        body.received += taken;
        unread = unread.subarray(taken);
        const { received, declared } = body;
        for (const { bytes, resolve } of waiting) if (received >= bytes) resolve();
        waiting = waiting.filter(({ bytes }) => received < bytes);
        if (received < declared) return;
      }
      const end = unread.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = unread.subarray(0, end + 2).toString("latin1");
      unread = unread.subarray(end + 4);
      const mine = { declared: Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0), received: 0 };
      body = mine;
      const [, action = "", query = ""] = /^\S+ \/api\/([^? ]*)\??(\S*)/.exec(head) ?? [];
      const token = new URLSearchParams(query).get("api_token") ?? "";
      tokens.add(token);
      const bodyReaches = (bytes: number) =>
        new Promise<void>((resolve) => {
          if (mine.received >= bytes) resolve();
          else waiting.push({ bytes, resolve });
        });
      const exchange: Exchange = {
        action,
        head,
        token,
        number: actions.push(action) - 1,
        connection,
        bodyReaches,
        bodyIsWhole: () => bodyReaches(mine.declared),
        bodyBytes: () => mine.received,
        send: (bytes) =>
          new Promise<void>((resolve) => {
            // Whoever has left does not hear it: that is the client's right.
            socket.write(bytes, () => {
              resolve();
            });
          }),
        end: () => {
          socket.end();
        },
        sendBelow: (bytes) => {
          tcp.write(bytes);
        },
        cut: () => {
          tcp.end();
        },
        reset: () => {
          tcp.resetAndDestroy();
          socket.destroy();
        },
        stopReading: () => {
          socket.pause();
        },
        socket,
      };
      if (!wantsSilence) run(exchange);
      take();
    };
    socket.on("data", (data) => {
      unread = Buffer.concat([unread, data]);
      take();
    });
  }, options);

  return {
    ...server,
    /** What was asked for, in order. */
    actions,
    /** Every token that came. */
    tokens,
    connections: () => connections,
    /** What went wrong in the script: a fault of the test. */
    failures,
    /** Takes in again what comes, so that it hears who leaves. */
    readOn: () => {
      wantsSilence = true;
      for (const socket of sockets) socket.resume();
    },
    /** Ends what is still open, as a server does that is being shut down. */
    endConnections: () => {
      for (const socket of sockets) socket.end();
    },
  };
};

export type ScriptedServer = Awaited<ReturnType<typeof startScriptedServer>>;
