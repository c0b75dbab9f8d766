import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { inspect } from "node:util";
import { MediaReadError } from "../../../../lib/media/body.ts";
import { createObjectBody, type ObjectBodyOptions } from "../../../../lib/media/reading/object-body.ts";
import { startFaultyStore, type Fault, type FaultyStore } from "../faulty-store.ts";
import { selfSigned } from "../self-signed.ts";

const SIZE = 3 * 1024 * 1024 + 77;
const ETAG = '"0123456789abcdef"';
/** Longer than this machine may ever take to answer itself. */
const IDLE_TIMEOUT_MS = 15_000;
const SHORT_IDLE_TIMEOUT_MS = 200;

/** Bytes of which no stretch repeats. */
const content = Buffer.alloc(SIZE);
for (let at = 0, hash = Buffer.from("media"); at < SIZE; at += 32) {
  hash = createHash("sha256").update(hash).digest();
  hash.copy(content, at);
}
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const CONTENT_SHA256 = sha256(content);

describe("reading an object", () => {
  let store: FaultyStore;
  let pausesMs: number[] = [];
  /** Moves by what is slept, and by what a test lets pass. */
  let now = 0;

  beforeAll(async () => {
    store = await startFaultyStore(content, { etag: ETAG });
  });
  afterEach(async () => {
    await store.idle();
    store.faults.length = 0;
    store.requests.length = 0;
    pausesMs = [];
    now = 0;
  });
  afterAll(() => store.close());

  const open = (options: Partial<ObjectBodyOptions> = {}) =>
    createObjectBody({
      sizeBytes: SIZE,
      etag: ETAG,
      sign: () => Promise.resolve(`${store.url}/bucket/key?signature=s3cr3t`),
      idleTimeoutMs: IDLE_TIMEOUT_MS,
      clock: () => now,
      sleep: (ms) => {
        pausesMs.push(ms);
        now += ms;
        return Promise.resolve();
      },
      random: () => 1,
      ...options,
    });

  const read = async (options: Partial<ObjectBodyOptions> = {}, signal = new AbortController().signal) => {
    const hash = createHash("sha256");
    let sizeBytes = 0;
    for await (const chunk of open(options).read(signal)) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
    return { sizeBytes, sha256: hash.digest("hex") };
  };
  const whole = { sizeBytes: SIZE, sha256: CONTENT_SHA256 };

  const fail = (code: MediaReadError["code"], storeCode?: string) =>
    expect.objectContaining({ name: "MediaReadError", code, ...(storeCode === undefined ? {} : { storeCode }) });
  const failWith = async (fault: Fault, error: unknown, times = 1) => {
    for (let count = 0; count < times; count += 1) store.faults.push(fault);
    await expect(read()).rejects.toEqual(error);
  };

  it("gives every byte in order, by one GET of what is meant", async () => {
    await expect(read()).resolves.toEqual(whole);
    expect(store.requests).toEqual([{ target: "/bucket/key?signature=s3cr3t", ifMatch: ETAG }]);
  });

  it("holds to the first answer's ETag where it was told none", async () => {
    store.faults.push({ kind: "reset", atByte: 5_000 });
    await expect(read({ etag: undefined })).resolves.toEqual(whole);
    expect(store.requests.map(({ ifMatch }) => ifMatch)).toEqual([undefined, ETAG]);
  });

  it("gathers small pieces, since each chunk costs its consumer the same", async () => {
    // The time that bytes may be kept waiting never ends here.
    jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
    try {
      store.faults.push({ kind: "pieces", pieceBytes: 16 * 1024 });
      const hash = createHash("sha256");
      let chunks = 0;
      for await (const chunk of open().read(new AbortController().signal)) {
        hash.update(chunk);
        chunks += 1;
      }
      expect(hash.digest("hex")).toBe(CONTENT_SHA256);
      // Two for each buffer of half a megabyte, the last of which may be nearly empty, and what came with the headers.
      expect(chunks).toBeLessThanOrEqual(2 * 7 + 1);
    } finally {
      jest.useRealTimers();
    }
  });

  it("keeps what has come only for a moment, though more is expected", async () => {
    // What is left for the second buffer is less than is worth waiting for.
    const sentBytes = 700_000;
    store.faults.push({ kind: "stall", atByte: sentBytes });
    const bytes = open({ idleTimeoutMs: 60_000 }).read(new AbortController().signal)[Symbol.asyncIterator]();
    for (let sizeBytes = 0; sizeBytes < sentBytes;) {
      const { value } = (await bytes.next()) as IteratorYieldResult<Uint8Array>;
      sizeBytes += value.length;
    }
    expect(store.requests).toHaveLength(1);
    await bytes.return?.();
  });

  it("asks for nothing where there is nothing to read", async () => {
    await expect(read({ sizeBytes: 0 })).resolves.toEqual({ sizeBytes: 0, sha256: sha256(Buffer.alloc(0)) });
    expect(store.requests).toEqual([]);
  });

  it("sends the signed path as it is, dots and all", async () => {
    const path = "/bucket/a/../b/./%2E%2E/c%2B%20d";
    await expect(read({ sign: () => Promise.resolve(store.url + path) })).resolves.toEqual(whole);
    expect(store.requests[0]?.target).toBe(path);
  });

  describe("goes on with the next byte", () => {
    const places: Record<string, number> = {
      "byte 0": 0,
      "byte 1": 1,
      "25 %": Math.floor(SIZE * 0.25),
      "50 %": Math.floor(SIZE * 0.5),
      "99 %": Math.floor(SIZE * 0.99),
      "the last byte": SIZE - 1,
    };
    const kinds = { reset: "a reset", truncate: "a premature end" } as const;
    for (const [kind, said] of Object.entries(kinds) as [keyof typeof kinds, string][])
      it.each(Object.entries(places))(`fault 6: after ${said} at %s`, async (_, atByte) => {
        store.faults.push({ kind, atByte });
        await expect(read()).resolves.toEqual(whole);
        expect(store.requests).toHaveLength(2);
        const { range = "bytes=0-", ifMatch } = store.requests[1] ?? {};
        expect(ifMatch).toBe(ETAG);
        // A reset takes along what was still on its way.
        const from = Number(/^bytes=(\d+)-$/.exec(range)?.[1]);
        if (kind === "reset") expect(from).toBeLessThanOrEqual(atByte);
        else expect(from).toBe(atByte);
      });

    it.each(Object.entries(places))("fault 7: after a stall at %s", async (_, atByte) => {
      store.faults.push({ kind: "stall", atByte });
      await expect(read({ idleTimeoutMs: SHORT_IDLE_TIMEOUT_MS })).resolves.toEqual(whole);
      expect(store.requests.length).toBeGreaterThanOrEqual(2);
      expect(store.requests[1]).toMatchObject({ ifMatch: ETAG });
    });

    it("after a stall before any answer", async () => {
      store.faults.push({ kind: "stallBeforeHead" });
      await expect(read({ idleTimeoutMs: SHORT_IDLE_TIMEOUT_MS })).resolves.toEqual(whole);
      expect(store.requests.length).toBeGreaterThanOrEqual(2);
    });

    const beforehand: Record<string, Fault> = {
      "503 SlowDown": { kind: "status", status: 503 },
      "500 InternalError": { kind: "status", status: 500 },
      "a reset before any answer": { kind: "resetBeforeHead" },
      "an answer that is no HTTP": { kind: "noHttp" },
      "a head without end": { kind: "endlessHead" },
    };
    it.each(Object.entries(beforehand))("after %s, at the beginning and in the middle", async (_, fault) => {
      store.faults.push(fault, { kind: "truncate", atByte: 1_000_000 }, fault);
      await expect(read()).resolves.toEqual(whole);
      expect(store.requests.map(({ range }) => range)).toEqual([
        undefined,
        undefined,
        "bytes=1000000-",
        "bytes=1000000-",
      ]);
    });

    it("after many breaks, as long as each attempt brings something", async () => {
      for (let count = 0; count < 12; count += 1) store.faults.push({ kind: "truncate", atByte: 100_000 });
      await expect(read()).resolves.toEqual(whole);
      expect(store.requests).toHaveLength(13);
    });

    it("fault 5: with pauses that grow from a fifth of a second, up to a random part of each", async () => {
      const busy: Fault = { kind: "status", status: 503 };
      store.faults.push(busy, busy, busy, busy);
      await read();
      expect(pausesMs).toEqual([200, 400, 800, 1600]);
      store.faults.push(busy, busy);
      await read({ random: () => 0.25 });
      expect(pausesMs.slice(4)).toEqual([50, 100]);
    });

    it("with a fresh signature each time", async () => {
      let signatures = 0;
      store.faults.push({ kind: "truncate", atByte: 10 }, { kind: "status", status: 500 });
      await read({ sign: () => Promise.resolve(`${store.url}/key?signature=${(signatures += 1)}`) });
      expect(store.requests.map(({ target }) => target.at(-1))).toEqual(["1", "2", "3"]);
    });
  });

  describe("gives up", () => {
    it("fault 5, fault 6: with READ_FAILED and what the store said, once it has brought nothing for 40 s", async () => {
      const busy: Fault = { kind: "status", status: 503, code: "SlowDown" };
      await failWith(busy, fail("READ_FAILED", "SlowDown"), 50);
      const sleptMs = pausesMs.reduce((sum, ms) => sum + ms, 0);
      expect(sleptMs).toBeGreaterThan(35_000);
      expect(sleptMs).toBeLessThan(40_000);
      expect(Math.max(...pausesMs)).toBe(5_000);
    });

    it("fault 6: 40 s after the last byte, not after the first attempt", async () => {
      for (const atByte of [1_000, 1_000]) {
        store.faults.push({ kind: "truncate", atByte });
        for (let count = 0; count < 8; count += 1) store.faults.push({ kind: "status", status: 500 });
      }
      await expect(read()).resolves.toEqual(whole);
      expect(now).toBeGreaterThan(40_000);
    });

    it("fault 6: and does not count the time that the consumer takes", async () => {
      store.faults.push({ kind: "truncate", atByte: 1_000 }, { kind: "status", status: 500 });
      let sizeBytes = 0;
      for await (const chunk of open().read(new AbortController().signal)) {
        sizeBytes += chunk.length;
        now += 60_000;
      }
      expect(sizeBytes).toBe(SIZE);
    });

    it("fault 7: with READ_FAILED where it stalls for 40 s, over several connections", async () => {
      for (let count = 0; count < 50; count += 1) store.faults.push({ kind: "stallBeforeHead" });
      // Each stall takes a fifth of a second, and ten by the clock.
      const clock = () => now + 10_000 * Math.max(store.requests.length - 1, 0);
      await expect(read({ clock, idleTimeoutMs: 200 })).rejects.toEqual(fail("READ_FAILED"));
      expect(store.requests.length).toBeGreaterThanOrEqual(4);
    });

    it("fault 7: gives one connection up early enough for others, however long it may be idle", async () => {
      jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
      try {
        for (let count = 0; count < 9; count += 1) store.faults.push({ kind: "stallBeforeHead" });
        const startedAt = Date.now();
        const reading = read({ idleTimeoutMs: 600_000, clock: Date.now, random: () => 0 }).then(
          () => "read",
          (error: unknown) => error,
        );
        const state: { result?: unknown } = {};
        void reading.then((result) => (state.result = result));
        while (state.result === undefined) {
          for (let turn = 0; turn < 20; turn += 1) await nextTurn();
          jest.advanceTimersByTime(500);
        }
        expect(state.result).toEqual(fail("READ_FAILED"));
        expect(store.requests.length).toBeGreaterThanOrEqual(4);
        expect(Date.now() - startedAt).toBeLessThanOrEqual(45_000);
      } finally {
        jest.useRealTimers();
      }
    });

    const refusals: [status: number, storeCode: string, code: MediaReadError["code"]][] = [
      [403, "InvalidObjectState", "OBJECT_ARCHIVED"],
      [403, "AccessDenied", "ACCESS_REFUSED"],
      [403, "RequestTimeTooSkewed", "ACCESS_REFUSED"],
      [403, "InvalidAccessKeyId", "ACCESS_REFUSED"],
      [403, "SignatureDoesNotMatch", "ACCESS_REFUSED"],
      [400, "ExpiredToken", "ACCESS_REFUSED"],
      [400, "InvalidToken", "ACCESS_REFUSED"],
      [400, "KMS.DisabledException", "ACCESS_REFUSED"],
      [400, "KMS.NotFoundException", "ACCESS_REFUSED"],
      [400, "KMS.KMSInvalidStateException", "ACCESS_REFUSED"],
      [403, "KMS.AccessDeniedException", "ACCESS_REFUSED"],
      [404, "NoSuchBucket", "ACCESS_REFUSED"],
      [404, "NoSuchVersion", "OBJECT_GONE"],
      [404, "NoSuchKey", "OBJECT_GONE"],
      [405, "MethodNotAllowed", "OBJECT_GONE"],
      [412, "PreconditionFailed", "OBJECT_CHANGED"],
      [416, "InvalidRange", "OBJECT_CHANGED"],
      [301, "PermanentRedirect", "READ_FAILED"],
      [307, "TemporaryRedirect", "READ_FAILED"],
      [400, "AuthorizationHeaderMalformed", "READ_FAILED"],
      [400, "InvalidRequest", "READ_FAILED"],
    ];
    it.each(refusals)("at once on a %d %s, with %s and the store's code", async (status, storeCode, code) => {
      await failWith({ kind: "status", status, code: storeCode }, fail(code, storeCode));
      expect(store.requests).toHaveLength(1);
    });

    it.each([1, 7, 64])("with the store's code where the error comes in chunks of %d bytes", async (chunkBytes) => {
      const fault: Fault = { kind: "status", status: 400, code: "KMS.DisabledException", chunkBytes };
      await failWith(fault, fail("ACCESS_REFUSED", "KMS.DisabledException"));
    });

    it.each(["mute", "endless"] as const)("without a code where the document of a 403 is %s", async (kind) => {
      store.faults.push({ kind, status: 403 });
      const error: unknown = await read().catch((caught: unknown) => caught);
      expect(error).toEqual(new MediaReadError("ACCESS_REFUSED"));
    });

    it("without a code where that is none", async () => {
      store.faults.push({ kind: "status", status: 403, code: "https://example.org/?s3cr3t" });
      const error: unknown = await read().catch((caught: unknown) => caught);
      expect(error).toEqual(new MediaReadError("ACCESS_REFUSED"));
    });

    const passing = [
      "RequestTimeout",
      "KMS.ThrottlingException",
      "KMS.DependencyTimeoutException",
      "KMS.KMSInternalException",
      "KMS.KeyUnavailableException",
    ];
    it.each(passing)("not on a 400 %s, which may pass", async (code) => {
      store.faults.push({ kind: "status", status: 400, code });
      await expect(read()).resolves.toEqual(whole);
    });

    it("not on a 404 that is not S3's own, and says no more than that it could not read", async () => {
      store.faults.push({ kind: "status", status: 404, code: "Any" });
      await expect(read()).resolves.toEqual(whole);
      await failWith({ kind: "status", status: 404, code: "Any" }, fail("READ_FAILED", "Any"), 50);
    });

    it("with READ_FAILED where nothing listens", async () => {
      const sign = () => Promise.resolve("http://127.0.0.1:1/bucket/key");
      await expect(read({ sign })).rejects.toEqual(fail("READ_FAILED"));
    });

    it("with READ_FAILED where nothing can be signed", async () => {
      const sign = () => Promise.reject(new Error("no credentials: AKID"));
      await expect(read({ sign })).rejects.toEqual(fail("READ_FAILED"));
    });

    it.each([
      [404, "NoSuchVersion"],
      [405, "MethodNotAllowed"],
    ])("with OBJECT_GONE on a %d %s in mid-read", async (status, code) => {
      store.faults.push({ kind: "truncate", atByte: 1_000 }, { kind: "status", status, code });
      await expect(read()).rejects.toEqual(fail("OBJECT_GONE"));
    });

    it("fault 30: with OBJECT_CHANGED when the ETag is another", async () => {
      await expect(read({ etag: '"another"' })).rejects.toEqual(fail("OBJECT_CHANGED"));
    });

    it.each([412, 416])("fault 6, fault 30: with OBJECT_CHANGED on a %d in mid-read", async (status) => {
      store.faults.push({ kind: "truncate", atByte: 1_000 }, { kind: "status", status });
      await expect(read()).rejects.toEqual(fail("OBJECT_CHANGED"));
    });

    it.each([SIZE - 1, SIZE + 1])(
      "with OBJECT_CHANGED, before any byte, where %d bytes were expected",
      async (sizeBytes) => {
        const bytes = open({ sizeBytes }).read(new AbortController().signal)[Symbol.asyncIterator]();
        await expect(bytes.next()).rejects.toEqual(fail("OBJECT_CHANGED"));
      },
    );

    const wrongResumption: Record<string, Fault> = {
      "begins elsewhere": { kind: "headers", headers: { "content-range": `bytes 999-${SIZE - 1}/${SIZE}` } },
      "ends elsewhere": { kind: "headers", headers: { "content-range": `bytes 1000-${SIZE - 2}/${SIZE}` } },
      "is of a larger object": { kind: "headers", headers: { "content-range": `bytes 1000-${SIZE - 1}/${SIZE + 1}` } },
      "is the whole object": { kind: "headers", status: 200, headers: {} },
      "has another ETag": { kind: "headers", headers: { etag: '"another"' } },
      "has another length": { kind: "headers", headers: { "content-length": String(SIZE) } },
    };
    it.each(Object.entries(wrongResumption))("with OBJECT_CHANGED when what was to go on %s", async (_, fault) => {
      store.faults.push({ kind: "truncate", atByte: 1_000 }, fault);
      await expect(read()).rejects.toEqual(fail("OBJECT_CHANGED"));
    });

    it("with errors that quote nothing", async () => {
      const sign = () => Promise.resolve("http://127.0.0.1:1/bucket/key?signature=s3cr3t");
      const error: unknown = await read({ sign }).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(MediaReadError);
      expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/s3cr3t|127\.0\.0\.1/);
    });
  });

  describe("with a slow consumer", () => {
    it("leaves a chunk alone until the next is asked for", async () => {
      const hash = createHash("sha256");
      for await (const chunk of open().read(new AbortController().signal)) {
        const onArrival = sha256(chunk);
        for (let turns = 0; turns < 20; turns += 1) await nextTurn();
        expect(sha256(chunk)).toBe(onArrival);
        hash.update(chunk);
      }
      expect(hash.digest("hex")).toBe(CONTENT_SHA256);
    });

    it("does not take a pause of the consumer for a stall", async () => {
      const hash = createHash("sha256");
      let chunks = 0;
      for await (const chunk of open({ idleTimeoutMs: 1_000 }).read(new AbortController().signal)) {
        if ((chunks += 1) === 2) await new Promise((resolve) => setTimeout(resolve, 1_200));
        hash.update(chunk);
      }
      expect(hash.digest("hex")).toBe(CONTENT_SHA256);
      expect(store.requests).toHaveLength(1);
    });
  });

  describe("when it is stopped", () => {
    it("closes its socket at once, though the consumer still holds a chunk", async () => {
      const abort = new AbortController();
      const bytes = open().read(abort.signal)[Symbol.asyncIterator]();
      await bytes.next();
      abort.abort();
      await store.idle();
      await expect(bytes.next()).rejects.toEqual(fail("READ_FAILED"));
      expect(store.requests).toHaveLength(1);
    });

    it("ends a wait for bytes at once", async () => {
      store.faults.push({ kind: "stallBeforeHead" });
      const abort = new AbortController();
      const reading = read({ idleTimeoutMs: 60_000 }, abort.signal);
      setTimeout(() => {
        abort.abort();
      }, 30);
      await expect(reading).rejects.toEqual(fail("READ_FAILED"));
    });

    it("ends a pause between attempts at once", async () => {
      store.faults.push({ kind: "status", status: 503 });
      const abort = new AbortController();
      const sleep: ObjectBodyOptions["sleep"] = (_ms, signal) => {
        abort.abort();
        return Promise.reject(signal?.reason as Error);
      };
      await expect(read({ sleep }, abort.signal)).rejects.toEqual(fail("READ_FAILED"));
      expect(store.requests).toHaveLength(1);
    });

    it("asks for nothing where it was stopped before", async () => {
      await expect(read({}, AbortSignal.abort())).rejects.toEqual(fail("READ_FAILED"));
      expect(store.requests).toEqual([]);
    });

    it("closes its socket when the consumer wants no more", async () => {
      for await (const chunk of open().read(new AbortController().signal)) if (chunk.length > 0) break;
      await store.idle();
      expect(store.requests).toHaveLength(1);
    });

    it("has closed its socket by the time the last bytes are out", async () => {
      const bytes = open().read(new AbortController().signal)[Symbol.asyncIterator]();
      for (let sizeBytes = 0; sizeBytes < SIZE;) {
        const { value } = (await bytes.next()) as IteratorYieldResult<Uint8Array>;
        sizeBytes += value.length;
      }
      await store.idle();
      await expect(bytes.next()).resolves.toEqual({ done: true, value: undefined });
    });
  });

  describe("over TLS", () => {
    const certificate = selfSigned();
    const trusted = getCACertificates("default");
    let secure: FaultyStore;
    beforeAll(async () => {
      secure = await startFaultyStore(content, { etag: ETAG, tls: certificate });
    });
    afterAll(() => secure.close());
    afterEach(() => {
      setDefaultCACertificates(trusted);
    });
    const overTls = { sign: () => Promise.resolve(`${secure.url}/key`) };

    it("gives every byte, resets and premature ends included", async () => {
      setDefaultCACertificates([...trusted, certificate.cert]);
      secure.faults.push({ kind: "reset", atByte: 1_000_000 }, { kind: "truncate", atByte: 500_000 });
      await expect(read(overTls)).resolves.toEqual(whole);
      expect(secure.requests).toHaveLength(3);
    });

    it("leaves a chunk alone until the next is asked for", async () => {
      setDefaultCACertificates([...trusted, certificate.cert]);
      const hash = createHash("sha256");
      for await (const chunk of open(overTls).read(new AbortController().signal)) {
        await nextTurn();
        hash.update(chunk);
      }
      expect(hash.digest("hex")).toBe(CONTENT_SHA256);
    });

    it("does not trust a certificate that nobody vouches for", async () => {
      await expect(read(overTls)).rejects.toEqual(fail("READ_FAILED"));
      expect(secure.requests).toEqual(expect.any(Array));
    });
  });
});
