import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { createClient, type SendMedia, type UploadState } from "../../client/index.ts";
import { useStack } from "../harness/stack.ts";
import { startCannedApi } from "./canned-api.ts";
import { createTestClock } from "./clock.ts";
import { arrivedAt, countStored, makeMedia, MIB, PART_BYTES, SCOPE, sha256 } from "./media.ts";
import { failureOf, type Operation, operationOf } from "./requests.ts";

const SIZE = 2 * PART_BYTES + 100_000;
const MINUTE_MS = 60_000;

type Fetch = typeof globalThis.fetch;

afterEach(() => {
  jest.restoreAllMocks();
});

describe("what the store may answer", () => {
  const local = useStack({ env: { MAX_MEDIA_BYTES: String(20 * MIB) } });
  const media = makeMedia(SIZE);
  const newJob = () => local.stack.cielo24?.addJob() ?? "";
  const inParts = (jobId: string) => ({ jobId, source: new Blob([media]), partBytes: PART_BYTES, parallelParts: 1 });

  /** A client whose requests to the store get the test's response, or the real one if the test gives none. */
  const connect = (
    answer: (operation: Operation, target: URL) => Response | Promise<Response | undefined> | undefined,
    sleep: () => Promise<void> = () => Promise.resolve(),
  ) => {
    const seen: Operation[] = [];
    const fetchOtherwise: Fetch = async (target, init) => {
      const operation = operationOf(local.stack, new URL(target), init?.method ?? "GET");
      if (operation === undefined) return fetch(target, init);
      seen.push(operation);
      return (await answer(operation, new URL(target))) ?? fetch(target, init);
    };
    const client = createClient({
      baseUrl: local.stack.apiUrl,
      token: () => local.stack.token({ sub: "alice", scope: SCOPE }),
      repeats: { sleep },
      fetch: fetchOtherwise,
    });
    return { ...client, seen };
  };
  const error = (code: string, status: number, message = "So it is.") =>
    new Response(`<Error><Code>${code}</Code><Message>${message}</Message></Error>`, { status });
  const once = <T>(value: T) => {
    let left: T | undefined = value;
    return () => {
      const given = left;
      left = undefined;
      return given;
    };
  };
  const expectDelivered = async (jobId: string) => {
    await local.stack.drain();
    expect(arrivedAt(local.stack, jobId)).toEqual([sha256(media)]);
  };

  it("a 200 that is an error, where completing took long: asked again", async () => {
    const jobId = newJob();
    const failed = once(error("InternalError", 200));
    const client = connect((operation) => (operation === "complete" ? failed() : undefined));
    await client.uploadMedia(inParts(jobId));
    expect(client.seen.filter((each) => each === "complete")).toHaveLength(2);
    await expectDelivered(jobId);
  });

  it.each(["ExpiredToken", "TokenRefreshRequired", "InvalidToken"])(
    "400 %s, since the credentials behind a signature have died: signed again, without a pause",
    async (code) => {
      const jobId = newJob();
      const dead = once(error(code, 400));
      const urls: string[] = [];
      const pause = jest.fn(() => Promise.resolve());
      const client = connect((operation, { href }) => {
        if (operation !== "part") return undefined;
        urls.push(href);
        return dead();
      }, pause);
      await client.uploadMedia(inParts(jobId));
      expect(urls).toHaveLength(4);
      expect(pause).not.toHaveBeenCalled();
      await expectDelivered(jobId);
    },
  );

  it.each([
    ["a few minutes", 6 * MINUTE_MS, 2],
    ["a moment", 1_000, 1],
  ])("nothing, and again after %s: signed anew once the signature is old", async (_while, pauseMs, signatures) => {
    const jobId = newJob();
    const now = Date.now.bind(Date);
    let laterMs = 0;
    jest.spyOn(Date, "now").mockImplementation(() => now() + laterMs);
    const signedAs = new Set<string | null>();
    const client = connect(
      (operation, { pathname }) => {
        if (operation !== "put") return undefined;
        // Each signature of a single PUT has a new key.
        signedAs.add(pathname);
        if (laterMs > 0) return undefined;
        throw new TypeError("fetch failed");
      },
      () => {
        laterMs += pauseMs;
        return Promise.resolve();
      },
    );
    await client.uploadMedia({ jobId, source: new Blob(["m\0dia"]) });
    expect(signedAs.size).toBe(signatures);
  });

  it("a list of parts on several pages, with one of another size: the others are sent, and that one again", async () => {
    const jobId = newJob();
    let state: UploadState | undefined;
    const ending = new AbortController();
    const reason = new Error("enough");
    const stopped = connect(() => undefined).uploadMedia({
      ...inParts(jobId),
      signal: ending.signal,
      onState: (kept) => void (state = kept),
      onProgress: ({ storedBytes }) => {
        if (storedBytes >= 2 * PART_BYTES) ending.abort(reason);
      },
    });
    await expect(stopped).rejects.toBe(reason);

    const sent: (string | null)[] = [];
    const after: (string | null)[] = [];
    const client = connect(async (operation, target) => {
      if (operation === "part") sent.push(target.searchParams.get("partNumber"));
      if (operation !== "list") return undefined;
      after.push(target.searchParams.get("part-number-marker"));
      const text = await (await fetch(target)).text();
      const [next = ""] = /<Part>.*?<\/Part>/s.exec(text) ?? [];
      if (after.length === 1)
        return new Response(`<ListPartsResult><IsTruncated>true</IsTruncated>${next}</ListPartsResult>`);
      // The second part is shorter than this upload's, as if another client had sent it.
      return new Response(`<ListPartsResult>${next.replace(/<Size>\d+</, "<Size>5<")}</ListPartsResult>`);
    });
    await client.uploadMedia({ ...inParts(jobId), resume: state });
    expect(after).toEqual([null, "1"]);
    expect(sent).toEqual(["2", "3"]);
    await expectDelivered(jobId);
  });

  it("another medium, while the answer to ours was lost: no success", async () => {
    const jobId = newJob();
    const client = connect(async (operation) => {
      if (operation !== "put") return undefined;
      // Another upload by the same owner was faster. Signing is refused from now on.
      await connect(() => undefined).uploadMedia({ jobId, source: new Blob(["an\0ther medium"]) });
      await local.stack.drain();
      return error("AccessDenied", 403);
    });
    const failure = await failureOf(client.uploadMedia({ jobId, source: new Blob(["m\0dia"]) }));
    expect(failure).toMatchObject({ source: "api", status: 409, errorType: "JOB_HAS_MEDIA" });
  });

  it("nothing before what is to be kept of an upload is kept", async () => {
    const jobId = newJob();
    const order: string[] = [];
    const client = connect((operation) => void order.push(operation));
    await client.uploadMedia({
      ...inParts(jobId),
      onState: async (state) => {
        await new Promise((resolve) => setImmediate(resolve));
        order.push(state === undefined ? "forgotten" : state.isCompleting ? "completing kept" : "kept");
      },
    });
    expect(order).toEqual(["create", "kept", "part", "part", "part", "completing kept", "complete", "forgotten"]);
    expect(countStored(local.stack, "CompleteMultipartUpload", jobId)).toBe(1);
  });
});

