import { Server as HttpServer } from "node:http";
import type { AddressInfo, Server } from "node:net";

/** With Node's five seconds, a server on a busy machine closes a connection while a client begins to use it again. */
const KEEP_ALIVE_MS = 120_000;

/** Listens on the loopback interface only, by default on a free port. Resolves with the port. */
export const listen = (server: Server, port = 0): Promise<number> =>
  new Promise((resolve, reject) => {
    if (server instanceof HttpServer) server.keepAliveTimeout = KEEP_ALIVE_MS;
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });

/** Stops listening, closes all connections, and resolves once that is done. */
export const closeServer = (server: HttpServer): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
