import { describe, expect, it } from "@jest/globals";
import { deliveryStatus } from "../../../functions/delivery-status/handler.ts";
import type { Row } from "../../../lib/delivery/machine/row.ts";
import { createOwnership } from "../../../lib/http/caller.ts";
import { testRuntime } from "../../harness/runtime.ts";
import { memoryLedger, memoryOwners } from "../../harness/memory-ports.ts";
import { admin, answered, apiRequest, bob } from "../../harness/requests.ts";
import { ApiError } from "../../../lib/http/errors.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const TASK = "fedcba9876543210fedcba9876543210";
const SENDING: Row = { jobId: JOB, state: "SENDING", fence: 1, posts: 1, sizeBytes: 100, sentBytes: 40, updatedAt: 0 };
const NOT_FOUND = {
  status: 404,
  body: { ErrorType: "ITEM_NOT_FOUND", ErrorComment: new ApiError("ITEM_NOT_FOUND").comment },
};

const setUp = (row: Row | undefined, owners: Record<string, string> = { [JOB]: "alice" }, longestWaitS = 20) => {
  const ledger = row ? memoryLedger(row) : memoryLedger();
  const runtime = testRuntime();
  const startedAt = runtime.now;
  const elapsedMs = () => runtime.now - startedAt;
  /** Lets the row change once so much time has passed. */
  const changeAfter = (ms: number, change: Partial<Row>) => {
    const { read } = ledger;
    let isChanged = false;
    ledger.read = (jobId) => {
      const before = ledger.table.get(jobId);
      if (!isChanged && before && elapsedMs() >= ms) {
        isChanged = true;
        ledger.table.set(jobId, { ...before, ...change });
      }
      return read(jobId);
    };
  };
  const port = memoryOwners(owners);
  const endpoint = deliveryStatus({ ledger, owners: port, ownership: createOwnership(port), runtime, longestWaitS });
  const ask = (parameters: Record<string, string> = {}, more: Parameters<typeof apiRequest>[1] = {}) =>
    answered(endpoint(apiRequest({ v: "1", job_id: JOB, ...parameters }, { deadline: startedAt + 24_000, ...more })));
  return { ask, ledger, runtime, elapsedMs, changeAfter };
};

