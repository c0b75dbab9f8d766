import http from "node:http";
import https from "node:https";
import net from "node:net";
import tls from "node:tls";

/** A connection of its own for one request: what must not be sent twice takes no socket that may have gone stale. */
interface Line {
  readonly agent: http.Agent;
  /** Resolves once bytes can go out, the handshake of TLS included. */
  readonly isOpen: Promise<unknown>;
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
  agent.createConnection = (options) => {
    const { host, port } = options as net.TcpNetConnectOpts & { host: string };
    tcp = net.connect({ host, port, noDelay: true });
    tcp.once("close", () => {
      resolveClosed(undefined);
    });
    socket = protocol === "http:" ? tcp : tls.connect({ ...(options as tls.ConnectionOptions), socket: tcp });
    socket.once(protocol === "http:" ? "connect" : "secureConnect", () => {
      resolveOpen(undefined);
    });
    return socket;
  };
  return {
    agent,
    isOpen,
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
