import { describe, expect, it } from "@jest/globals";
import { createClient, describeMedia, ProxyError, type Client, type ClientOptions } from "../../client/index.ts";
import { startCannedApi, type Canned } from "./canned-api.ts";
import { failureOf } from "./requests.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const TASK: Canned = { body: { TaskId: "fedcba9876543210fedcba9876543210" } };
const METADATA = { jobId: JOB, referenceId: "course 7/Größe", requestorId: "lecturer-1" };

const connect = (baseUrl: string, options: Partial<ClientOptions> = {}): Client & { readonly pauses: number[] } => {
  const pauses: number[] = [];
  const repeats = {
    patienceMs: 9_000,
    random: () => 0,
    sleep: (ms: number) => {
      pauses.push(ms);
      return Promise.resolve();
    },
  };
  return { ...createClient({ baseUrl, token: "good-token", repeats, ...options }), pauses };
};

describe("calls of the API", () => {
  it("set metadata in a JSON body, where no log sees it", async () => {
    await using api = await startCannedApi(TASK);
    expect(await connect(`${api.url}/stage/`).updateMetadata(METADATA)).toEqual({
      taskId: "fedcba9876543210fedcba9876543210",
    });
    expect(api.requests).toMatchObject([
      {
        method: "POST",
        target: "/stage/api/job/update_metadata?v=1",
        headers: { authorization: "Bearer good-token", "content-type": "application/json" },
      },
    ]);
    expect(JSON.parse(api.requests[0]?.body ?? "")).toEqual({
      job_id: JOB,
      reference_id: "course 7/Größe",
      requestor_id: "lecturer-1",
    });
  });

  it("add media by URL", async () => {
    await using api = await startCannedApi(TASK);
    const mediaUrl = "https://media.example.org/a.mp4?signature=s";
    await connect(api.url).addMediaUrl({ jobId: JOB, mediaUrl, isDuplicate: true });
    expect(api.requests[0]?.target).toBe("/api/job/add_media?v=1");
    expect(JSON.parse(api.requests[0]?.body ?? "")).toEqual({ job_id: JOB, media_url: mediaUrl, is_duplicate: true });
  });

  it("cancel a delivery, and are repeated after faults that pass: it is cancelled once", async () => {
    const body = { JobId: JOB, State: "REJECTED", SentBytes: 0, Attempts: 0, UpdatedAt: "2031-05-06T00:00:00.000Z" };
    await using api = await startCannedApi({ reset: true }, { body });
    expect(await connect(api.url).cancelDelivery({ jobId: JOB })).toMatchObject({ jobId: JOB, state: "REJECTED" });
    expect(api.requests.at(-1)).toMatchObject({
      method: "DELETE",
      target: `/api/job/delivery?v=1&job_id=${JOB}`,
      body: "",
    });
  });

  it("are repeated after faults that pass, with growing pauses", async () => {
    await using api = await startCannedApi({ status: 500 }, { reset: true }, { status: 503 }, TASK);
    const client = connect(api.url);
    await client.updateMetadata(METADATA);
    expect(client.pauses).toEqual([250, 500, 1000]);
  });

  it("wait for as long as the server asks", async () => {
    await using api = await startCannedApi({ status: 503, headers: { "retry-after": "7" } }, TASK);
    const client = connect(api.url);
    await client.updateMetadata(METADATA);
    expect(client.pauses).toEqual([7000]);
  });

  it("leave it to a person where the server asks for more than a minute", async () => {
    await using api = await startCannedApi({
      status: 503,
      headers: { "retry-after": "300" },
      body: { ErrorType: "CIELO24_UNAVAILABLE", ErrorComment: "cielo24 cannot be reached at present.", RequestId: "r" },
    });
    const failure = await failureOf(connect(api.url).updateMetadata(METADATA));
    expect(failure).toMatchObject({ isRetryable: true, retryAfterMs: 300_000, requestId: "r" });
    expect(api.requests).toHaveLength(1);
  });

  it("that add media are made once, whatever comes", async () => {
    await using api = await startCannedApi({ status: 503 }, TASK);
    const failure = await failureOf(connect(api.url).addMediaUrl({ jobId: JOB, mediaUrl: "https://example.org/a" }));
    expect(failure.status).toBe(503);
    expect(api.requests).toHaveLength(1);
  });

  it("get another token where one is refused", async () => {
    await using api = await startCannedApi({ status: 401, body: { message: "Unauthorized" } }, TASK);
    const token = ({ refused }: { refused?: string }) => (refused === "old" ? "new" : "old");
    await connect(api.url, { token }).addMediaUrl({ jobId: JOB, mediaUrl: "https://example.org/a" });
    expect(api.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer old", "Bearer new"]);
  });

  it("don't ask again with the token that was refused", async () => {
    await using api = await startCannedApi({ status: 401, body: { message: "Unauthorized" } });
    const failure = await failureOf(connect(api.url, { token: () => "old" }).updateMetadata(METADATA));
    expect(failure).toMatchObject({ source: "gateway", status: 401, errorType: "UNAUTHORIZED", isRetryable: false });
    expect(api.requests).toHaveLength(1);
  });

  it.each(["", "  ", "two words", "größe"])("refuse %j for a token without sending it", async (token) => {
    await using api = await startCannedApi(TASK);
    const failure = await failureOf(connect(api.url, { token }).updateMetadata(METADATA));
    expect(failure.errorType).toBe("NO_TOKEN");
    expect(api.requests).toHaveLength(0);
  });

  it.each([
    ["captions.example.org"],
    ["ftp://captions.example.org"],
    ["https://user:password@captions.example.org"],
    ["https://captions.example.org?stage=dev"],
  ])("refuse %s for a base URL", (baseUrl) => {
    expect(() => connect(baseUrl)).toThrow(expect.objectContaining({ errorType: "BAD_BASE_URL" }));
  });

  it("follow no redirect with the token", async () => {
    await using elsewhere = await startCannedApi(TASK);
    await using api = await startCannedApi({ status: 307, headers: { location: elsewhere.url } });
    expect((await failureOf(connect(api.url).updateMetadata(METADATA))).errorType).toBe("NETWORK");
    expect(elsewhere.requests).toHaveLength(0);
  });

  describe("fail with", () => {
    const answerOf = (ErrorType: string) => ({ ErrorType, ErrorComment: "Because.", RequestId: "r-1" });
    it.each<[string, Canned, Partial<ProxyError>]>([
      [
        "the function's own words",
        { status: 404, body: answerOf("ITEM_NOT_FOUND") },
        { source: "api", errorType: "ITEM_NOT_FOUND", comment: "Because.", requestId: "r-1", isRetryable: false },
      ],
      [
        "what cielo24 says, with a next step for types that nobody knows",
        { status: 400, body: answerOf("BRAND_NEW") },
        { errorType: "BRAND_NEW", nextStep: "Correct what the message names, or ask the operator." },
      ],
      [
        "the outcome unknown, which is never repeated",
        { status: 504, body: answerOf("CIELO24_ANSWER_UNKNOWN") },
        { isRetryable: false, nextStep: "Don't send it again: ask for the delivery's status." },
      ],
      ["the function's slowness", { status: 504, body: answerOf("TIMED_OUT") }, { isRetryable: true }],
      [
        "the gateway's 401",
        { status: 401, body: { message: "Unauthorized" } },
        { source: "gateway", errorType: "UNAUTHORIZED" },
      ],
      ["its 403", { status: 403, body: { message: "Forbidden" } }, { source: "gateway", errorType: "FORBIDDEN" }],
      ["its 404", { status: 404, body: { message: "Not Found" } }, { errorType: "ROUTE_NOT_FOUND" }],
      ["its 413", { status: 413, body: { message: "Request Entity Too Large" } }, { errorType: "BODY_TOO_LARGE" }],
      [
        "its 429, with the id of the request",
        { status: 429, body: { message: "Too Many Requests" }, headers: { "apigw-requestid": "g-1" } },
        { errorType: "TOO_MANY_REQUESTS", isRetryable: true, requestId: "g-1" },
      ],
      [
        "its 500",
        { status: 500, body: { message: "Internal Server Error" } },
        { errorType: "GATEWAY", isRetryable: true },
      ],
      [
        "a 502 of somebody's between",
        { status: 502, body: "<html>" },
        { errorType: "UNINTELLIGIBLE", isRetryable: true },
      ],
      [
        "a page of somebody else's",
        { status: 200, body: "<html>" },
        { errorType: "UNINTELLIGIBLE", isRetryable: false },
      ],
      [
        "a 200 that lacks what it is for",
        { status: 200, body: {} },
        { errorType: "UNINTELLIGIBLE", isRetryable: false },
      ],
    ])("%s", async (_name, canned, expected) => {
      await using api = await startCannedApi(canned);
      const failure = await failureOf(connect(api.url).updateMetadata(METADATA));
      expect(failure).toMatchObject({ status: canned.status ?? 200, ...expected });
      expect(failure.nextStep).not.toBe("");
      expect(failure.message).toBe(failure.comment);
      expect(failure.comment.endsWith(" It was tried 6 times in 8 s.")).toBe(failure.isRetryable);
      expect(api.requests).toHaveLength(failure.isRetryable ? 6 : 1);
    });

    it("no answer, where nobody listens", async () => {
      const api = await startCannedApi(TASK);
      await api[Symbol.asyncDispose]();
      const failure = await failureOf(connect(api.url).updateMetadata(METADATA));
      expect(failure).toMatchObject({ source: "network", status: undefined, isRetryable: true });
      expect(failure.comment).toMatch(
        /^No answer from 127\.0\.0\.1:\d+ \(ECONNREFUSED\)\. It was tried 6 times in 8 s\.$/,
      );
      expect(failure.nextStep).toMatch(/^Check the address/);
    });
  });

  describe("waiting for a delivery", () => {
    const inState = (State: string, more: object = {}): Canned => ({
      body: { JobId: JOB, State, SentBytes: 5, Attempts: 1, UpdatedAt: "2026-01-01T00:00:00.000Z", ...more },
    });

    it.each(["DELIVERED", "REJECTED", "NEEDS_REVIEW"])("ends with %s, and tells every state before", async (end) => {
      await using api = await startCannedApi(inState("UPLOADING"), inState("SENDING", { SizeBytes: 10 }), inState(end));
      const seen: unknown[] = [];
      const delivery = await connect(api.url).waitForDelivery({
        jobId: JOB,
        onDelivery: ({ state, sentBytes, sizeBytes }) => seen.push([state, sentBytes, sizeBytes]),
      });
      expect(delivery).toMatchObject({ jobId: JOB, state: end, attempts: 1 });
      expect(seen).toEqual([
        ["UPLOADING", 5, undefined],
        ["SENDING", 5, 10],
        [end, 5, undefined],
      ]);
      expect(api.requests.map(({ target }) => target)).toEqual([
        `/api/job/delivery?v=1&job_id=${JOB}`,
        `/api/job/delivery?v=1&job_id=${JOB}&wait=20`,
        `/api/job/delivery?v=1&job_id=${JOB}&wait=20`,
      ]);
    });

    it("tells why a delivery was rejected", async () => {
      const Error = { ErrorType: "INVALID_URL", ErrorComment: "Nothing there." };
      await using api = await startCannedApi(inState("REJECTED", { Error }));
      expect(await connect(api.url).waitForDelivery({ jobId: JOB })).toMatchObject({
        state: "REJECTED",
        error: { errorType: "INVALID_URL", comment: "Nothing there." },
      });
    });

    it("tells what is known of the media, and nothing of what is not", async () => {
      const known = {
        Container: "MP4",
        DurationSeconds: 2878.4,
        AudioTracks: 0,
        VideoTracks: 1,
        Concern: { ErrorType: "NO_AUDIO", ErrorComment: "No sound." },
        OtherMedia: 1,
        Sidecars: 2,
      };
      await using api = await startCannedApi(inState("DELIVERED", known), inState("DELIVERED"));
      const client = connect(api.url);
      const delivery = await client.getDelivery({ jobId: JOB });
      expect(delivery).toMatchObject({
        container: "MP4",
        durationSeconds: 2878.4,
        audioTracks: 0,
        videoTracks: 1,
        concern: { errorType: "NO_AUDIO", comment: "No sound." },
        otherMedia: 1,
        sidecars: 2,
      });
      expect(describeMedia(delivery)).toBe("48 min, MP4, no audio track");
      const unknown = await client.getDelivery({ jobId: JOB });
      for (const name of [
        "container",
        "durationSeconds",
        "audioTracks",
        "videoTracks",
        "concern",
        "otherMedia",
        "sidecars",
      ])
        expect(unknown).not.toHaveProperty(name);
      expect(describeMedia(unknown)).toBe("");
    });

    it.each([
      [{ durationSeconds: 0.2 }, "1 s"],
      [{ durationSeconds: 59.4, container: "WAV" }, "59 s, WAV"],
      [{ durationSeconds: 59.6, audioTracks: 2 }, "1 min, 2 audio tracks"],
      [{ durationSeconds: 3599, audioTracks: 1 }, "1 h 0 min, 1 audio track"],
      [{ durationSeconds: 7500, videoTracks: 1 }, "2 h 5 min"],
    ])("puts %j into words", (media, words) => {
      expect(describeMedia(media)).toBe(words);
    });

    it("pauses where an answer comes at once without an end, and outlasts faults", async () => {
      await using api = await startCannedApi(
        inState("SENDING"),
        inState("SENDING"),
        { reset: true },
        { status: 503 },
        inState("DELIVERED"),
      );
      const client = connect(api.url);
      await client.waitForDelivery({ jobId: JOB });
      expect(client.pauses).toHaveLength(3);
      expect(client.pauses[0]).toBeGreaterThan(0);
    });

    it("ends with the signal's reason", async () => {
      await using api = await startCannedApi(inState("SENDING"));
      const ending = new AbortController();
      const reason = new Error("enough");
      const waiting = connect(api.url).waitForDelivery({
        jobId: JOB,
        signal: ending.signal,
        onDelivery: () => {
          ending.abort(reason);
        },
      });
      await expect(waiting).rejects.toBe(reason);
    });
  });
});
