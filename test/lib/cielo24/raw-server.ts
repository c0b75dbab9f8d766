import { once } from "node:events";
import net from "node:net";

/** A server that answers by the byte, for what no HTTP server does. */
export const startRawServer = async (onSocket: (socket: net.Socket) => void) => {
  const sockets = new Set<net.Socket>();
  /** What every connection sent, as it came. */
  const received: string[] = [];
  const server = net.createServer((socket) => {
    const index = received.push("") - 1;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      received[index] = `${received[index] ?? ""}${data.toString("latin1")}`;
    });
    onSocket(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    received,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
};

/** The text of an HTTP answer. */
export const httpAnswer = (body: string, status = "200 OK", sizeBytes = Buffer.byteLength(body)): string =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${sizeBytes}\r\n\r\n${body}`;