describe("where nothing comes any more", () => {
  const SIGNED = {
    body: { url: "http://127.0.0.1:9/", key: "media/a", headers: {}, expires_at: "2026-01-01T00:00:00Z" },
  };
  const jobId = "0123456789abcdef0123456789abcdef";

  it("gives a connection up that takes no more bytes, 30 s after the last of them", async () => {
    await using api = await startCannedApi(SIGNED);
    const clock = createTestClock();
    let send: (bytes: number) => void = () => undefined;
    let begin: () => void = () => undefined;
    const sending = new Promise<void>((resolve) => (begin = resolve));
    const sendMedia: SendMedia = ({ onSent }) => {
      send = onSent;
      begin();
      // One that does not heed its signal, either.
      return new Promise(() => undefined);
    };
    const client = createClient({ baseUrl: api.url, token: "token", sendMedia, clock, repeats: { patienceMs: 0 } });
    const failure = failureOf(client.uploadMedia({ jobId, source: new Blob(["m\0dia"]) }));
    let isOver = false;
    void failure.then(() => (isOver = true));
    await sending;
    clock.advance(29_999);
    send(3);
    send(3);
    clock.advance(29_999);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    clock.advance(1);
    expect(await failure).toMatchObject({ source: "network", isRetryable: true, comment: /takes no more bytes/ });
  });

  it.each([
    ["API Gateway itself would, and a little", true, 35_000],
    ["ten seconds, where nothing has ever answered", false, 10_000],
  ])("waits for the API no longer than %s", async (_what, isKnown, limitMs) => {
    const clock = createTestClock();
    let isSilent = !isKnown;
    const client = createClient({
      baseUrl: "http://127.0.0.1:9",
      token: "token",
      clock,
      repeats: { patienceMs: 0 },
      fetch: (_target, init) =>
        isSilent
          ? new Promise((_resolve, reject) => {
              init?.signal?.addEventListener("abort", () => {
                reject(init.signal?.reason as Error);
              });
            })
          : Promise.resolve(new Response('{"ErrorType":"ITEM_NOT_FOUND","ErrorComment":"None."}', { status: 404 })),
    });
    if (isKnown) await failureOf(client.getDelivery({ jobId }));
    isSilent = true;
    const failure = failureOf(client.getDelivery({ jobId }));
    let isOver = false;
    void failure.then(() => (isOver = true));
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(limitMs - 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    clock.advance(1);
    expect(await failure).toMatchObject({ source: "network", isRetryable: true });
  });
});
