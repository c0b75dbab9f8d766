import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { inspect } from "node:util";
import { MediaReadError } from "../../../lib/media/errors.ts";
import { createObjectBody, type ObjectBodyOptions } from "../../../lib/media/object-body.ts";
import { startFaultyStore, type Fault, type FaultyStore } from "./faulty-store.ts";
import { selfSigned } from "./self-signed.ts";

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

  beforeAll(async () => {
    store = await startFaultyStore(content, { etag: ETAG });
  });
  afterEach(async () => {
    await store.idle();
    store.faults.length = 0;
    store.requests.length = 0;
    pausesMs = [];
  });
  afterAll(() => store.close());

  const open = (options: Partial<ObjectBodyOptions> = {}) =>
    createObjectBody({
      sizeBytes: SIZE,
      etag: ETAG,
      sign: () => Promise.resolve(`${store.url}/bucket/key?signature=s3cr3t`),
      idleTimeoutMs: IDLE_TIMEOUT_MS,
      sleep: (ms) => {
        pausesMs.push(ms);
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

  const fail = (code: MediaReadError["code"]) => expect.objectContaining({ name: "MediaReadError", code });

  it("gives every byte in order, by one GET of what is meant", async () => {
    await expect(read()).resolves.toEqual(whole);
    expect(store.requests).toEqual([{ target: "/bucket/key?signature=s3cr3t", ifMatch: ETAG }]);
  });

  it("holds to the first answer's ETag where it was told none", async () => {
    store.faults.push({ kind: "reset", atByte: 5_000 });
    await expect(read({ etag: undefined })).resolves.toEqual(whole);
    expect(store.requests.map(({ ifMatch }) => ifMatch)).toEqual([undefined, ETAG]);
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
    it("fault 6: with READ_FAILED after five attempts that brought nothing", async () => {
      for (let count = 0; count < 9; count += 1) store.faults.push({ kind: "status", status: 503 });
      await expect(read()).rejects.toEqual(fail("READ_FAILED"));
      expect(store.requests).toHaveLength(5);
    });

    it("fault 7: with READ_FAILED after five stalls", async () => {
      for (let count = 0; count < 9; count += 1) store.faults.push({ kind: "stallBeforeHead" });
      await expect(read({ idleTimeoutMs: 20 })).rejects.toEqual(fail("READ_FAILED"));
      expect(store.requests).toHaveLength(5);
    });

    it.each([400, 401, 403, 301])("with READ_FAILED at once on a %d", async (status) => {
      store.faults.push({ kind: "status", status });
      await expect(read()).rejects.toEqual(fail("READ_FAILED"));
      expect(store.requests).toHaveLength(1);
    });

    it("with READ_FAILED where nothing listens", async () => {
      const sign = () => Promise.resolve("http://127.0.0.1:1/bucket/key");
      await expect(read({ sign })).rejects.toEqual(fail("READ_FAILED"));
    });

    it("with READ_FAILED where nothing can be signed", async () => {
      const sign = () => Promise.reject(new Error("no credentials: AKID"));
      await expect(read({ sign })).rejects.toEqual(fail("READ_FAILED"));
    });

    it.each([404, 405])("with OBJECT_GONE on a %d in mid-read", async (status) => {
      store.faults.push({ kind: "truncate", atByte: 1_000 }, { kind: "status", status });
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
