import { describe, expect, it } from "@jest/globals";
import { createClient, ProxyError, type UploadState } from "../../client/index.ts";
import { useStack } from "../harness/stack.ts";
import { startCannedApi } from "./canned-api.ts";
import { createTestClock } from "./clock.ts";
import { makeMedia, MIB, PART_BYTES, SCOPE } from "./media.ts";
import { failureOf } from "./requests.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const SIZE = PART_BYTES + 100_000;
const reason = new Error("enough");
const quick = { sleep: () => Promise.resolve() };

describe("a client that is in trouble", () => {
  const local = useStack();
  const media = makeMedia(SIZE);
  const newJob = () => local.stack.cielo24?.addJob() ?? "";
  const token = () => local.stack.token({ sub: "alice", scope: SCOPE });

  it("is let go while there is no token yet", async () => {
    const ending = new AbortController();
    const client = createClient({
      baseUrl: local.stack.apiUrl,
      token: () => {
        ending.abort(reason);
        return new Promise(() => undefined);
      },
    });
    const upload = client.uploadMedia({ jobId: newJob(), source: new Blob(["\0"]), signal: ending.signal });
    await expect(upload).rejects.toBe(reason);
  });

  it("is let go while the media is being read", async () => {
    const ending = new AbortController();
    const source = {
      size: SIZE,
      slice: () => {
        ending.abort(reason);
        return new Promise<never>(() => undefined);
      },
    };
    const client = createClient({ baseUrl: local.stack.apiUrl, token });
    const upload = client.uploadMedia({ jobId: newJob(), source, partBytes: PART_BYTES, signal: ending.signal });
    await expect(upload).rejects.toBe(reason);
  });

  it.each([
    ["whole", PART_BYTES * 2],
    ["in parts", PART_BYTES],
  ])("progress never goes backwards, %s", async (_how, partBytes) => {
    let failures = 1;
    const client = createClient({
      baseUrl: local.stack.apiUrl,
      token,
      repeats: quick,
      sendMedia: async ({ url, headers, body, onSent, signal }) => {
        onSent(50_000);
        if (failures-- > 0) throw new TypeError("broken");
        const answer = await fetch(url, { method: "PUT", headers: { ...headers }, body: body as Blob, signal });
        return { status: answer.status, header: (name) => answer.headers.get(name), text: await answer.text() };
      },
    });
    const seen: number[] = [];
    await client.uploadMedia({
      jobId: newJob(),
      source: new Blob([media]),
      partBytes,
      parallelParts: 1,
      onProgress: ({ sentBytes }) => seen.push(sentBytes),
    });
    expect(seen.at(-1)).toBe(SIZE);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it("progress ends at the total, where completing was all that was left and had happened", async () => {
    const client = createClient({ baseUrl: local.stack.apiUrl, token });
    const upload = { jobId: newJob(), source: new Blob([media]), partBytes: PART_BYTES };
    let last: UploadState | undefined;
    await client.uploadMedia({ ...upload, onState: (state) => void (last = state ?? last) });
    const seen: number[] = [];
    await client.uploadMedia({ ...upload, resume: last, onProgress: ({ sentBytes }) => seen.push(sentBytes) });
    expect(seen.at(-1)).toBe(SIZE);
  });

  it("advises no http where the API takes https alone", () => {
    expect(new ProxyError({ source: "api", errorType: "INVALID_URL", comment: "" }).nextStep).not.toMatch(/\bhttp\b/);
  });

  it("sends to the operator what an operator alone can mend (502 CIELO24_UNAVAILABLE)", async () => {
    await using api = await startCannedApi({
      status: 502,
      body: { ErrorType: "CIELO24_UNAVAILABLE", ErrorComment: "cielo24 cannot be used at present.", RequestId: "r" },
    });
    const call = createClient({ baseUrl: api.url, token: "t", repeats: quick }).updateMetadata({
      jobId: JOB,
      referenceId: "a",
      requestorId: "b",
    });
    await expect(call).rejects.toMatchObject({ nextStep: expect.stringMatching(/operator/) });
  });

  it("waits for the store for a while, and says that no answer came, how often and how long", async () => {
    const clock = createTestClock();
    const client = createClient({
      baseUrl: local.stack.apiUrl,
      token,
      clock,
      // The store accepts the request and never responds.
      fetch: (url, init) =>
        new Request(url).url.startsWith(local.stack.apiUrl)
          ? fetch(url, { ...init, signal: null })
          : new Promise((_resolve, reject) => {
              init?.signal?.addEventListener("abort", () => {
                reject(init.signal?.reason as Error);
              });
            }),
    });
    const upload = client.uploadMedia({ jobId: newJob(), source: new Blob([media]), partBytes: PART_BYTES });
    const failure = await clock.runUntil(failureOf(upload));
    expect(failure).toMatchObject({ errorType: "NETWORK", source: "network" });
    expect(failure.comment).toMatch(/^No answer from the store of uploads\. It was tried \d times in 1\d min\.$/);
  });

  it("heeds Retry-After of the store's", async () => {
    const pauses: number[] = [];
    let failures = 1;
    const client = createClient({
      baseUrl: local.stack.apiUrl,
      token,
      repeats: {
        random: () => 0,
        sleep: (ms) => {
          pauses.push(ms);
          return Promise.resolve();
        },
      },
      fetch: (url, init) =>
        init?.method === "PUT" && failures-- > 0
          ? Promise.resolve(
              new Response("<Error><Code>SlowDown</Code></Error>", { status: 503, headers: { "retry-after": "7" } }),
            )
          : fetch(url, init),
    });
    await client.uploadMedia({ jobId: newJob(), source: new Blob([media]), partBytes: 10 * MIB });
    expect(pauses).toEqual([7000]);
  });

  it("NOT_AUTHORIZED is about claims, not about scopes", () => {
    expect(new ProxyError({ source: "api", errorType: "NOT_AUTHORIZED", comment: "" }).nextStep).not.toMatch(/scope/);
  });
});