describe("deliveryStatus", () => {
  it("tells an admin, and nobody else, whose job it is", async () => {
    const { ask } = setUp(SENDING);
    expect((await ask({}, { caller: admin })).body).toMatchObject({ Owner: "alice" });
    expect((await ask()).body).not.toHaveProperty("Owner");
    expect((await setUp(SENDING, {}).ask({}, { caller: admin })).body).not.toHaveProperty("Owner");
  });

  it("shows how a delivery goes", async () => {
    expect(await setUp(SENDING).ask()).toEqual({
      status: 200,
      body: {
        JobId: JOB,
        State: "SENDING",
        SizeBytes: 100,
        SentBytes: 40,
        Attempts: 1,
        UpdatedAt: "1970-01-01T00:00:00.000Z",
      },
    });
  });

  it("shows the task once it is delivered, and the error once it is rejected", async () => {
    const delivered = await setUp({ ...SENDING, state: "DELIVERED", taskId: TASK, sentBytes: 100 }).ask();
    expect(delivered.body).toMatchObject({ State: "DELIVERED", TaskId: TASK, SentBytes: 100 });
    expect(delivered.body).not.toHaveProperty("Error");
    const error = { type: "INVALID_QUERY", comment: "No." };
    const rejected = await setUp({ ...SENDING, state: "REJECTED", error }).ask();
    expect(rejected.body).toMatchObject({
      State: "REJECTED",
      Error: { ErrorType: "INVALID_QUERY", ErrorComment: "No." },
    });
  });

  it("shows what a look at the media found, what else came for the job, and nothing that is unknown", async () => {
    const concern = { type: "NO_AUDIO", comment: "No sound." };
    const look = { container: "MP4", durationS: 61.5, audioTracks: 0, videoTracks: 1, concern };
    const row: Row = {
      ...SENDING,
      look,
      otherMedia: 2,
      conflictCount: 5,
      sidecars: ["object:1", "object:2", "object:3"],
    };
    expect((await setUp(row).ask()).body).toMatchObject({
      Container: "MP4",
      DurationSeconds: 61.5,
      AudioTracks: 0,
      VideoTracks: 1,
      Concern: { ErrorType: "NO_AUDIO", ErrorComment: "No sound." },
      OtherMedia: 2,
      Sidecars: 3,
    });
    const { body } = await setUp({ ...SENDING, look: { container: "MPEG-TS" }, conflictCount: 1 }).ask();
    expect(Object.keys(body)).toEqual([
      "JobId",
      "State",
      "Container",
      "SizeBytes",
      "SentBytes",
      "Attempts",
      "UpdatedAt",
    ]);
  });

  it("shows what it waits for, and until when", async () => {
    const waiting = { type: "CIELO24_UNAVAILABLE", comment: "cielo24 does not answer." };
    const row: Row = { ...SENDING, claims: 0, waiting, notBefore: 60_000 };
    const Waiting = { ErrorType: "CIELO24_UNAVAILABLE", ErrorComment: "cielo24 does not answer." };
    expect((await setUp(row).ask()).body).toMatchObject({
      State: "SENDING",
      Waiting: { ...Waiting, NextAttemptAt: "1970-01-01T00:01:00.000Z" },
      Attempts: 0,
    });
    const unknown = await setUp({ ...row, state: "FINALIZING", everUnknown: true }).ask();
    expect(unknown.body).toMatchObject({ State: "UNKNOWN", Waiting });
    expect((await setUp(SENDING).ask()).body).not.toHaveProperty("Waiting");
  });

  it("counts attempts as often as the media was begun to be sent, of rows of an older form, too", async () => {
    expect((await setUp({ ...SENDING, claims: 3, posts: 0 }).ask()).body["Attempts"]).toBe(3);
    expect((await setUp({ ...SENDING, claims: 3, posts: 1 }).ask()).body["Attempts"]).toBe(3);
    expect((await setUp({ ...SENDING, posts: 2 }).ask()).body["Attempts"]).toBe(2);
  });

  it("keeps to itself what only the worker needs", async () => {
    const { body } = await setUp({
      ...SENDING,
      state: "FINALIZING",
      claimId: "5ecr37",
      capability: "5ecr37",
      media: { id: "object:5ecr37", kind: "object", key: "media/5ecr37" },
      sha256: "5ecr37",
      decision: { what: "resend", fence: 1, by: "5ecr37", why: "5ecr37", at: 1 },
    }).ask();
    expect(JSON.stringify(body)).not.toContain("5ecr37");
  });

  it.each([
    [{}, "FINALIZING"],
    [{ handOver: true }, "FINALIZING"],
    [{ handOver: true, taskId: TASK }, "HANDED_OVER"],
    [{ handOver: true, taskId: TASK, everUnknown: true }, "HANDED_OVER"],
    [{ everUnknown: true }, "UNKNOWN"],
    [{ everUnknown: true, handOver: true }, "UNKNOWN"],
  ])("shows FINALIZING with %j as %s", async (more, state) => {
    expect((await setUp({ ...SENDING, state: "FINALIZING", ...more }).ask()).body["State"]).toBe(state);
  });

  it("shows a flag of FINALIZING in no other state", async () => {
    expect((await setUp({ ...SENDING, everUnknown: true, handOver: true, taskId: TASK }).ask()).body["State"]).toBe(
      "SENDING",
    );
  });

  it("does not tell foreign, absent, expired and never seen jobs apart", async () => {
    expect(await setUp(SENDING).ask({}, { caller: bob })).toEqual(NOT_FOUND);
    expect(await setUp(SENDING, {}).ask()).toEqual(NOT_FOUND);
    expect(await setUp(undefined).ask()).toEqual(NOT_FOUND);
    expect(await setUp(undefined, {}).ask()).toEqual(NOT_FOUND);
    expect(await setUp({ ...SENDING, state: "UPLOADING", expiresAt: 5 }).ask()).toEqual(NOT_FOUND);
  });

  it("shows an admin what nobody owns, operators' drops", async () => {
    expect((await setUp(SENDING, {}).ask({}, { caller: admin })).status).toBe(200);
  });

  it.each(["21", "-1", "1.5", "x", "1e1", "0x1"])("refuses wait=%s", async (wait) => {
    const { status, body } = await setUp(SENDING).ask({ wait });
    expect(status).toBe(400);
    expect(body["ErrorComment"]).toMatch(/^wait must be (a whole number|at most 20)\.$/);
  });
});

