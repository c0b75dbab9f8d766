import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";

interface RawServerOptions {
  /** Speaks TLS with this key and certificate. */
  readonly tls?: tls.SecureContextOptions;
}

/**
 * A server that answers by the byte, for what no HTTP server does.
 *
 * @param onSocket gets every connection, and what lies below it: over TLS the TCP socket, else the same one
 */
export const startRawServer = async (
  onSocket: (socket: net.Socket, tcp: net.Socket) => void,
  options: RawServerOptions = {},
) => {
  const open = new Set<net.Socket>();
  /** What every connection sent, as it came. */
  const received: string[] = [];
  const server = net.createServer((tcp) => {
    const index = received.push("") - 1;
    open.add(tcp);
    tcp.on("close", () => open.delete(tcp));
    tcp.setNoDelay(true);
    // A context for each connection: tickets are understood again only where their keys are given.
    const secureContext = options.tls && tls.createSecureContext(options.tls);
    const socket = secureContext ? new tls.TLSSocket(tcp, { isServer: true, secureContext }) : tcp;
    for (const each of new Set([socket, tcp])) each.on("error", () => undefined);
    socket.on("data", (data: Buffer) => {
      received[index] = `${received[index] ?? ""}${data.toString("latin1")}`;
    });
    onSocket(socket, tcp);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  return {
    port,
    url: `${options.tls ? "https" : "http"}://127.0.0.1:${port}`,
    received,
    openSockets: () => open.size,
    close: async () => {
      for (const tcp of open) tcp.destroy();
      server.close();
      await once(server, "close");
    },
  };
};

/** The text of an HTTP answer. */
export const httpAnswer = (body: string, status = "200 OK", sizeBytes = Buffer.byteLength(body)): string =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${sizeBytes}\r\n\r\n${body}`;
