import { afterEach, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import type net from "node:net";
import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises";
import { MediaReadError } from "../../../../lib/media/body.ts";
import { bodyOf, codeOf, startAccount, within } from "../fixture.ts";
import { httpAnswer, startRawServer } from "../raw-server.ts";
import type { MediaBody } from "../../../../lib/media/body.ts";

const KIB = 1024;
const TASK = JSON.stringify({ TaskId: "a".repeat(32) });
const closers: (() => unknown)[] = [];
const JOB = "0".repeat(32);

/** A client of a server that answers by the byte. */
const start = async (onSocket: (socket: net.Socket) => void, scheme = "http") => {
  const server = await startRawServer(onSocket);
  const { cielo24, simulator } = await startAccount({
    baseUrl: server.url.replace("http", scheme),
    secret: () => Promise.resolve(JSON.stringify({ api_token: "f".repeat(32) })),
  });
  closers.push(server.close, () => simulator.close());
  const open = (body: MediaBody, { idleTimeoutMs = 5_000, deadlineMs = 10_000 } = {}) =>
    cielo24.openTransfer({ jobId: JOB, body }, { idleTimeoutMs, ...within(deadlineMs) });
  return { server, open, cielo24 };
};

/** A source that never gives its second piece, unless it is told to stop. */
const stuckBody = (sizeBytes: number) => {
  const state = { isClosed: false };
  const body: MediaBody = {
    sizeBytes,
    read: async function* (signal) {
      try {
        yield randomBytes(100);
        await new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            reject(signal.reason as Error);
          });
        });
      } finally {
        state.isClosed = true;
      }
    },
  };
  return { body, state };
};

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
};
/** Of the whole process: test files that ran in it before may have left some that are still closing. */
const openSockets = (): number => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
const bodyBytes = (received: string | undefined): number => (received ?? "").split("\r\n\r\n").slice(1).join("").length;

describe("a media transfer that takes its time", () => {
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  it("fault 7: does not blame cielo24 for a source that stalls and goes on", async () => {
    const { open, server } = await start(() => undefined);
    const body: MediaBody = {
      sizeBytes: 3 * KIB,
      read: async function* () {
        for (let piece = 0; piece < 3; piece += 1) {
          await wait(150);
          yield randomBytes(KIB);
        }
      },
    };
    const transfer = open(body, { idleTimeoutMs: 100 });
    expect(await transfer.sendAllButLast()).toBe("held");
    await transfer.abort();
    expect(bodyBytes(server.received[0])).toBe(0);
  });

  it("fault 44: gives up on a connection over which no handshake comes about", async () => {
    const { open } = await start(() => undefined, "https");
    for (const size of [10, 200 * KIB]) {
      const { body, state } = bodyOf(randomBytes(size));
      expect(codeOf(await open(body, { idleTimeoutMs: 100 }).sendAllButLast())).toBe("UNAVAILABLE");
      expect(state.isClosed).toBe(true);
    }
  });

  it("fault 18: does not send the last chunk once an answer has begun, and takes that for no success", async () => {
    const sockets: net.Socket[] = [];
    const { open, server } = await start((socket) => sockets.push(socket));
    const openBefore = openSockets();
    const transfer = open(bodyOf(randomBytes(100 * KIB)).body);
    expect(await transfer.sendAllButLast()).toBe("held");
    while (bodyBytes(server.received[0]) < 36 * KIB) await nextTurn();
    const answer = httpAnswer(TASK);
    sockets[0]?.write(answer.slice(0, -10));
    await turns(10);
    const finishing = transfer.finish();
    await turns(10);
    sockets[0]?.write(answer.slice(-10));
    expect(codeOf(await finishing)).toBe("UNINTELLIGIBLE");
    expect(bodyBytes(server.received[0])).toBe(36 * KIB);
    sockets[0]?.destroy();
    await turns(10);
    expect(openSockets()).toBeLessThanOrEqual(openBefore);
  });

  it("gives up on an early answer that never ends", async () => {
    const { open } = await start((socket) => socket.once("data", () => socket.write(httpAnswer(TASK).slice(0, -10))));
    const transfer = open(bodyOf(randomBytes(1)).body, { idleTimeoutMs: 100 });
    const sent = await transfer.sendAllButLast();
    expect(codeOf(sent === "held" ? await transfer.finish() : sent)).toBe("UNAVAILABLE");
  });

  it("fault 17: stops a source that hangs as soon as cielo24 answers", async () => {
    const refusal = httpAnswer(JSON.stringify({ ErrorType: "ITEM_NOT_FOUND" }), "400 Bad Request");
    const { open, server } = await start((socket) =>
      socket.on("data", () => {
        if (bodyBytes(server.received[0]) === 100) socket.write(refusal);
      }),
    );
    const { body, state } = stuckBody(200 * KIB);
    expect(codeOf(await open(body).sendAllButLast())).toBe("REFUSED");
    expect(state.isClosed).toBe(true);
  });

  it("stops a source that hangs when it is aborted", async () => {
    const { open } = await start(() => undefined);
    const { body, state } = stuckBody(200 * KIB);
    const transfer = open(body);
    const sending = transfer.sendAllButLast();
    await turns(10);
    await transfer.abort();
    expect(codeOf(await sending)).toBe("UNAVAILABLE");
    expect(state.isClosed).toBe(true);
  });

  it("sends nothing when it was aborted before, or when the deadline is over", async () => {
    const { open, server } = await start(() => undefined);
    const aborted = open(bodyOf(randomBytes(10)).body);
    await aborted.abort();
    expect(codeOf(await aborted.sendAllButLast())).toBe("UNAVAILABLE");
    expect(codeOf(await aborted.finish())).toBe("UNAVAILABLE");
    const late = open(bodyOf(randomBytes(10)).body, { deadlineMs: -1 });
    expect(codeOf(await late.sendAllButLast())).toBe("TIMED_OUT");
    expect(server.received).toEqual([]);
  });

  it("ends at the deadline while it is still sending", async () => {
    const { open } = await start((socket) => socket.pause());
    const { body, state } = bodyOf(randomBytes(40_000 * KIB));
    expect(codeOf(await open(body, { deadlineMs: 300 }).sendAllButLast())).toBe("TIMED_OUT");
    expect(state.isClosed).toBe(true);
  });

  it("hands on why its source failed, and lets cielo24 have no whole body", async () => {
    const { open, server } = await start(() => undefined);
    const body: MediaBody = {
      sizeBytes: 200 * KIB,
      // eslint-disable-next-line @typescript-eslint/require-await -- a source that fails at once
      read: async function* () {
        yield randomBytes(150 * KIB);
        throw new MediaReadError("OBJECT_GONE");
      },
    };
    await expect(open(body).sendAllButLast()).rejects.toMatchObject({ name: "MediaReadError", code: "OBJECT_GONE" });
    expect(bodyBytes(server.received[0])).toBeLessThanOrEqual(136 * KIB);
  });

  it("takes no more than 64 KiB of an answer", async () => {
    const huge = JSON.stringify({ ErrorType: "ITEM_NOT_FOUND", ErrorComment: "x".repeat(200 * KIB) });
    const { open } = await start((socket) => socket.once("data", () => socket.write(httpAnswer(huge, "400 Bad"))));
    const transfer = open(bodyOf(randomBytes(1)).body);
    const sent = await transfer.sendAllButLast();
    expect(codeOf(sent === "held" ? await transfer.finish() : sent)).toBe("UNINTELLIGIBLE");
  });

  it("tells its progress, up to what is held back", async () => {
    const { cielo24 } = await start(() => undefined);
    const progress: number[] = [];
    const transfer = cielo24.openTransfer(
      { jobId: JOB, body: bodyOf(randomBytes(200 * KIB)).body, onProgress: (sentBytes) => progress.push(sentBytes) },
      { idleTimeoutMs: 5_000, ...within(5_000) },
    );
    await transfer.sendAllButLast();
    await transfer.abort();
    expect(progress).toEqual([64 * KIB, 128 * KIB, 136 * KIB, 136 * KIB]);
  });
});

