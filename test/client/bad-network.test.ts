import { afterEach, describe, expect, it } from "@jest/globals";
import { openAsBlob } from "node:fs";
import { appendFile, writeFile } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { createHttp } from "../../cli/http.ts";
import { createSendMedia } from "../../cli/send-media.ts";
import {
  createClient,
  type ClientOptions,
  type ProxyError,
  type UploadOptions,
  type UploadState,
  type Waiting,
} from "../../client/index.ts";
import { watchStandstill } from "../../client/standstill.ts";
import { startProxy } from "../cli/proxy-server.ts";
import { useFolder } from "../harness/folder.ts";
import { freePort } from "../network/nowhere.ts";
import { createTestClock } from "./clock.ts";
import { makeMedia, MIB, sha256 } from "./media.ts";
import { failureOf } from "./requests.ts";
import { startStore, tagOf, type Behaviour, type StoreRequest } from "./store-server.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const MINUTE_MS = 60_000;
const media = makeMedia(18 * MIB);

const http = createHttp({});
afterEach(() => {
  http[Symbol.dispose]();
});

/** Sends as the command line does, which tells of each piece; time passes as fast as it can. */
const start = async (behave?: Behaviour, options: Partial<ClientOptions> = {}) => {
  const store = await startStore(behave);
  const clock = createTestClock();
  const pauses: number[] = [];
  const repeats = { random: () => 0, onRepeat: (_error: unknown, pauseMs: number) => pauses.push(pauseMs) };
  const sendMedia = createSendMedia(http.exchange);
  const client = createClient({ baseUrl: store.url, token: "t", clock, repeats, sendMedia, ...options });
  const waits: (Waiting | undefined)[] = [];
  const upload = (more: Partial<UploadOptions> = {}) =>
    clock.runUntil(
      client.uploadMedia({
        jobId: JOB,
        source: new Blob([media]),
        onWaiting: (waiting) => waits.push(waiting),
        ...more,
      }),
    );
  return { ...store, client, clock, pauses, waits, upload };
};

const expectStored = ({ objects }: { readonly objects: readonly Buffer[] }) => {
  expect(objects.map(sha256)).toEqual([sha256(media)]);
};

/** Reads the body and gives no answer. */
const swallow = async ({ message }: StoreRequest) => {
  await finished(message.resume());
};
/** Takes nothing more of the body, and says nothing. */
const freeze = ({ message }: StoreRequest) => {
  message.pause();
};
const answerWith = ({ message, response }: StoreRequest, status: number, body: string) => {
  message.resume();
  response.writeHead(status).end(body);
};
const refuse = (request: StoreRequest, status: number, code: string) => {
  answerWith(request, status, `<Error><Code>${code}</Code><Message>S3's own words.</Message></Error>`);
};

