import { afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import net from "node:net";
import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises";
import tls from "node:tls";
import { Cielo24Error, type MediaResult } from "../../../../lib/cielo24/api.ts";
import { selfSigned } from "../../media/self-signed.ts";
import { bodyOf, startAccount, within } from "../fixture.ts";
import { httpAnswer, startRawServer } from "../raw-server.ts";

const KIB = 1024;
const JOB = "0".repeat(32);
const TASK = JSON.stringify({ TaskId: "a".repeat(32) });
const INGEST_DOWN = httpAnswer("<html>", "503 Service Unavailable\r\nretry-after: 17");
const certificate = selfSigned();
const closers: (() => unknown)[] = [];

/** A cielo24 that answers by the byte, and an account there with a fixed token. */
const start = async (
  onSocket: (socket: net.Socket) => void,
  { isTls = false, scheme = "" }: { isTls?: boolean; scheme?: string } = {},
) => {
  const server = await startRawServer(onSocket, isTls ? { tls: certificate } : {});
  const { cielo24, simulator } = await startAccount({
    baseUrl: scheme ? `${scheme}://127.0.0.1:${server.port}` : server.url,
    secret: () => Promise.resolve(JSON.stringify({ api_token: "f".repeat(32) })),
  });
  closers.push(server.close, () => simulator.close());
  return { server, cielo24 };
};
type Client = Awaited<ReturnType<typeof start>>["cielo24"];

const handOver = async (cielo24: Client, deadlineMs = 5_000): Promise<Cielo24Error> => {
  const media = { jobId: JOB, mediaUrl: "https://example.org/a.mp4" };
  const failure: unknown = await cielo24.addMediaByUrl(media, within(deadlineMs)).catch((error: unknown) => error);
  if (failure instanceof Cielo24Error) return failure;
  throw new Error("It did not fail");
};
const open = (cielo24: Client, sizeBytes: number, { deadlineMs = 5_000, idleTimeoutMs = 5_000 } = {}) =>
  cielo24.openTransfer(
    { jobId: JOB, body: bodyOf(randomBytes(sizeBytes)).body },
    { idleTimeoutMs, ...within(deadlineMs) },
  );
const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
};
const failureOf = (answer: "held" | MediaResult) => {
  if (answer === "held" || !("error" in answer)) throw new Error("It did not fail");
  const { error, isUnsent } = answer;
  const { code, isAnsweredError, retryAfterMs } = error;
  return { code, isUnsent, neverConnected: error.isUnsent, isAnsweredError, retryAfterMs };
};
const bodyBytes = (received: string | undefined): number => (received ?? "").split("\r\n\r\n").slice(1).join("").length;

