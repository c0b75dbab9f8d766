import http from "node:http";
import { closeServer, listen } from "../../dev/stack/listen.ts";

/** A port that nobody listens on. */
export const freePort = async (): Promise<number> => {
  const server = http.createServer();
  const port = await listen(server);
  await closeServer(server);
  return port;
};
