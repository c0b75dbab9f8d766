import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** How a connection misbehaves. Resolves with what the server did wrong; undefined if nothing. */
export type Misbehaviour = (port: number, token: string) => Promise<string | undefined>;

const HOST = "Host: 127.0.0.1\r\n";
const GIVE_UP_MS = 20_000;

const open = async (port: number, allowHalfOpen = false): Promise<Socket> => {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
};

const close = async (socket: Socket): Promise<undefined> => {
  if (!socket.closed) {
    const closed = once(socket, "close");
    socket.destroy();
    await closed;
  }
  return undefined;
};

/** Everything that comes until the server closes. */
const readAll = async (socket: Socket): Promise<string> => {
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  const closed = await Promise.race([
    new Promise<true>((resolve) => {
      socket.on("close", () => {
        resolve(true);
      });
      socket.on("end", () => {
        resolve(true);
      });
    }),
    wait(GIVE_UP_MS, false, { ref: false }),
  ]);
  await close(socket);
  return closed ? text : `left open after: ${text}`;
};

const statuses = (text: string): string => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, code]) => code).join();

/** Sends so much and reads to the end; the statuses must be these. */
const sends =
  (bytes: string | Buffer, expected: string): Misbehaviour =>
  async (port) => {
    const socket = await open(port);
    socket.write(bytes);
    const text = await readAll(socket);
    return statuses(text) === expected ? undefined : `${statuses(text)} in place of ${expected}: ${text.slice(0, 100)}`;
  };

const post = (token: string, lengthBytes: number) =>
  `POST /api/job/update_metadata?v=1 HTTP/1.1\r\n${HOST}Authorization: Bearer ${token}\r\n` +
  `Content-Type: application/json\r\nContent-Length: ${lengthBytes}\r\n\r\n`;

const PIPELINED = 8;
const DRIPS = 60;
const DRIP_MS = 25;

export const MISBEHAVIOURS: Readonly<Record<string, Misbehaviour>> = {
  "says nothing": async (port) => {
    const socket = await open(port);
    await wait(50);
    return close(socket);
  },
  "stops in the head": async (port) => {
    const socket = await open(port);
    socket.write("GET /health HTTP/1.1\r\nHo");
    await wait(20);
    return close(socket);
  },
  "stops in the body": async (port, token) => {
    const socket = await open(port);
    socket.write(`${post(token, 1000)}{"job_id":`);
    await wait(20);
    return close(socket);
  },
  "goes before the answer": async (port, token) => {
    const socket = await open(port);
    socket.write(`${post(token, 2)}{}`);
    await wait(1);
    return close(socket);
  },
  "drips its head byte by byte": async (port) => {
    const socket = await open(port);
    const head = `GET /health HTTP/1.1\r\n${HOST}X-Slow: ${"s".repeat(DRIPS)}`;
    for (const character of head.slice(0, DRIPS)) {
      socket.write(character);
      await wait(DRIP_MS);
    }
    return close(socket);
  },
  "drips its body and never ends it": async (port, token) => {
    const socket = await open(port);
    socket.write(post(token, DRIPS * 2));
    for (let drip = 0; drip < DRIPS; drip += 1) {
      socket.write(" ");
      await wait(DRIP_MS);
    }
    return close(socket);
  },
  "drips a whole request and gets its answer": async (port) => {
    const socket = await open(port);
    for (const character of `GET /health HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`) {
      socket.write(character);
      await wait(2);
    }
    const text = await readAll(socket);
    return statuses(text) === "200" ? undefined : `a slow request got ${text.slice(0, 100)}`;
  },
  "pipelines, and gets the answers in order": async (port) => {
    const request = (target: string, last: boolean) =>
      `GET ${target} HTTP/1.1\r\n${HOST}${last ? "Connection: close\r\n" : ""}\r\n`;
    const targets = Array.from({ length: PIPELINED }, (_, index) => (index % 2 === 0 ? "/health" : "/nowhere"));
    const socket = await open(port);
    socket.write(targets.map((target, index) => request(target, index === PIPELINED - 1)).join(""));
    const text = await readAll(socket);
    const expected = targets.map((target) => (target === "/health" ? "200" : "404")).join();
    return statuses(text) === expected ? undefined : `pipelined requests got ${statuses(text)}`;
  },
  "pipelines and goes": async (port) => {
    const socket = await open(port);
    socket.write(`GET /health HTTP/1.1\r\n${HOST}\r\n`.repeat(PIPELINED));
    return close(socket);
  },
  "closes its half and gets its answer": async (port) => {
    const socket = await open(port, true);
    socket.end(`GET /health HTTP/1.1\r\n${HOST}\r\n`);
    const text = await readAll(socket);
    return statuses(text) === "200" ? undefined : `a half-closed connection got ${text.slice(0, 100)}`;
  },
  "asks for no path": sends(`GET // HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`, "404"),
  "asks for everything": sends(`OPTIONS * HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`, "404"),
  "speaks TLS": sends(Buffer.from("16030100c8010000c40303", "hex"), "400"),
  "speaks nonsense": sends("\0\u0001\u0002 nonsense\r\n\r\n", "400"),
  "names no host": sends("GET /health HTTP/1.1\r\n\r\n", "400"),
  "has a head of 20 KB": sends(
    `GET /health HTTP/1.1\r\n${HOST}Connection: close\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`,
    "431",
  ),
  "has two lengths": sends(`POST /health HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, "400"),
  "has a length and chunks": sends(
    `POST /health HTTP/1.1\r\n${HOST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    "400",
  ),
  "hides a header in a value": sends(`GET /health HTTP/1.1\r\n${HOST}X-A: a\nX-B: b\rX-C: c\r\n\r\n`, "400"),
};