describe("a call over a kept-alive connection", () => {
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });
  const info = httpAnswer(JSON.stringify({ JobId: JOB, MediaLengthSeconds: null }));

  it("is repeated once where the connection has gone stale", async () => {
    let answers = 0;
    const { cielo24, server } = await start((socket) => {
      socket.on("data", () => {
        answers += 1;
        if (answers === 2) socket.resetAndDestroy();
        else socket.write(info);
      });
    });
    for (let call = 0; call < 2; call += 1)
      expect(await cielo24.jobInfo(JOB, within(5_000))).toEqual({ hasMedia: false });
    expect(server.received).toHaveLength(2);
  });

  it("is not repeated where a fresh connection fails", async () => {
    const { cielo24, server } = await start((socket) => socket.once("data", () => socket.resetAndDestroy()));
    await expect(cielo24.jobInfo(JOB, within(5_000))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(server.received).toHaveLength(1);
  });

  it("is never an add_media by URL: that has a connection of its own, and is sent once", async () => {
    const { cielo24, server } = await start((socket) =>
      socket.on("data", (data) => {
        if (data.toString().includes("/job/info")) socket.write(info);
        else socket.resetAndDestroy();
      }),
    );
    await cielo24.jobInfo(JOB, within(5_000));
    const adding = cielo24.addMediaByUrl({ jobId: JOB, mediaUrl: "https://example.org/a.mp4" }, within(5_000));
    await expect(adding).rejects.toMatchObject({ code: "UNAVAILABLE" });
    const actions = server.received.map((text) =>
      Array.from(text.matchAll(/\/api\/(\S+?)\?/g), ([, action]) => action),
    );
    expect(actions).toEqual([["job/info"], ["job/add_media"]]);
  });

  it("is not made at all once the deadline is over", async () => {
    const { cielo24, server } = await start(() => undefined);
    await expect(cielo24.jobInfo(JOB, within(-1))).rejects.toMatchObject({ code: "TIMED_OUT" });
    expect(server.received).toEqual([]);
  });
});
