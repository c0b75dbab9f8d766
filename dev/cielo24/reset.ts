import type { IncomingMessage } from "node:http";
import type { Server, Socket } from "node:net";

/** Resets the connection of a request. */
export type Reset = (request: IncomingMessage) => void;

/** A TLS socket cannot be reset, only the TCP socket below it, so this keeps the TCP sockets by remote port. */
export const createReset = (server: Server): Reset => {
  const below = new Map<number, Socket>();
  server.on("connection", (socket) => {
    const port = socket.remotePort ?? 0;
    below.set(port, socket);
    socket.once("close", () => below.delete(port));
  });
  return ({ socket }) => {
    below.get(socket.remotePort ?? 0)?.resetAndDestroy();
    socket.destroy();
  };
};
