import { afterEach, describe, expect, it } from "@jest/globals";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import { connect, createServer, type Server, type Socket } from "node:net";
import { startFront } from "../../bench/latency/front.ts";
import { createSlowStart, startWire } from "../../bench/latency/wire.ts";
import { listen } from "../../dev/stack/listen.ts";
import { selfSigned } from "../lib/media/self-signed.ts";

const RTT_MS = 60;
const SERVICE_MS = 50;
const MIB = 1024 * 1024;
/** Half a round trip is a fraction, and clocks round. */
const ROUNDING_MS = 1;

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const serve = async (server: Server): Promise<number> => {
  closers.push(() => server.close());
  return listen(server);
};

const wireTo = async (upstreamPort: number): Promise<number> => {
  const wire = await startWire(upstreamPort, { rttMs: RTT_MS });
  closers.push(wire.close);
  return wire.port;
};

const echo = () => serve(createServer((socket) => socket.pipe(socket)));

const exchange = async (socket: Socket, bytes: Buffer): Promise<{ ms: number; back: Buffer }> => {
  const startedAt = performance.now();
  const chunks: Buffer[] = [];
  socket.write(bytes);
  let missing = bytes.length;
  while (missing > 0) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    chunks.push(chunk);
    missing -= chunk.length;
  }
  return { ms: performance.now() - startedAt, back: Buffer.concat(chunks) };
};

describe("Slow start", () => {
  const MS = 70;
  const slowStart = () => createSlowStart(MS, MS);

  it("sends ten segments at first, and twice as many behind each round trip", () => {
    const flights = slowStart()(100_000, 0);
    const times = [...new Set(flights.map(({ sentAt }) => sentAt))];
    const bytesAt = (at: number) =>
      flights.filter(({ sentAt }) => sentAt === at).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    expect(times).toEqual([MS, 2 * MS, 3 * MS]);
    expect(times.map(bytesAt)).toEqual([14_600, 29_200, 56_200]);
  });

  it("brings a mebibyte in seven round trips", () => {
    expect(slowStart()(MIB, 0).at(-1)?.sentAt).toBe(MS + 6 * MS);
  });

  it("keeps what a connection has learned, and forgets it while that is idle", () => {
    const next = slowStart();
    next(MIB, 0);
    const lastSentAt = (now: number) => (next(MIB, now).at(-1)?.sentAt ?? 0) - now;
    expect(lastSentAt(600)).toBe(0);
    expect(lastSentAt(2_000)).toBe(6 * MS);
  });
});

describe("A wire", () => {
  it("delays a handshake and an exchange by a round trip each", async () => {
    const socket = connect(await wireTo(await echo()), "127.0.0.1");
    closers.push(() => socket.destroy());
    const first = await exchange(socket, Buffer.from("ping"));
    const second = await exchange(socket, Buffer.from("pong"));
    expect(first.ms).toBeGreaterThanOrEqual(2 * RTT_MS - ROUNDING_MS);
    expect(second.ms).toBeGreaterThanOrEqual(RTT_MS - ROUNDING_MS);
    expect([first, second].map(({ back }) => back.toString())).toEqual(["ping", "pong"]);
  });

  it("carries every byte in order, and starts slowly", async () => {
    const socket = connect(await wireTo(await echo()), "127.0.0.1");
    closers.push(() => socket.destroy());
    const bytes = randomBytes(MIB);
    const { ms, back } = await exchange(socket, bytes);
    expect(sha256(back)).toBe(sha256(bytes));
    // Handshake, six flights before the last, and the way there and back of that one.
    expect(ms).toBeGreaterThanOrEqual(8 * RTT_MS - ROUNDING_MS);
  });

  it("passes on the end of each direction by itself, behind the bytes before it", async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      void socket.toArray().then((chunks) => socket.end(`got ${Buffer.concat(chunks as Buffer[]).length}`));
    });
    const socket = connect({ port: await wireTo(await serve(server)), host: "127.0.0.1", allowHalfOpen: true });
    socket.end(Buffer.alloc(100_000));
    expect(Buffer.concat((await socket.toArray()) as Buffer[]).toString()).toBe("got 100000");
  });

  it("passes on a reset", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined).once("data", () => socket.resetAndDestroy());
    });
    const socket = connect(await wireTo(await serve(server)), "127.0.0.1");
    socket.write("x");
    const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNRESET");
  });
});

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

describe("A front", () => {
  const httpServer = () =>
    serve(
      http.createServer((request, response) => {
        request.resume().once("end", () => response.end("done"));
      }),
    );

  it("takes its time to respond, and names what was asked without ids and query", async () => {
    const front = await startFront(await httpServer(), { serviceMs: SERVICE_MS });
    closers.push(front.close);
    const agent = new http.Agent({ keepAlive: true });
    closers.push(() => {
      agent.destroy();
    });
    const ask = async (path: string, headers = {}): Promise<number> => {
      const startedAt = performance.now();
      const request = http.request({ port: front.port, host: "127.0.0.1", path, headers, agent }).end();
      const [response] = (await once(request, "response")) as [http.IncomingMessage];
      await response.toArray();
      return performance.now() - startedAt;
    };
    const times = [
      await ask("/", { "x-amz-target": "DynamoDB_20120810.GetItem" }),
      await ask("/bucket/media/0123/film.mp4?X-Amz-Signature=secret"),
      await ask("/api/job/info?v=1&api_token=secret"),
    ];
    const { exchanges, opened } = front.take();
    expect(exchanges.map(({ request }) => request)).toEqual(["GetItem", "GET object", "GET job/info"]);
    expect(exchanges.map(({ connection }) => connection)).toEqual([1, 1, 1]);
    expect(exchanges.map(({ openedAt }) => openedAt !== undefined)).toEqual([true, false, false]);
    expect(opened).toBe(1);
    for (const ms of times) expect(ms).toBeGreaterThanOrEqual(SERVICE_MS - ROUNDING_MS);
    for (const { requestEndedAt, respondedAt = 0 } of exchanges)
      expect(respondedAt - requestEndedAt).toBeGreaterThanOrEqual(SERVICE_MS - ROUNDING_MS);
    expect(front.take()).toEqual({ exchanges: [], opened: 0 });
  });

  it("counts a connection that was opened over TLS and never used", async () => {
    const tls = selfSigned();
    const front = await startFront(await httpServer(), { serviceMs: 0, tls });
    closers.push(front.close);
    const idle = connect(front.port, "127.0.0.1");
    closers.push(() => idle.destroy());
    await once(idle, "connect");
    const request = https.request({ port: front.port, host: "127.0.0.1", path: "/api/account/login", ca: tls.cert });
    const [response] = (await once(request.end(), "response")) as [http.IncomingMessage];
    await response.toArray();
    const { exchanges, opened } = front.take();
    expect(opened).toBe(2);
    expect(exchanges.map(({ request: asked }) => asked)).toEqual(["GET account/login"]);
  });

  it("sees over TLS and a wire that a request comes two round trips behind its connection", async () => {
    const tls = selfSigned();
    const front = await startFront(await httpServer(), { serviceMs: 0, tls });
    closers.push(front.close);
    const port = await wireTo(front.port);
    const request = https.request({ port, host: "127.0.0.1", path: "/api/account/login", ca: tls.cert }).end();
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    await response.toArray();
    const [login] = front.take().exchanges;
    // Two round trips to shake hands, and half of one on the way.
    expect((login?.requestedAt ?? 0) - (login?.openedAt ?? Infinity)).toBeGreaterThanOrEqual(
      2.5 * RTT_MS - ROUNDING_MS - 5,
    );
  });
});
