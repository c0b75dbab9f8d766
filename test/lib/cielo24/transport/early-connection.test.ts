import { afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import type net from "node:net";
import tls from "node:tls";
import { createCielo24 } from "../../../../lib/cielo24/client.ts";
import { parseSecret } from "../../../../lib/cielo24/credentials.ts";
import { until } from "../../../harness/until.ts";
import { selfSigned } from "../../media/self-signed.ts";
import { bodyOf, codeOf, transferLimits, within } from "../fixture.ts";
import { turns } from "../habits/pauses.ts";
import { httpAnswer, startRawServer } from "../raw-server.ts";

const certificate = selfSigned();
const BYTES = randomBytes(300_000);
const TASK = httpAnswer(JSON.stringify({ TaskId: "a".repeat(32) }));
const REFUSAL = httpAnswer(JSON.stringify({ ErrorType: "INVALID_QUERY", ErrorComment: "" }), "400 Bad Request");
const closers: (() => Promise<void>)[] = [];

beforeAll(() => {
  tls.setDefaultCACertificates([...tls.getCACertificates(), certificate.cert]);
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Takes the bodies of POSTs whole, answers with a TaskId, and keeps the connection. */
const acceptPosts = (socket: net.Socket): void => {
  let text = "";
  socket.on("data", (data: Buffer) => {
    text += data.toString("latin1");
    const end = text.indexOf("\r\n\r\n");
    if (end < 0 || text.length < end + 4 + BYTES.length) return;
    text = "";
    socket.write(TASK);
  });
};

describe.each([
  ["TCP", undefined],
  ["TLS", certificate],
])("a connection over %s that is opened early", (_protocol, certified) => {
  const start = async (onSocket: (socket: net.Socket, index: number, tcp: net.Socket) => void) => {
    let sockets = 0;
    const server = await startRawServer(
      (socket, tcp) => {
        onSocket(socket, sockets, tcp);
        sockets += 1;
      },
      certified ? { tls: certified } : {},
    );
    closers.push(server.close);
    const cielo24 = createCielo24({
      baseUrl: server.url,
      readCredentials: () => Promise.resolve(parseSecret(JSON.stringify({ api_token: "t".repeat(32) }))),
      clock: Date.now,
    });
    const connection = cielo24.connect();
    closers.push(() => connection.close());
    const open = () =>
      connection.openTransfer({ jobId: "job", body: bodyOf(BYTES).body }, { ...transferLimits, ...within(5_000) });
    const send = async () => {
      const transfer = open();
      const result = await transfer.sendAllButLast();
      return codeOf(result === "held" ? await transfer.finish() : result);
    };
    const postsOf = () => server.received.map((text) => text.split("POST /api/job/add_media").length - 1);
    return { server, connection, open, send, postsOf };
  };

  it("sends no byte of the request before the transfer does, and then serves that", async () => {
    const secured: net.Socket[] = [];
    const { server, send, postsOf } = await start((socket) => {
      socket.on("secure", () => secured.push(socket));
      acceptPosts(socket);
    });
    await until(() => (certified ? secured.length > 0 : server.openSockets() === 1));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.received).toEqual([""]);
    expect(await send()).toBe("accepted");
    expect(postsOf()).toEqual([1]);
  });

  it("serves a transfer that comes before it is open", async () => {
    const { send, postsOf } = await start(acceptPosts);
    expect(await send()).toBe("accepted");
    expect(postsOf()).toEqual([1]);
  });

  it("serves no other transfer, though the server keeps it", async () => {
    const { send, postsOf } = await start((socket, index) => {
      if (index > 0) acceptPosts(socket);
      else socket.once("data", () => socket.write(REFUSAL));
    });
    expect(await send()).toBe("REFUSED");
    expect(await send()).toBe("accepted");
    expect(await send()).toBe("accepted");
    expect(postsOf()).toEqual([1, 1, 1]);
  });

  it("serves no second transfer beside the first", async () => {
    const { open, send, postsOf } = await start(acceptPosts);
    const first = open();
    expect(await first.sendAllButLast()).toBe("held");
    expect(await send()).toBe("accepted");
    expect(codeOf(await first.finish())).toBe("accepted");
    expect(postsOf()).toEqual([1, 1]);
  });

  it.each<[string, (socket: net.Socket, tcp: net.Socket) => unknown]>([
    ["a 408 has arrived", (socket) => socket.write(httpAnswer("", "408 Request Timeout"))],
    ["a 408 has arrived, with its end", (socket) => socket.end(httpAnswer("", "408 Request Timeout"))],
    ["a 200 has arrived", (socket) => socket.write(TASK)],
    ["it was closed", (socket) => socket.end()],
    ["it was reset", (_socket, tcp) => tcp.resetAndDestroy()],
  ])("is given up where %s, and another serves the transfer", async (_what, act) => {
    let hasActed = false;
    const { server, send, postsOf } = await start((socket, index, tcp) => {
      if (index > 0) {
        acceptPosts(socket);
        return;
      }
      const actOnce = () => {
        act(socket, tcp);
        setTimeout(() => (hasActed = true), 20);
      };
      if (certified) socket.once("secure", actOnce);
      else actOnce();
    });
    await until(() => hasActed);
    expect(await send()).toBe("accepted");
    expect(postsOf()).toEqual([0, 1]);
    await until(() => server.openSockets() <= 1);
  });

  it("is gone once it is closed, used or not", async () => {
    const unused = await start(acceptPosts);
    await until(() => unused.server.openSockets() === 1);
    await unused.connection.close();
    await until(() => unused.server.openSockets() === 0);
    await unused.connection.close();

    const used = await start(acceptPosts);
    const transfer = used.open();
    expect(await transfer.sendAllButLast()).toBe("held");
    await used.connection.close();
    expect(codeOf(await transfer.finish())).toBe("UNAVAILABLE");
    await until(() => used.server.openSockets() === 0);
  });

  it("is closed with a transfer that is given up before its POST", async () => {
    const { server, open } = await start(acceptPosts);
    await until(() => server.openSockets() === 1);
    await open().abort();
    await turns(1_000);
    expect(server.openSockets()).toBe(0);
  });
});

it("that cannot be opened fails its transfer as one that was never sent", async () => {
  const cielo24 = createCielo24({
    baseUrl: "http://127.0.0.1:1",
    readCredentials: () => Promise.resolve(parseSecret(JSON.stringify({ api_token: "t".repeat(32) }))),
    clock: Date.now,
  });
  const connection = cielo24.connect();
  const media = { jobId: "job", body: bodyOf(BYTES).body };
  const transfer = connection.openTransfer(media, { ...transferLimits, ...within(5_000) });
  expect(await transfer.sendAllButLast()).toMatchObject({ isUnsent: true, error: { code: "UNAVAILABLE" } });
  await connection.close();
});
