import { afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { connect, createServer, type Server, type Socket } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { startCielo24, type Cielo24Simulator } from "../../../dev/cielo24/server.ts";
import { selfSigned } from "../../lib/media/self-signed.ts";
import { MINUTE_MS, SECOND_MS, useDrops } from "../../harness/drops.ts";
import { startWorker } from "../../harness/worker.ts";
import { listen } from "../../../dev/stack/listen.ts";

const trusted = selfSigned();
const untrusted = selfSigned();
beforeAll(() => {
  setDefaultCACertificates([...getCACertificates(), trusted.cert]);
});

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server that does so with each connection, by its number from 1; it keeps all that it is sent. */
const listenAs = async (onConnection: (socket: Socket, number: number, server: Server) => void) => {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => heard.push(bytes.toString("latin1")));
    onConnection(socket, (count += 1), server);
  });
  const port = await listen(server);
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  closers.push(close);
  return { port, heard, close, connections: () => count };
};

const passOn = (socket: Socket, port: number): void => {
  const onward = connect(port, "127.0.0.1");
  onward.on("error", () => socket.destroy());
  socket.on("close", () => onward.destroy());
  socket.pipe(onward).pipe(socket);
};

describe("a drop while cielo24 cannot be reached", () => {
  const local = useDrops();
  const places: Readonly<Record<string, () => Promise<{ url: string; heard?: readonly string[] }>>> = {
    "has no address in the DNS": () => Promise.resolve({ url: "https://cielo24.invalid" }),
    "listens on no port": async () => {
      const { port, close } = await listenAs(() => undefined);
      close();
      return { url: `http://127.0.0.1:${port}` };
    },
    "resets every connection": async () => {
      const { port, heard } = await listenAs((socket) => socket.resetAndDestroy());
      return { url: `http://127.0.0.1:${port}`, heard };
    },
    "takes connections and never shakes hands": async () => {
      const { port, heard } = await listenAs(() => undefined);
      return { url: `https://127.0.0.1:${port}`, heard };
    },
    "speaks no TLS": async () => {
      const { port, heard } = await listenAs((socket) => socket.end("SSH-2.0-OpenSSH\r\n"));
      return { url: `https://127.0.0.1:${port}`, heard };
    },
    "has a certificate that nobody vouches for": async () => {
      const { url, close } = await startCielo24({ tls: untrusted, accounts: [local.stack.credentials] });
      closers.push(close);
      return { url };
    },
  };

  it.each(Object.keys(places))(
    "fault 44: waits where it %s, with nothing sent, and the row says why",
    async (where) => {
      const { url, heard = [] } = (await places[where]?.()) ?? { url: "" };
      const job = local.newJob();
      const worker = startWorker(local.stack, { env: { CIELO24_BASE_URL: url } });
      // Little time, since a connection that does not come about ends with it.
      expect(await worker.take(local.event(local.place(job)), 16_000)).toBe(false);
      expect(local.reasons(job)).toEqual(["unavailable"]);
      expect(heard.join("")).not.toMatch(/api_token|x-auth|HTTP/i);
      expect(await local.row(job)).toMatchObject({
        state: "SENDING",
        claims: 0,
        waiting: { type: "CIELO24_UNAVAILABLE" },
      });
      expect(local.waitsMs()).toHaveLength(1);
      expect(local.waitsMs()[0]).toBeLessThanOrEqual(2 * MINUTE_MS + SECOND_MS);

      await local.finish();
      expect(local.posts(job)).toMatchObject([{ outcome: "accepted" }]);
      expect(local.taken(job)).toHaveLength(1);
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED", claims: 1, posts: 1 });
    },
  );
});

describe("a drop while cielo24 cannot be reached any more once its POST begins", () => {
  const local = useDrops();
  const startTls = async (tls = trusted): Promise<Cielo24Simulator> => {
    const simulator = await startCielo24({
      tls,
      accounts: [local.stack.credentials],
      clock: local.stack.runtime.clock,
    });
    closers.push(simulator.close);
    return simulator;
  };
  /** What becomes of the connections of the second job's POST: its questions keep to the first job's. */
  const later: Readonly<Record<string, (socket: Socket, server: Server) => unknown>> = {
    "is reset": (socket) => socket.resetAndDestroy(),
    "never shakes hands": () => undefined,
    "speaks no TLS": (socket) => socket.end("SSH-2.0-OpenSSH\r\n"),
    "shows a certificate that nobody vouches for": async (socket) => {
      passOn(socket, (await startTls(untrusted)).port);
    },
  };

  it.each([...Object.keys(later), "is refused"])("fault 44: is sent again where the connection %s", async (how) => {
    const cielo24 = await startTls();
    const [earlier, job] = [cielo24.addJob(), cielo24.addJob()];
    const { port, connections } = await listenAs((socket, number, server) => {
      if (number <= 2) passOn(socket, cielo24.port);
      else void later[how]?.(socket, server);
      if (how === "is refused" && number === 2) server.close();
    });
    const env = { CIELO24_BASE_URL: `https://127.0.0.1:${port}`, IDLE_TIMEOUT_S: "1" };
    const worker = startWorker(local.stack, { env });
    expect(await worker.take(local.event(local.place(earlier, 200_000)))).toBe(true);
    expect(await worker.take(local.event(local.place(job, 200_000)))).toBe(false);
    // One that is dead before its POST begins is given up for another.
    expect(how === "is refused" ? [2] : [3, 4]).toContain(connections());
    expect(local.reasons(job)).toEqual(["unavailable"]);
    expect(await local.row(job)).toMatchObject({ state: "SENDING", claims: 1, posts: 0 });
    expect(cielo24.posts).toMatchObject([{ jobId: earlier }]);

    const again = startWorker(local.stack, { env: { CIELO24_BASE_URL: cielo24.url } });
    expect(await again.takeNext()).toBe(true);
    expect(cielo24.acceptances.slice(1)).toMatchObject([{ jobId: job, sizeBytes: 200_000 }]);
    expect(cielo24.posts.slice(1)).toMatchObject([{ outcome: "accepted" }]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", claims: 2, posts: 1 });
  });
});