describe("an upload on a bad network", () => {
  it("sends a part anew whose connection freezes, and says meanwhile that nothing moves", async () => {
    const is = (request: StoreRequest) => request.kind === "part" && request.partNumber === 2 && request.repeats === 0;
    await using run = await start((request) => is(request) && (freeze(request), true));
    const began = run.clock.now();
    await run.upload();
    expectStored(run);
    expect(run.seen.filter((name) => name === "part 2")).toHaveLength(2);
    expect(run.waits[0]).toMatchObject({ errorType: "STALLED" });
    expect(run.waits.at(-1)).toBeUndefined();
    expect(run.clock.now() - began).toBeLessThan(MINUTE_MS);
  });

  it.each<[how: string, isLost: (request: StoreRequest) => void | Promise<void>]>([
    ["takes nothing more", freeze],
    ["swallows what is sent", swallow],
  ])("goes on within 20 s of the network's return after a minute in which it %s", async (_how, isLost) => {
    let darkAt = Infinity;
    let wentOnAt = Infinity;
    await using run = await start(async (request) => {
      const now = run.clock.now();
      const isPart = request.kind === "part";
      if (isPart && request.partNumber === 2) darkAt = Math.min(darkAt, now);
      const isDark = now >= darkAt && now < darkAt + MINUTE_MS;
      // What was on its way when the network went is lost for good.
      if (isDark) await isLost(request);
      else if (isPart && now > darkAt) wentOnAt = Math.min(wentOnAt, now);
      return isDark;
    });
    await run.upload({ parallelParts: 1 });
    expectStored(run);
    expect(wentOnAt - (darkAt + MINUTE_MS)).toBeLessThan(20_000);
  });

  it("sends a part anew with the signature that it has, where the API has no room for another one", async () => {
    let isFull = false;
    await using run = await start((request) => {
      if (request.kind === "sign" && isFull) {
        answerWith(request, 503, '{"message":"Service Unavailable"}');
        return true;
      }
      if (request.kind !== "part" || request.partNumber !== 3) return false;
      isFull = request.repeats === 0;
      if (isFull) freeze(request);
      return isFull;
    });
    await run.upload({ parallelParts: 1 });
    expectStored(run);
    expect(run.seen.filter((name) => name === "part 3")).toHaveLength(2);
  });

  it("gives an answer more time with each repeat, and remembers that for the parts that follow", async () => {
    const takenMs: number[] = [];
    await using run = await start(async (request) => {
      if (request.kind !== "part") return false;
      // A box on the way has the part at once, and needs two minutes to pass it on.
      const began = run.clock.now();
      const gone = new Promise<void>((resolve) => request.message.socket.once("close", resolve));
      await swallow(request);
      await Promise.race([gone, new Promise<void>((resolve) => run.clock.after(120_000, resolve))]);
      takenMs.push(run.clock.now() - began);
      if (request.message.socket.destroyed) return true;
      const part = Buffer.from(partOf(request.partNumber));
      run.uploads.get(request.uploadId)?.set(request.partNumber, part);
      request.response.writeHead(200, { etag: tagOf(part) }).end();
      return true;
    });
    await run.upload({ parallelParts: 1 });
    expectStored(run);
    // 55 and 110 s were too little; then the first part had 220 s, and so had the others from the start.
    expect(run.seen.filter((name) => name.startsWith("part"))).toEqual([
      "part 1",
      "part 1",
      "part 1",
      "part 2",
      "part 3",
    ]);
  });

  it("finds its upload complete where a browser has sent the completion twice, of which it knows once", async () => {
    await using run = await start(({ kind }) => kind === "complete" && "comes twice");
    await run.upload();
    expectStored(run);
    expect(run.seen.filter((name) => name === "complete")).toHaveLength(1);
  });

  it("finds its upload complete where it knows of an earlier completion, though nobody has seen it arrive", async () => {
    await using run = await start((request) => {
      if (request.kind === "complete" && request.repeats === 0) return "answer is lost";
      if (request.kind !== "delivery") return false;
      answerWith(request, 200, '{"JobId":"j","State":"NO_MEDIA"}');
      return true;
    });
    await run.upload();
    expectStored(run);
  });

  it("takes an upload that is gone at its completion, and has not arrived, for lost", async () => {
    await using run = await start((request) => {
      if (request.kind === "complete") run.uploads.clear();
      return false;
    });
    expect(await failureOf(run.upload())).toMatchObject({ errorType: "NoSuchUpload" });
    expect(run.objects).toEqual([]);
  });

  it("begins anew with parts of 5 MiB where larger ones do not get through, never with two uploads completed", async () => {
    const states: (UploadState | undefined)[] = [];
    await using run = await start(async (request) => {
      if (request.kind !== "part" || Number(request.message.headers["content-length"]) <= 5 * MIB) return false;
      await swallow(request);
      return true;
    });
    await run.upload({ parallelParts: 2, onState: (state) => void states.push(state) });
    expectStored(run);
    expect(run.seen.filter((name) => name === "create")).toHaveLength(2);
    expect(run.seen).toContain("abort");
    expect(run.uploads.size).toBe(0);
    expect(states.map((state) => state?.partBytes)).toEqual([8 * MIB, 5 * MIB, 5 * MIB, undefined]);
  });

  it("goes over to parts where the whole in one request does not get through", async () => {
    await using run = await start(async (request) => request.kind === "put" && (await swallow(request), true));
    await run.upload({ partBytes: 20 * MIB });
    expectStored(run);
    expect(run.seen.slice(0, 4)).toEqual(["put", "put", "put", "create"]);
  });

  it("sends fewer parts at a time after failures, and more again with each that is stored", async () => {
    let left = 3;
    await using run = await start((request) => {
      if (request.kind !== "part" || left === 0) return false;
      left -= 1;
      request.message.socket.resetAndDestroy();
      return true;
    });
    const source = new Blob([media, media, media]);
    let atATime = 0;
    await run.upload({ source, parallelParts: 4, onProgress: () => (atATime = run.mostAtATime()) });
    expect(atATime).toBeLessThanOrEqual(4);
    expect(run.objects[0]).toHaveLength(3 * media.length);
    expect(new Set(run.seen.filter((name) => name.startsWith("part"))).size).toBe(7);
  });

  it("goes on with a single part after four that failed together, and soon with several again", async () => {
    const lost: StoreRequest[] = [];
    let open = 0;
    const atATime: number[] = [];
    await using run = await start((request) => {
      if (request.kind !== "part") return false;
      if (lost.length < 4) {
        lost.push(request);
        request.message.resume();
        if (lost.length === 4) for (const each of lost) each.message.socket.resetAndDestroy();
        return true;
      }
      atATime.push((open += 1));
      request.response.once("close", () => (open -= 1));
      return false;
    });
    await run.upload({ source: new Blob([media, media, media]), parallelParts: 4 });
    expect(atATime.slice(0, 2)).toEqual([1, 1]);
    expect(Math.max(...atATime)).toBeGreaterThan(1);
  });

  it("counts what fails at the same time as one failure, with one pause", async () => {
    const waiting: StoreRequest[] = [];
    await using run = await start((request) => {
      if (request.kind !== "part" || request.repeats > 0) return false;
      waiting.push(request);
      request.message.resume();
      if (waiting.length === 3) for (const each of waiting) each.message.socket.resetAndDestroy();
      return true;
    });
    await run.upload({ parallelParts: 3 });
    expectStored(run);
    expect(run.pauses).toEqual([250]);
  });

  it("takes no 200 without a result for a completion", async () => {
    await using run = await start(
      (request) => request.kind === "complete" && request.repeats === 0 && (answerWith(request, 200, ""), true),
    );
    await run.upload();
    expectStored(run);
    expect(run.seen.filter((name) => name === "complete")).toHaveLength(2);
  });

  it.each([
    ["a part", "part", 8 * MIB, "part 2"],
    ["all of it", "put", 20 * MIB, "put"],
  ] as const)(
    "takes an empty 200 of something on the way for no sign that %s is stored",
    async (_what, kind, partBytes, name) => {
      await using run = await start((request) => {
        if (request.kind !== kind || (kind === "part" && request.partNumber !== 2) || request.repeats > 0) return false;
        answerWith(request, 200, "");
        return true;
      });
      await run.upload({ partBytes });
      expectStored(run);
      expect(run.seen.filter((each) => each === name)).toHaveLength(2);
      expect(run.uploads.size).toBe(0);
    },
  );

  it("ends where something on the way always answers that parts are stored", async () => {
    await using run = await start((request) => request.kind === "part" && (answerWith(request, 200, ""), true));
    expect(await failureOf(run.upload())).toMatchObject({ errorType: "NOT_THE_STORE", isRetryable: true });
    expect(run.objects).toEqual([]);
    expect(run.seen).not.toContain("complete");
  });

  it("sends what the store lacks at the end, and completes then (InvalidPart)", async () => {
    await using run = await start(({ kind, repeats, uploadId }) => {
      if (kind === "complete" && repeats === 0) run.uploads.get(uploadId)?.delete(2);
      return false;
    });
    await run.upload();
    expectStored(run);
    expect(run.seen.slice(-4)).toEqual(["complete", "list", "part 2", "complete"]);
  });

  it("ends where the store never has what it says it has", async () => {
    await using run = await start(
      (request) => request.kind === "complete" && (refuse(request, 400, "InvalidPart"), true),
    );
    expect(await failureOf(run.upload())).toMatchObject({ errorType: "InvalidPart", isRetryable: false });
    expect(run.seen.filter((name) => name === "complete").length).toBeLessThan(10);
  });

  it("gives no answer more time because of failures that came at once", async () => {
    await using run = await start(async (request) => {
      if (request.kind !== "create" || request.repeats > 6) return false;
      if (request.repeats < 6) request.message.socket.resetAndDestroy();
      else await swallow(request);
      return true;
    });
    const began = run.clock.now();
    await run.upload();
    expectStored(run);
    expect(run.clock.now() - began).toBeLessThan(3 * MINUTE_MS);
  });

  it.each([
    [200, "<html>Sign in!</html>", "NOT_THE_API"],
    [200, "", "NOT_THE_API"],
    // By its standard, `fetch` tells nothing of a 407.
    [407, "<html>", "NETWORK"],
    [511, "", "NOT_THE_API"],
  ])("waits while something on the way answers in the API's place, %s %s", async (status, page, errorType) => {
    let left = 3;
    await using run = await start(
      (request) =>
        request.kind === "sign" && run.signed() > 1 && left-- > 0 && (answerWith(request, status, page), true),
    );
    await run.upload({ parallelParts: 1 });
    expectStored(run);
    expect(run.waits.find(Boolean)).toMatchObject({ errorType });
    expect(run.waits.at(-1)).toBeUndefined();
  });

  it.each(["part", "put", "create", "complete"] as const)(
    "takes a sign-in page for no answer of the store's (%s), and goes on once it is gone",
    async (kind) => {
      let left = 3;
      await using run = await start(
        (request) => request.kind === kind && left-- > 0 && (answerWith(request, 200, "<html>Sign in!</html>"), true),
      );
      await run.upload({ partBytes: kind === "put" ? 20 * MIB : 8 * MIB, parallelParts: 1 });
      expectStored(run);
      expect(run.waits.find(Boolean)).toMatchObject({
        errorType: "NOT_THE_STORE",
        nextAttemptAt: expect.stringMatching(/Z$/),
      });
      expect(run.waits.at(-1)).toBeUndefined();
    },
  );

  it("ends within seconds where nothing has ever answered, and says to check the address", async () => {
    const store = await startStore();
    await store[Symbol.asyncDispose]();
    const clock = createTestClock();
    const client = createClient({ baseUrl: store.url, token: "t", clock });
    const began = clock.now();
    const failure = await clock.runUntil(failureOf(client.uploadMedia({ jobId: JOB, source: new Blob(["a"]) })));
    expect(failure).toMatchObject({ errorType: "NETWORK", nextStep: expect.stringMatching(/^Check the address/) });
    expect(failure.message).toMatch(/ECONNREFUSED.*It was tried \d times in \d+ s\.$/);
    expect(clock.now() - began).toBeLessThan(25_000);
  });

  it("says to sign in to a network that wants it before the API has ever answered", async () => {
    await using run = await start((request) => (answerWith(request, 511, "<html>Sign in!</html>"), true));
    const failure = await failureOf(run.upload());
    expect(failure).toMatchObject({ errorType: "NOT_THE_API", nextStep: expect.stringMatching(/^Sign in/) });
  });

  describe("behind an HTTP proxy, by http", () => {
    const PAGE = "<html><title>503 Service Unavailable</title></html>";
    const GATEWAY = '{"message":"Service Unavailable"}';
    /** Uploads to an address through the proxy. */
    const uploadThrough = async (baseUrl: string) => {
      await using proxy = await startProxy();
      using proxied = createHttp({ HTTP_PROXY: proxy.host });
      const clock = createTestClock();
      const sendMedia = createSendMedia(proxied.exchange);
      const client = createClient({ baseUrl, token: "t", clock, fetch: proxied.fetch, sendMedia });
      const began = clock.now();
      const upload = client.uploadMedia({ jobId: JOB, source: new Blob(["m\0dia"]) });
      const failure = await clock.runUntil(upload.then(() => undefined).catch((error: unknown) => error as ProxyError));
      return { failure, tookMs: clock.now() - began, asked: proxy.asked };
    };

    it("ends within seconds where the proxy answers for a host that it does not reach", async () => {
      const { failure, tookMs, asked } = await uploadThrough((await freePort()).url);
      expect(failure).toMatchObject({ status: 502, nextStep: expect.stringMatching(/^Check the base URL/) });
      expect(failure?.message).toMatch(/answered 502 .*It was tried \d times in \d+ s\.$/);
      expect(tookMs).toBeLessThan(25_000);
      expect(asked.length).toBeGreaterThan(1);
    });

    it.each([
      ["is patient with API Gateway, though nothing else has answered yet", GATEWAY, 20, undefined],
      ["is not with a page of something else", PAGE, 20, 503],
      ["waits some seconds for such a page to pass, too", PAGE, 2, undefined],
    ])("%s", async (_says, body, times, status) => {
      await using store = await startStore(
        (request) => request.kind === "sign" && request.repeats < times && (answerWith(request, 503, body), true),
      );
      const { failure } = await uploadThrough(store.url);
      expect(failure?.status).toBe(status);
      expect(store.objects).toHaveLength(status === undefined ? 1 : 0);
    });
  });

  it("tries for ten minutes once the API has answered, in one budget, and says so", async () => {
    await using run = await start((request) => request.kind === "part" && (request.message.socket.destroy(), true));
    const began = run.clock.now();
    const failure = await failureOf(run.upload());
    expect(failure).toMatchObject({ errorType: "NETWORK", isRetryable: true });
    expect(failure.message).toMatch(/It was tried \d\d times in 10 min\.$/);
    expect(run.clock.now() - began).toBeLessThan(15 * MINUTE_MS);
  });

  it("says nothing of a failure while something else moves, and again where nothing does", () => {
    const clock = createTestClock();
    const told: string[] = [];
    const standstill = watchStandstill(clock, (waiting) => told.push(waiting?.errorType ?? "moves"));
    standstill.begin();
    clock.advance(5_000);
    standstill.moved();
    clock.advance(1_999);
    standstill.failed({ errorType: "NETWORK", comment: "No answer." });
    expect(told).toEqual([]);
    clock.advance(1);
    standstill.failed({ errorType: "SlowDown", comment: "It is busy." });
    // What goes out to a store that refuses it is no progress.
    standstill.moved();
    expect(told).toEqual(["SlowDown"]);
    standstill.ended();
    clock.advance(10_000);
    standstill.moved();
    expect(told).toEqual(["SlowDown", "moves", "STALLED", "moves"]);
  });

  it("has its ten minutes anew with each part that arrives", async () => {
    let pausedMs = 0;
    const repeats = {
      random: () => 0.99,
      sleep: (ms: number) => {
        pausedMs += ms;
        return Promise.resolve();
      },
    };
    const isOut: Behaviour = ({ kind, repeats: before, message }) => {
      if (kind !== "part" || before >= 28) return false;
      message.socket.destroy();
      return true;
    };
    await using run = await start(isOut, { repeats });
    await run.upload({ parallelParts: 1 });
    expectStored(run);
    // Six minutes for each.
    expect(pausedMs).toBeGreaterThan(15 * MINUTE_MS);
  });

  it("takes the sleep of the machine for no failure of the network's", async () => {
    let left = 2;
    const sleeps: number[] = [];
    await using run = await start((request) => {
      if (request.kind !== "put" || left-- <= 0) return false;
      request.message.socket.destroy();
      return true;
    });
    const client = createClient({
      baseUrl: run.url,
      token: "t",
      clock: run.clock,
      repeats: {
        sleep: (ms) => {
          sleeps.push(ms);
          run.clock.advance(8 * 60 * MINUTE_MS);
          return Promise.resolve();
        },
      },
    });
    await run.clock.runUntil(client.uploadMedia({ jobId: JOB, source: new Blob(["m\0dia"]) }));
    expect(sleeps).toHaveLength(2);
    expect(run.objects).toHaveLength(1);
  });

  it.each([
    ["AccessDenied", 403, /does not permit/, /operator/],
    ["SignatureDoesNotMatch", 403, /as it was signed/, /another network/],
    ["RequestTimeTooSkewed", 403, /clocks/, /operator/],
    ["NoSuchBucket", 404, /is not there/, /operator/],
    ["EntityTooLarge", 400, /too large/, /in parts/],
    ["KMS.DisabledException", 400, /encryption key/, /operator/],
    ["AnythingElse", 400, /refused the request \(AnythingElse\)\./, /Correct what/],
  ])("tells %s of the store's in words of its own", async (code, status, comment, nextStep) => {
    await using run = await start((request) => request.kind === "put" && (refuse(request, status, code), true));
    const failure = await failureOf(run.upload({ source: new Blob(["m\0dia"]) }));
    expect(failure).toMatchObject({ source: "storage", errorType: code, status, isRetryable: false });
    expect(failure.comment).toMatch(comment);
    expect(failure.nextStep).toMatch(nextStep);
  });

  it.each([
    ["SlowDown", 503],
    ["InternalError", 500],
    ["ServiceUnavailable", 503],
    ["RequestTimeout", 400],
    ["BadDigest", 400],
    ["IncompleteBody", 400],
    ["OperationAborted", 409],
  ])("repeats what failed with %s, and says what it waits for", async (code, status) => {
    let left = 2;
    await using run = await start(async (request) => {
      if (request.kind !== "put" || left-- <= 0) return false;
      await swallow(request);
      refuse(request, status, code);
      return true;
    });
    await run.upload({ partBytes: 20 * MIB });
    expectStored(run);
    const told = run.waits.map((waiting) => waiting?.errorType);
    expect(told.slice(told.indexOf(code))).toEqual([code, code, undefined]);
    expect(JSON.stringify(run.waits)).not.toMatch(/own words/);
  });

  it("signs parts ahead, each once, so that no connection stands idle", async () => {
    await using run = await start();
    await run.upload({ source: new Blob([media, media, media]), parallelParts: 2 });
    // Seven parts, the beginning and the end.
    expect(run.signed()).toBe(9);
  });

  it.each([
    ["the next part ahead, and no more", 1_000, "01110"],
    // The first part is sent twice, since its answer is late, and signed anew for that.
    ["none ahead where a part takes more than a minute", 61_000, "111111"],
  ])("signs %s", async (_what, tookMs, expected) => {
    const ahead: number[] = [];
    await using run = await start(async ({ kind, partNumber, uploadId, message, response }) => {
      if (kind !== "part") return false;
      const part = Buffer.concat((await message.toArray()) as Buffer[]);
      await new Promise<void>((resolve) => run.clock.after(tookMs, resolve));
      // The beginning of the upload is signed, too.
      ahead.push(run.signed() - 1 - partNumber);
      run.uploads.get(uploadId)?.set(partNumber, part);
      response.writeHead(200, { etag: tagOf(part) }).end();
      return true;
    });
    await run.upload({ source: new Blob([media, media]), parallelParts: 1 });
    expect(ahead.join("")).toBe(expected);
  });

  it("signs anew what was signed ahead more than five minutes ago", async () => {
    await using run = await start();
    const takeConnection = async () => {
      await new Promise<void>((resolve) => run.clock.after(6 * MINUTE_MS, resolve));
      return () => undefined;
    };
    await run.upload({ parallelParts: 1, takeConnection });
    expectStored(run);
    // The beginning, three parts, the third of them twice, and the end.
    expect(run.signed()).toBe(6);
  });

  describe("where the file changes", () => {
    const folder = useFolder();
    it.each([
      ["before", "put", 20 * MIB],
      ["before, in parts", "part", 8 * MIB],
    ])("%s it is sent: SOURCE_CHANGED at once", async (_when, _kind, partBytes) => {
      await writeFile(folder.file("a.mp4"), media);
      const source = await openAsBlob(folder.file("a.mp4"));
      await appendFile(folder.file("a.mp4"), "more");
      await using run = await start();
      const failure = await failureOf(run.upload({ source, partBytes }));
      expect(failure).toMatchObject({ errorType: "SOURCE_CHANGED", isRetryable: false });
      expect(failure.nextStep).toMatch(/choose it again/);
      expect(run.pauses).toEqual([]);
    });

    it("by `fetch`, too, and after its last part was sent: nothing is completed", async () => {
      await writeFile(folder.file("a.mp4"), media);
      const source = await openAsBlob(folder.file("a.mp4"));
      await using run = await start(async ({ kind }) => {
        if (kind === "list") await appendFile(folder.file("a.mp4"), "more");
        return false;
      });
      const clock = createTestClock();
      const client = createClient({
        baseUrl: run.url,
        token: "t",
        clock,
        // Without the parts' tags, they are listed.
        fetch: async (url, init) => {
          const answer = await fetch(url, init);
          return init?.method === "PUT" ? new Response(null, { status: answer.status }) : answer;
        },
      });
      const failure = await clock.runUntil(failureOf(client.uploadMedia({ jobId: JOB, source, partBytes: 8 * MIB })));
      expect(failure).toMatchObject({ errorType: "SOURCE_CHANGED" });
      expect(run.seen).not.toContain("complete");
    });
  });
});

const partOf = (partNumber: number) => media.subarray((partNumber - 1) * 8 * MIB, partNumber * 8 * MIB);
