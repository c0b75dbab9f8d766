import { afterEach, describe, expect, it } from "@jest/globals";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { listen } from "../../dev/stack/listen.ts";
import { startLine, type Line, type Quality } from "../harness/line.ts";
import { until } from "../harness/until.ts";

/** The instrument itself: what the other tests here rely on. */
describe("a line", () => {
  let line: Line;
  let echo: Server;
  const sockets: Socket[] = [];
  /** A line to a server that sends back whatever comes, and one connection over it. */
  const open = async (quality?: Quality) => {
    echo = createServer({ allowHalfOpen: true }, (socket) => void socket.on("error", () => undefined).pipe(socket));
    line = await startLine({ echo: `http://127.0.0.1:${await listen(echo)}` }, quality);
    return join();
  };
  const dial = () => {
    const socket = connect({ port: Number(new URL(line.addresses["echo"] ?? "").port), host: "127.0.0.1" });
    sockets.push(socket);
    let receivedBytes = 0;
    socket.on("data", (bytes: Buffer) => (receivedBytes += bytes.length)).on("error", () => undefined);
    return { socket, receivedBytes: () => receivedBytes };
  };
  const join = async () => {
    const dialled = dial();
    await once(dialled.socket, "connect");
    return dialled;
  };
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await line.close();
    echo.close();
  });

  it("takes its latency each way, and a round trip for a new connection", async () => {
    const { socket, receivedBytes } = await open({ latencyMs: 50 });
    const startedAt = performance.now();
    socket.write("one");
    await until(() => receivedBytes() === 3);
    const firstMs = performance.now() - startedAt;
    socket.write("two");
    await until(() => receivedBytes() === 6);
    expect(firstMs).toBeGreaterThan(195);
    expect(performance.now() - startedAt - firstMs).toBeGreaterThan(95);
  });

  it("passes on as much in a second as it should, and no more", async () => {
    const { socket, receivedBytes } = await open({ bytesPerSecond: 1_000_000 });
    const startedAt = performance.now();
    socket.end(Buffer.alloc(1_000_000));
    await until(() => receivedBytes() === 1_000_000);
    expect(performance.now() - startedAt).toBeGreaterThan(990);
    expect(line.upBytes("echo")).toBe(1_000_000);
  });

  it("lets nothing through while it is dark, refuses nothing, and loses nothing", async () => {
    const { socket, receivedBytes } = await open();
    line.goDark();
    socket.write("one");
    const other = await join();
    other.socket.write("other");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([receivedBytes(), other.receivedBytes(), socket.destroyed]).toEqual([0, 0, false]);
    line.comeBack();
    await until(() => receivedBytes() === 3 && other.receivedBytes() === 5);
  });

  it("freezes one connection for good, of which neither side learns", async () => {
    const { socket, receivedBytes } = await open();
    socket.write("one");
    await until(() => receivedBytes() === 3);
    line.connections()[0]?.freeze();
    socket.write("two");
    const other = await join();
    other.socket.write("other");
    await until(() => other.receivedBytes() === 5);
    expect([receivedBytes(), socket.destroyed, line.upBytes("echo")]).toEqual([3, false, 8]);
  });

  it("resets what is open and what comes while it refuses", async () => {
    const { socket } = await open();
    await until(() => line.connections().length === 1);
    line.refuse();
    await until(() => socket.destroyed);
    const { socket: other } = dial();
    await until(() => other.destroyed);
    line.comeBack();
    const { socket: late, receivedBytes } = await join();
    late.write("late");
    await until(() => receivedBytes() === 4);
  });

  it("takes everything at once where a box swallows it, and passes it on though the sender has gone", async () => {
    await open();
    line.swallow(1_000_000);
    const { socket } = await join();
    socket.end(Buffer.alloc(300_000));
    await once(socket, "finish");
    const swallowedAt = line.upBytes("echo");
    socket.destroy();
    await until(() => line.upBytes("echo") === 300_000);
    expect(swallowedAt).toBeLessThan(300_000);
  });
});
