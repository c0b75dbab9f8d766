import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { listen } from "../../dev/stack/listen.ts";

/** Addresses from which no answer comes, each for another reason. */
interface Nowhere {
  readonly url: string;
  readonly close: () => void;
}

/** Nobody listens: connections are refused at once. */
export const freePort = async (): Promise<Nowhere> => {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, "close");
  return { url: `http://127.0.0.1:${port}`, close: () => undefined };
};

/** Connections are taken, and nothing is ever said. */
export const neverAnswers = async (): Promise<Nowhere> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on("error", () => undefined)));
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
};

/** Listens, and then never takes a connection: its loop stands still. */
const DEAF = `
  require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, function () {
    require("node:fs").writeSync(1, String(this.address().port) + "\\n");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;
/** The system completes so many handshakes by itself, and then drops what comes. */
const HANDSHAKES = 2;

/** What is sent is lost: not even the TCP handshake is answered, as behind a firewall that drops. */
export const blackHole = async (): Promise<Nowhere> => {
  const child = spawn(process.execPath, ["-e", DEAF], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(line.toString());
  const filling = await Promise.all(
    Array.from({ length: HANDSHAKES }, async () => {
      const socket = connect({ host: "127.0.0.1", port }).on("error", () => undefined);
      await once(socket, "connect");
      return socket;
    }),
  );
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      for (const socket of filling) socket.destroy();
      child.kill("SIGKILL");
    },
  };
};
