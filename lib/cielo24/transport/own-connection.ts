import http from "node:http";
import https from "node:https";
import net from "node:net";
import tls from "node:tls";
import { readWhatCame } from "./let-io-arrive.ts";

/** A connection of its own for one request: what must not be sent twice takes no socket that may have gone stale. */
interface Line {
  readonly agent: http.Agent;
  /** Resolves once bytes can go out, the handshake of TLS included. */
  readonly isOpen: Promise<unknown>;
  /** Whether bytes can have gone out. What was written before is never sent once the line is closed. */
  readonly mayHaveSent: () => boolean;
  /** Waits until it is closed. After a reset the system sends nothing of what it still has buffered. */
  readonly close: (how: { readonly withReset: boolean }) => Promise<void>;
}

/** A TLS socket cannot be reset, only what it lies on: so the TCP socket is ours, for both protocols. */
export const createLine = (protocol: "http:" | "https:"): Line => {
  const agent = protocol === "http:" ? new http.Agent() : new https.Agent();
  const { promise: isOpen, resolve: resolveOpen } = Promise.withResolvers<undefined>();
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<unknown>();
  let tcp: net.Socket | undefined;
  let socket: net.Socket | undefined;
  let wasOpened = false;
  agent.createConnection = (options) => {
    const { host, port } = options as net.TcpNetConnectOpts & { host: string };
    tcp = net.connect({ host, port, noDelay: true });
    tcp.once("close", () => {
      resolveClosed(undefined);
    });
    socket = protocol === "http:" ? tcp : tls.connect({ ...(options as tls.ConnectionOptions), socket: tcp });
    failLater(socket);
    socket.once(protocol === "http:" ? "connect" : "secureConnect", () => {
      wasOpened = true;
      resolveOpen(undefined);
    });
    return socket;
  };
  return {
    agent,
    isOpen,
    mayHaveSent: () => wasOpened,
    close: async ({ withReset }) => {
      if (!tcp) return;
      tcp.once("error", resolveClosed);
      // Node ends the connection behind an answer. The system refuses to reset what is being shut down, and Node then never
      // closes it.
      if (withReset && !socket?.writableEnded) tcp.resetAndDestroy();
      // The reset alone would wait for what is still to be written.
      tcp.destroy();
      await closed;
    },
  };
};

/**
 * A write fails where cielo24 has reset the connection, and Node then closes the socket: with it, an answer that lies there
 * unread would be lost. So that is read first.
 */
const failLater = (socket: net.Socket): void => {
  const write = socket._write.bind(socket);
  const writeAll = socket._writev?.bind(socket);
  type Done = (error?: Error | null) => void;
  const later =
    (done: Done): Done =>
    (error) => {
      if (!error) {
        done();
        return;
      }
      void readWhatCame().then(() => {
        done(error);
      });
    };
  socket._write = (chunk, encoding, done) => {
    write(chunk, encoding, later(done));
  };
  socket._writev = (chunks, done) => {
    writeAll?.(chunks, later(done));
  };
};