describe("deliveryStatus with wait", () => {
  it("answers after so many seconds where nothing happens", async () => {
    const { ask, elapsedMs, ledger } = setUp(SENDING);
    expect((await ask({ wait: "10" })).body["State"]).toBe("SENDING");
    expect(elapsedMs()).toBe(10_000);
    expect(ledger.reads).toBeLessThanOrEqual(12);
  });

  it.each([
    ["20", 5, 5_000],
    ["5", 20, 5_000],
    ["20", 20, 20_000],
    ["20", 0, 0],
  ])("answers wait=%s in time where the stage allows waits of %i s", async (wait, longestWaitS, afterMs) => {
    const { ask, elapsedMs } = setUp(SENDING, undefined, longestWaitS);
    expect((await ask({ wait })).status).toBe(200);
    expect(elapsedMs()).toBe(afterMs);
  });

  it("answers as soon as the state changes", async () => {
    const { ask, elapsedMs, changeAfter } = setUp(SENDING);
    changeAfter(3_200, { state: "FINALIZING" });
    expect((await ask({ wait: "20" })).body["State"]).toBe("FINALIZING");
    expect(elapsedMs()).toBe(3_500);
  });

  it("answers a finer change of the state, too", async () => {
    const { ask, elapsedMs, changeAfter } = setUp({ ...SENDING, state: "FINALIZING" });
    changeAfter(100, { everUnknown: true });
    expect((await ask({ wait: "20" })).body["State"]).toBe("UNKNOWN");
    expect(elapsedMs()).toBe(500);
  });

  it("answers when it begins to wait for something, too", async () => {
    const { ask, elapsedMs, changeAfter } = setUp(SENDING);
    changeAfter(100, { waiting: { type: "CIELO24_UNAVAILABLE", comment: "cielo24 does not answer." } });
    expect((await ask({ wait: "20" })).body).toHaveProperty("Waiting");
    expect(elapsedMs()).toBe(500);
  });

  it("answers progress alone after two seconds at the earliest", async () => {
    const { ask, elapsedMs, changeAfter } = setUp(SENDING);
    changeAfter(400, { sentBytes: 50 });
    expect((await ask({ wait: "20" })).body["SentBytes"]).toBe(50);
    expect(elapsedMs()).toBe(2_500);
  });

  it.each(["DELIVERED", "REJECTED", "NEEDS_REVIEW"] as const)("answers %s at once", async (state) => {
    const { ask, elapsedMs } = setUp({ ...SENDING, state });
    await ask({ wait: "20" });
    expect(elapsedMs()).toBe(0);
  });

  it("answers in time for the deadline", async () => {
    const { ask, elapsedMs, runtime } = setUp(SENDING);
    await ask({ wait: "20" }, { deadline: runtime.now + 5_000 });
    expect(elapsedMs()).toBe(3_000);
  });

  it("does not wait where the deadline is near already", async () => {
    const { ask, elapsedMs, runtime } = setUp(SENDING);
    expect((await ask({ wait: "20" }, { deadline: runtime.now + 1_000 })).status).toBe(200);
    expect(elapsedMs()).toBe(0);
  });

  it("notices that the row is gone", async () => {
    const { ask, changeAfter } = setUp(SENDING);
    changeAfter(1_000, { state: "UPLOADING", expiresAt: 1 });
    expect(await ask({ wait: "20" })).toEqual(NOT_FOUND);
  });
});
