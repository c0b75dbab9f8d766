import { beforeAll, describe, expect, it } from "@jest/globals";
import { createClient, type Client, type UploadState } from "../../client/index.ts";
import { useStack } from "../harness/stack.ts";
import { arrivedAt, countStored, makeMedia, MIB, PART_BYTES, SCOPE, sha256 } from "./media.ts";
import { failureOf, operationOf } from "./requests.ts";

const HOUR_MS = 3_600_000;
const SIZE = 2 * PART_BYTES + 100_000;

const asUuid = (jobId: string): string => jobId.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-").toUpperCase();

describe("uploads with the client", () => {
  const local = useStack({ env: { MAX_MEDIA_BYTES: String(20 * MIB) } });
  const media = makeMedia(SIZE);
  let alice: Client;

  /** A client without pauses between repeats. */
  const connect = (fetch?: typeof globalThis.fetch, sub = "alice") =>
    createClient({
      baseUrl: local.stack.apiUrl,
      token: () => local.stack.token({ sub, scope: SCOPE }),
      repeats: { sleep: () => Promise.resolve() },
      ...(fetch ? { fetch } : {}),
    });
  beforeAll(() => {
    alice = connect();
  });
  const newJob = () => local.stack.cielo24?.addJob() ?? "";
  const inParts = (jobId: string) => ({ jobId, source: new Blob([media]), filename: "a.mp4", partBytes: PART_BYTES });
  const expectDelivered = async (jobId: string) => {
    await local.stack.drain();
    expect(await alice.getDelivery({ jobId })).toMatchObject({ state: "DELIVERED", sizeBytes: SIZE });
    expect(arrivedAt(local.stack, jobId)).toEqual([sha256(media)]);
  };
  /** The operation of a request to the store; undefined if it does not go there. */
  const requestOf = (...[url, init]: Parameters<typeof globalThis.fetch>): string | undefined => {
    const target = new URL(url instanceof Request ? url.url : url);
    const operation = operationOf(local.stack, target, init?.method ?? "GET");
    return operation === "part" ? `part ${target.searchParams.get("partNumber") ?? ""}` : operation;
  };

  it("sends small media in one request", async () => {
    const jobId = newJob();
    const bytes = makeMedia(100_000);
    const progress: number[] = [];
    const { key } = await alice.uploadMedia({
      jobId,
      source: new File([bytes], "Lecture 1.mp4", { type: "video/mp4" }),
      onProgress: ({ sentBytes }) => progress.push(sentBytes),
    });
    expect(key).toMatch(new RegExp(`^media/${jobId}/[0-9a-f]{32}/Lecture-1\\.mp4$`));
    expect(progress[0]).toBe(0);
    expect(progress.at(-1)).toBe(100_000);
    const states: string[] = [];
    const delivery = await alice.waitForDelivery({ jobId, onDelivery: ({ state }) => states.push(state) });
    expect(delivery).toMatchObject({ jobId, state: "DELIVERED", sizeBytes: 100_000, sentBytes: 100_000 });
    expect(delivery.taskId).toMatch(/^[0-9a-f]{32}$/);
    expect(states.at(-1)).toBe("DELIVERED");
    expect(arrivedAt(local.stack, jobId)).toEqual([sha256(bytes)]);
    expect(countStored(local.stack, "PutObject", jobId)).toBe(1);
  });

  it("tells what a delivery waits for, which goes on by itself", async () => {
    const jobId = newJob();
    const { url } = await alice.signUpload({ jobId, method: "PUT" });
    local.stack.cielo24?.faults.add({ action: "job/info", jobId, kind: "answer", status: 503 });
    await fetch(url, { method: "PUT", body: "m\0dia" });
    await local.stack.drain();
    const { state, waiting } = await alice.getDelivery({ jobId });
    expect({ state, waiting }).toEqual({
      state: "SENDING",
      waiting: {
        errorType: "CIELO24_UNAVAILABLE",
        comment: expect.stringMatching(/^cielo24 does not answer/),
        nextAttemptAt: expect.stringMatching(/Z$/),
      },
    });
    local.stack.advanceTime(3 * 60_000);
    await local.stack.drain();
    const delivered = await alice.getDelivery({ jobId });
    expect(delivered.state).toBe("DELIVERED");
    expect(delivered).not.toHaveProperty("waiting");
  });

  it("sends larger media in parts, and tells its state and progress", async () => {
    const jobId = newJob();
    const progress: number[] = [];
    const states: (UploadState | undefined)[] = [];
    await alice.uploadMedia({
      ...inParts(jobId),
      onProgress: ({ sentBytes }) => progress.push(sentBytes),
      onState: (state) => void states.push(state),
    });
    await expectDelivered(jobId);
    expect(countStored(local.stack, "UploadPart", jobId)).toBe(3);
    expect(progress[0]).toBe(0);
    expect(progress.at(-1)).toBe(SIZE);
    expect([...progress].sort((one, other) => one - other)).toEqual(progress);

    expect(states.map((state) => state?.isCompleting)).toEqual([false, true, undefined]);
    expect(JSON.stringify(states)).not.toMatch(/X-Amz|https?:/);
  });

  it("signs again where a part's URL has expired", async () => {
    const jobId = newJob();
    let expired = false;
    const late = connect((...request) => {
      if (requestOf(...request) === "part 2" && !expired) {
        expired = true;
        local.stack.advanceTime(2 * HOUR_MS);
      }
      return fetch(...request);
    });
    await late.uploadMedia({ ...inParts(jobId), parallelParts: 1 });
    const refused = local.stack.s3.requests.filter(
      ({ operation, status }) => operation === "UploadPart" && status === 403,
    );
    // Perhaps the third had been signed ahead, before the time passed.
    expect([1, 2]).toContain(refused.length);
    await expectDelivered(jobId);
  });

  it("gives up on a store that refuses every signature", async () => {
    const jobId = newJob();
    local.stack.s3.faults.add({ operation: "CreateMultipartUpload", kind: "accessDenied", times: 100 });
    const failure = await failureOf(alice.uploadMedia(inParts(jobId)));
    local.stack.s3.faults.clear();
    expect(failure).toMatchObject({ source: "storage", status: 403, errorType: "AccessDenied", isRetryable: false });
  });

  it.each(["reset", "slowDown", "internalError"] as const)("repeats what met a %s of the store's", async (kind) => {
    const jobId = newJob();
    for (const operation of ["CreateMultipartUpload", "UploadPart", "UploadPart", "CompleteMultipartUpload"])
      local.stack.s3.faults.add({ operation, kind });
    await alice.uploadMedia(inParts(jobId));
    await expectDelivered(jobId);
    expect(countStored(local.stack, "UploadPart", jobId)).toBe(3);
  });

  it("says that there is no answer once it has asked often enough", async () => {
    local.stack.s3.faults.add({ operation: "PutObject", kind: "reset", times: 100 });
    const failure = await failureOf(alice.uploadMedia({ jobId: newJob(), source: new Blob(["m\0dia"]) }));
    local.stack.s3.faults.clear();
    expect(failure).toMatchObject({ source: "network", errorType: "NETWORK", isRetryable: true, status: undefined });
    expect(failure.message).toMatch(
      /^No answer from the store of uploads \(ECONNRESET\)\. It was tried \d\d times in 10 min\.$/,
    );
    expect(failure.nextStep).toMatch(/Check the connection/);
  });

  it("takes an upload for completed whose completion's answer was lost", async () => {
    const jobId = newJob();
    let lost = 0;
    const unlucky = connect(async (...request) => {
      const response = await fetch(...request);
      if (requestOf(...request) !== "complete" || lost > 0) return response;
      lost += 1;
      throw new TypeError("fetch failed");
    });
    await unlucky.uploadMedia(inParts(jobId));
    expect(lost).toBe(1);
    await expectDelivered(jobId);
  });

  it("does not take an upload for completed that somebody else took back", async () => {
    const jobId = newJob();
    const failure = await failureOf(
      alice.uploadMedia({
        ...inParts(jobId),
        onState: async (state) => {
          if (state?.isCompleting) await alice.abortUpload(state);
        },
      }),
    );
    expect(failure).toMatchObject({ source: "storage", errorType: "NoSuchUpload", isRetryable: false });
    expect(failure.nextStep).toMatch(/upload again/);
  });

  it("takes a single upload for arrived whose answer was lost while the delivery began", async () => {
    const jobId = newJob();
    let lost = 0;
    const unlucky = connect(async (...request) => {
      const isPut = requestOf(...request) === "put";
      // By the time of later attempts the URL has expired, and signing is refused because the job has its media.
      if (isPut && lost > 0) return new Response("<Error><Code>AccessDenied</Code></Error>", { status: 403 });
      const response = await fetch(...request);
      if (!isPut) return response;
      lost += 1;
      await local.stack.drain();
      throw new TypeError("fetch failed");
    });
    await unlucky.uploadMedia({ jobId, source: new Blob(["m\0dia"]) });
    expect(await unlucky.waitForDelivery({ jobId })).toMatchObject({ state: "DELIVERED", sizeBytes: 5 });
  });

  describe("that were ended before their end", () => {
    /** Uploads until this many parts are stored, and then aborts. */
    const endAfter = async (parts: number, jobId: string): Promise<UploadState> => {
      const ending = new AbortController();
      const reason = new Error("enough");
      let kept: UploadState | undefined;
      const upload = alice.uploadMedia({
        ...inParts(jobId),
        parallelParts: 1,
        signal: ending.signal,
        onState: (state) => {
          kept = state;
        },
        onProgress: ({ storedBytes }) => {
          if (storedBytes >= parts * PART_BYTES) ending.abort(reason);
        },
      });
      await expect(upload).rejects.toBe(reason);
      if (!kept) throw new Error("There is no state to go on with");
      return kept;
    };

    it("go on with the parts that are missing, and send no part twice", async () => {
      const jobId = newJob();
      const resume = await endAfter(2, jobId);
      const progress: number[] = [];
      const { key } = await alice.uploadMedia({
        ...inParts(jobId),
        resume: JSON.parse(JSON.stringify(resume)) as UploadState,
        onProgress: ({ storedBytes }) => progress.push(storedBytes),
      });
      expect(key).toBe(resume.key);
      expect([...new Set(progress)]).toEqual([2 * PART_BYTES, SIZE]);
      expect(countStored(local.stack, "UploadPart", jobId)).toBe(3);
      await expectDelivered(jobId);
    });

    it("begin anew where their parts are gone", async () => {
      const jobId = newJob();
      const resume = await endAfter(1, jobId);
      await alice.abortUpload(resume);
      await alice.abortUpload(resume);
      const { key } = await alice.uploadMedia({ ...inParts(jobId), resume });
      expect(key).not.toBe(resume.key);
      await expectDelivered(jobId);
    });

    it("are done where completing was all that was left, and happened", async () => {
      const jobId = newJob();
      let last: UploadState | undefined;
      const { key } = await alice.uploadMedia({ ...inParts(jobId), onState: (state) => void (last = state ?? last) });
      expect(last?.isCompleting).toBe(true);
      expect(await alice.uploadMedia({ ...inParts(jobId), resume: last })).toEqual({ key });
      await alice.waitForDelivery({ jobId });
      expect(countStored(local.stack, "UploadPart", jobId)).toBe(3);
    });

    it("go on where the job is spelt in another way", async () => {
      const jobId = newJob();
      const resume = await endAfter(2, jobId);
      const { key } = await alice.uploadMedia({ ...inParts(asUuid(jobId)), resume });
      expect(key).toBe(resume.key);
      await expectDelivered(jobId);
    });

    it("don't go on with another job's, or other media", async () => {
      const jobId = newJob();
      const resume = await endAfter(1, jobId);
      const other = await failureOf(alice.uploadMedia({ ...inParts(newJob()), resume }));
      expect(other).toMatchObject({ source: "client", errorType: "OTHER_UPLOAD" });
      const shorter = { jobId, source: new Blob([media.subarray(1)]), resume };
      expect(await failureOf(alice.uploadMedia(shorter))).toMatchObject({ errorType: "OTHER_UPLOAD" });
    });
  });

  it("ends at once when it is told to, in a pause as in a request", async () => {
    local.stack.s3.faults.add({ operation: "UploadPart", kind: "slowDown", times: 100 });
    const reason = new Error("enough");
    const ending = new AbortController();
    const patient = createClient({
      baseUrl: local.stack.apiUrl,
      token: () => local.stack.token({ sub: "alice", scope: SCOPE }),
      repeats: {
        sleep: (_ms, signal) =>
          new Promise((_resolve, reject) => {
            signal?.addEventListener("abort", () => {
              reject(reason);
            });
            ending.abort(reason);
          }),
      },
    });
    await expect(patient.uploadMedia({ ...inParts(newJob()), signal: ending.signal })).rejects.toBe(reason);
    local.stack.s3.faults.clear();
  });

  it("gets the parts' tags from their list where CORS hides them", async () => {
    const jobId = newJob();
    const blind = connect(async (...request) => {
      const response = await fetch(...request);
      if (!requestOf(...request)?.startsWith("part")) return response;
      return new Response(null, { status: response.status });
    });
    await blind.uploadMedia(inParts(jobId));
    await expectDelivered(jobId);
  });

  it("reads no more of a source than what it sends", async () => {
    const jobId = newJob();
    const ranges: [number, number][] = [];
    const source = {
      size: SIZE,
      slice: (start: number, end: number) => {
        ranges.push([start, end]);
        return Promise.resolve(media.subarray(start, end));
      },
    };
    await alice.uploadMedia({ jobId, source, partBytes: PART_BYTES, parallelParts: 1 });
    expect(ranges).toEqual([
      [0, PART_BYTES],
      [PART_BYTES, 2 * PART_BYTES],
      [2 * PART_BYTES, SIZE],
    ]);
  });

  it("refuses a source that has become shorter", async () => {
    const source = { size: SIZE, slice: (start: number, end: number) => media.subarray(start, end - 1) };
    const failure = await failureOf(alice.uploadMedia({ jobId: newJob(), source, partBytes: PART_BYTES }));
    expect(failure).toMatchObject({ source: "client", errorType: "SOURCE_CHANGED" });
  });

  describe("that are refused", () => {
    it.each([
      ["media for a job that has its own", 409, "JOB_HAS_MEDIA", /^Nothing more can be sent/],
      ["media for somebody else's job", 404, "ITEM_NOT_FOUND", /^Check the job id/],
      ["media that is too large", 413, "MEDIA_TOO_LARGE", /^Make the file smaller/],
      ["a type that is none", 400, "INVALID_QUERY", /^Correct what the message names/],
    ])("tell what to do: %s", async (what, status, errorType, nextStep) => {
      const jobId = newJob();
      if (status === 409) {
        await alice.uploadMedia({ jobId, source: new Blob(["m\0dia"]) });
        await local.stack.drain();
      }
      if (status === 404) await connect(undefined, "bob").uploadMedia({ jobId, source: new Blob(["m\0dia"]) });
      const failure = await failureOf(
        alice.uploadMedia({
          jobId,
          source: status === 413 ? { size: 21 * MIB, slice: () => media } : new Blob(["m\0dia"]),
          ...(what.includes("type") ? { contentType: "video" } : {}),
        }),
      );
      expect(failure).toMatchObject({ source: "api", status, errorType, isRetryable: false });
      expect(failure.nextStep).toMatch(nextStep);
      expect(failure.requestId).toMatch(/^[0-9a-f-]{36}$/);
    });

    it("say so of empty media, without a request", async () => {
      const failure = await failureOf(alice.uploadMedia({ jobId: newJob(), source: new Blob([]) }));
      expect(failure).toMatchObject({ source: "client", errorType: "EMPTY_MEDIA" });
    });
  });
});