beforeAll(() => {
  tls.setDefaultCACertificates([...tls.getCACertificates(), certificate.cert]);
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

describe("a hand-over by URL", () => {
  it.each([false, true])("may have been accepted where the answer is lost (TLS: %s)", async (isTls) => {
    const { cielo24, server } = await start((socket) => socket.once("data", () => socket.destroy()), { isTls });
    expect(await handOver(cielo24)).toMatchObject({ code: "UNAVAILABLE", isUnsent: false });
    expect(server.received).toHaveLength(1);
  });

  it.each([false, true])("may have been accepted where no answer comes in time (TLS: %s)", async (isTls) => {
    const { cielo24 } = await start(() => undefined, { isTls });
    expect(await handOver(cielo24, 300)).toMatchObject({ code: "TIMED_OUT", isUnsent: false });
  });

  it.each(["http", "https"])("is unsent where nobody listens (%s)", async (scheme) => {
    const { cielo24, server } = await start(() => undefined, { scheme });
    await server.close();
    closers.shift();
    expect(await handOver(cielo24)).toMatchObject({ code: "UNAVAILABLE", isUnsent: true });
  });

  it("is unsent where the name leads nowhere", async () => {
    const { cielo24, simulator } = await startAccount({
      baseUrl: "http://cielo24.invalid",
      secret: () => Promise.resolve(JSON.stringify({ api_token: "f".repeat(32) })),
    });
    closers.push(() => simulator.close());
    expect((await handOver(cielo24)).isUnsent).toBe(true);
  });

  it("is unsent where the server speaks no TLS, or its certificate is nobody's", async () => {
    const plain = await start((socket) => socket.once("data", () => socket.end("SSH-2.0\r\n")), { scheme: "https" });
    expect(await handOver(plain.cielo24)).toMatchObject({ code: "UNAVAILABLE", isUnsent: true });
    tls.setDefaultCACertificates([]);
    const strange = await start(() => undefined, { isTls: true });
    expect(await handOver(strange.cielo24)).toMatchObject({ code: "UNAVAILABLE", isUnsent: true });
    tls.setDefaultCACertificates([...tls.getCACertificates("bundled"), certificate.cert]);
    expect(strange.server.received).toEqual([""]);
  });

  it("is unsent where the time is over during the handshake, and does not go out afterwards", async () => {
    const hellos: Buffer[] = [];
    const sockets: net.Socket[] = [];
    const { cielo24 } = await start(
      (socket) => {
        sockets.push(socket);
        socket.on("data", (hello: Buffer) => hellos.push(hello));
      },
      { scheme: "https" },
    );
    expect(await handOver(cielo24, 200)).toMatchObject({ code: "TIMED_OUT", isUnsent: true });
    while (!sockets[0]?.destroyed) await nextTurn();
    // One message of the handshake, and no other.
    expect(hellos).toHaveLength(1);
    expect(hellos[0]?.[0]).toBe(22);
  });

  it("is unsent where the time is over before it begins", async () => {
    const { cielo24, server } = await start(() => undefined);
    expect(await handOver(cielo24, -1)).toMatchObject({ code: "TIMED_OUT", isUnsent: true });
    expect(server.received).toEqual([]);
  });

  it.each([
    ["503", { status: 503, headers: { "retry-after": "9" } }, { code: "UNAVAILABLE", retryAfterMs: 9_000 }],
    ["LOGIN_INVALID", { status: 400, body: JSON.stringify({ ErrorType: "LOGIN_INVALID" }) }, { code: "LOGIN_INVALID" }],
    ["HTML", { status: 200, body: "<html>" }, { code: "UNINTELLIGIBLE" }],
    ["nothing in time", { status: 200, afterMs: 2_000 }, { code: "TIMED_OUT" }],
  ] as const)("is unsent where the login is answered with %s", async (_what, answer, failure) => {
    const { cielo24, simulator } = await startAccount();
    closers.push(() => simulator.close());
    simulator.faults.add({ action: "account/login", kind: "answer", ...answer });
    // An error that answers the login is none that answers the hand-over.
    expect(await handOver(cielo24, failure.code === "TIMED_OUT" ? 200 : 5_000)).toMatchObject({
      ...failure,
      isUnsent: true,
      isAnsweredError: false,
    });
    expect(simulator.acceptances).toEqual([]);
  });

  it("is unsent where the secret cannot be read", async () => {
    const { cielo24, simulator } = await startAccount({ secret: () => Promise.resolve("{") });
    closers.push(() => simulator.close());
    expect(await handOver(cielo24)).toMatchObject({ code: "LOGIN_INVALID", isUnsent: true });
  });

  it("is unsent where the token is definitely refused and no other is to be had", async () => {
    const { cielo24, simulator } = await startAccount();
    closers.push(() => simulator.close());
    await cielo24.jobInfo(simulator.addJob(), within(5_000));
    simulator.expireTokens();
    simulator.faults.add({ action: "account/login", kind: "answer", status: 503 });
    expect(await handOver(cielo24)).toMatchObject({ code: "UNAVAILABLE", isUnsent: true });
  });

  it("may have been accepted where the token is refused and the answer to the repeat is lost", async () => {
    const { cielo24, simulator } = await startAccount();
    closers.push(() => simulator.close());
    await cielo24.jobInfo(simulator.addJob(), within(5_000));
    simulator.expireTokens();
    const refusal = JSON.stringify({ ErrorType: "BAD_API_TOKEN" });
    simulator.faults.add({ action: "job/add_media", kind: "answer", status: 400, body: refusal });
    simulator.faults.add({ action: "job/add_media", kind: "answer", status: 504 });
    expect(await handOver(cielo24)).toMatchObject({ code: "UNAVAILABLE", isUnsent: false, isAnsweredError: false });
  });

  it("tells an error that cielo24 answered from one that only a gateway tells", async () => {
    const { cielo24, server } = await start((socket) => {
      const status = server.received.length === 1 ? "502 Bad Gateway" : "504 Gateway Timeout";
      socket.once("data", () => socket.end(httpAnswer("<html>", status)));
    });
    expect(await handOver(cielo24)).toMatchObject({ isUnsent: false, isAnsweredError: true });
    expect(await handOver(cielo24)).toMatchObject({ isUnsent: false, isAnsweredError: false });
  });
});

describe("a media transfer that fails", () => {
  it.each(["http", "https"])("has sent nothing where nobody listens (%s)", async (scheme) => {
    const { cielo24, server } = await start(() => undefined, { scheme });
    await server.close();
    closers.shift();
    const transfer = open(cielo24, 200 * KIB);
    expect(failureOf(await transfer.sendAllButLast())).toMatchObject({ isUnsent: true, neverConnected: true });
    expect(transfer.sentBytes()).toBe(0);
  });

  it("has sent nothing where no handshake comes about before the deadline", async () => {
    const { cielo24 } = await start(() => undefined, { scheme: "https" });
    const transfer = open(cielo24, 10, { deadlineMs: 200 });
    expect(failureOf(await transfer.sendAllButLast())).toMatchObject({
      code: "TIMED_OUT",
      isUnsent: true,
      neverConnected: true,
    });
    expect(transfer.sentBytes()).toBe(0);
  });

  it("has sent nothing where the login fails", async () => {
    const { cielo24, simulator } = await startAccount();
    closers.push(() => simulator.close());
    simulator.faults.add({ action: "account/login", kind: "answer", status: 503 });
    const answer = failureOf(await open(cielo24, 10).sendAllButLast());
    expect(answer).toMatchObject({ code: "UNAVAILABLE", isUnsent: true, neverConnected: true, isAnsweredError: false });
  });

  it.each(["reset", "end", "deadline", "abort"] as const)(
    "has not sent its last chunk where %s comes between the two halves",
    async (what) => {
      const sockets: net.Socket[] = [];
      const { cielo24, server } = await start((socket) => sockets.push(socket));
      const transfer = open(cielo24, 100 * KIB, { deadlineMs: what === "deadline" ? 300 : 5_000 });
      expect(await transfer.sendAllButLast()).toBe("held");
      while (bodyBytes(server.received[0]) < 36 * KIB) await nextTurn();
      if (what === "reset") sockets[0]?.resetAndDestroy();
      if (what === "end") sockets[0]?.destroy();
      if (what === "abort") await transfer.abort();
      if (what === "deadline") await wait(400);
      await turns(10);
      expect(failureOf(await transfer.finish())).toEqual({
        code: what === "deadline" ? "TIMED_OUT" : "UNAVAILABLE",
        isUnsent: true,
        neverConnected: false,
        isAnsweredError: false,
        retryAfterMs: undefined,
      });
      expect(bodyBytes(server.received[0])).toBe(36 * KIB);
      expect(transfer.sentBytes()).toBe(36 * KIB);
    },
  );

  it.each(["while it is sent", "between the two halves"])(
    "hands on how long cielo24 asks to wait in an error that comes %s",
    async (when) => {
      const isEarlier = when === "while it is sent";
      const { cielo24, server } = await start((socket) =>
        socket.on("data", () => {
          if (bodyBytes(server.received[0]) >= (isEarlier ? KIB : 36 * KIB)) socket.write(INGEST_DOWN);
        }),
      );
      const transfer = open(cielo24, isEarlier ? 20_000 * KIB : 100 * KIB);
      const sent = await transfer.sendAllButLast();
      await turns(10);
      expect(failureOf(sent === "held" ? await transfer.finish() : sent)).toEqual({
        code: "UNAVAILABLE",
        isUnsent: true,
        neverConnected: false,
        isAnsweredError: true,
        retryAfterMs: 17_000,
      });
    },
  );

  it.each([
    ["503 Service Unavailable", true],
    ["429 Too Many Requests", true],
    ["504 Gateway Timeout", false],
    ["408 Request Timeout", false],
  ])(
    "may have been accepted after %s to all of it; answered by cielo24 itself: %s",
    async (status, isAnsweredError) => {
      const { cielo24, server } = await start((socket) =>
        socket.on("data", () => {
          if (bodyBytes(server.received[0]) === 100 * KIB) socket.write(httpAnswer("", status));
        }),
      );
      const transfer = open(cielo24, 100 * KIB);
      expect(await transfer.sendAllButLast()).toBe("held");
      expect(failureOf(await transfer.finish())).toMatchObject({
        code: "UNAVAILABLE",
        isUnsent: undefined,
        neverConnected: false,
        isAnsweredError,
      });
      expect(transfer.sentBytes()).toBe(100 * KIB);
    },
  );

  it("may have been accepted, and no more is known, where an answered error breaks off", async () => {
    const { cielo24, server } = await start((socket) =>
      socket.on("data", () => {
        if (bodyBytes(server.received[0]) === 100 * KIB) socket.end(INGEST_DOWN.slice(0, -2));
      }),
    );
    const transfer = open(cielo24, 100 * KIB);
    await transfer.sendAllButLast();
    expect(failureOf(await transfer.finish())).toMatchObject({ isUnsent: undefined, isAnsweredError: false });
  });

  it("may have been accepted, and no more is known, where the error began before the last chunk went out", async () => {
    const sockets: net.Socket[] = [];
    const { cielo24, server } = await start((socket) => sockets.push(socket));
    const transfer = open(cielo24, 100 * KIB);
    expect(await transfer.sendAllButLast()).toBe("held");
    while (bodyBytes(server.received[0]) < 36 * KIB) await nextTurn();
    // Not even the head is whole, so that nothing says yet that an answer has begun.
    sockets[0]?.write(INGEST_DOWN.slice(0, 20));
    await turns(10);
    const finishing = transfer.finish();
    while (bodyBytes(server.received[0]) < 100 * KIB) await nextTurn();
    sockets[0]?.write(INGEST_DOWN.slice(20));
    expect(failureOf(await finishing)).toMatchObject({
      code: "UNAVAILABLE",
      isUnsent: undefined,
      isAnsweredError: false,
      retryAfterMs: 17_000,
    });
  });
});

describe("what a media transfer has sent", () => {
  it("is counted as it goes to the socket, without what is held back until that goes out", async () => {
    const { cielo24, server } = await start((socket) =>
      socket.on("data", () => {
        if (bodyBytes(server.received[0]) === 300 * KIB) socket.write(httpAnswer(TASK));
      }),
    );
    const transfer = open(cielo24, 300 * KIB);
    expect(transfer.sentBytes()).toBe(0);
    expect(await transfer.sendAllButLast()).toBe("held");
    expect(transfer.sentBytes()).toBe(236 * KIB);
    expect(await transfer.finish()).toEqual({ taskId: "a".repeat(32) });
    expect(transfer.sentBytes()).toBe(300 * KIB);
  });

  it("counts what a cielo24 that stops reading was given, up to the piece that is stuck", async () => {
    const { cielo24 } = await start((socket) => socket.pause());
    const transfer = open(cielo24, 60_000 * KIB, { idleTimeoutMs: 200 });
    expect(failureOf(await transfer.sendAllButLast())).toMatchObject({ isUnsent: true });
    expect(transfer.sentBytes()).toBeGreaterThan(0);
    expect(transfer.sentBytes()).toBeLessThan(30_000 * KIB);
    expect(transfer.sentBytes() % (64 * KIB)).toBe(0);
  });
});
