import dynalite from "dynalite";
import { closeServer, listen } from "../../../dev/stack/listen.ts";
import type { TableServer } from "./table-server.ts";

export const startDynalite = async (): Promise<TableServer> => {
  const server = dynalite({ createTableMs: 0 });
  return { endpoint: `http://127.0.0.1:${await listen(server)}`, close: () => closeServer(server) };
};
