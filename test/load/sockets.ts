import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

/** Counts the connections that the servers of this process have open on a port, as the servers see them. */
export const watchSockets = (port: number): { readonly open: () => number; readonly stop: () => void } => {
  const sockets = new Set<Socket>();
  const onSocket = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    if (socket.localPort !== port) return;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  };
  subscribe("net.server.socket", onSocket);
  return {
    open: () => sockets.size,
    stop: () => unsubscribe("net.server.socket", onSocket),
  };
};
