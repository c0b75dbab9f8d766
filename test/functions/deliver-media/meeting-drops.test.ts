import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { HOUR_MS, MINUTE_MS, useDrops } from "../../harness/drops.ts";
import { sha256 } from "../../harness/sha256.ts";
import { until } from "../../harness/until.ts";

/** Long enough that messages meet while it lasts. */
const SLOW_ANSWER = { action: "POST job/add_media", kind: "slowAnswer", ms: 150 } as const;
const PERMANENT = {
  action: "POST job/add_media",
  kind: "answer",
  status: 400,
  body: JSON.stringify({ ErrorType: "INVALID_OPTION", ErrorComment: "No." }),
} as const;

describe("messages of one drop", () => {
  const local = useDrops();

  it("fault 1: are acknowledged without a POST once the job has its media", async () => {
    const job = local.newJob();
    const object = await local.drop(job);
    await local.stack.drain();
    await local.pass(HOUR_MS);
    local.send(local.event(object));
    await local.stack.drain();
    expect(local.posts(job)).toHaveLength(1);
    expect(local.announced(job)).toEqual(["Media Delivered"]);
    expect(local.waiting()).toEqual([]);
    expect(local.reasons(job)).toEqual(["delivered", "delivered"]);
  });
});

describe("fifty messages of one drop at once", () => {
  // Time stands still but for what the test lets pass: a pause of the one that sends lasts until then.
  const now = Date.now();
  const local = useDrops({ maximumConcurrency: 50, clock: () => now, env: { PREFLIGHT: "off" } });

  it("fault 2: make one POST, while the other forty-nine wait in the queue", async () => {
    const job = local.newJob();
    const object = local.place(job, 300_000);
    const fault = { operation: "GetObject", key: object.key, kind: "resetAfterBytes", atByte: 100_000 } as const;
    local.stack.s3.faults.add(fault);
    for (let count = 0; count < 50; count += 1) local.send(local.event(object));
    await until(() => local.reasons(job).length >= 49);
    expect(new Set(local.reasons(job))).toEqual(new Set(["underWay"]));
    expect(await local.row(job)).toMatchObject({ state: "SENDING", claims: 1 });
    expect(local.waiting()).toHaveLength(50);

    local.stack.advanceTime(MINUTE_MS);
    await local.stack.drain();
    expect(local.posts(job)).toMatchObject([{ outcome: "accepted" }]);
    expect(local.waiting()).toHaveLength(49);
    // Each waits for a lease that ends at its own millisecond.
    await local.finish(50);
    expect(local.posts(job)).toHaveLength(1);
    expect(local.taken(job)).toHaveLength(1);
    expect(local.announced(job)).toEqual(["Media Delivered"]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", claims: 1, posts: 1 });
  });
});

describe("two versions of one key", () => {
  const local = useDrops();

  it("fault 3, fault 30: end with the later one delivered and the stale one superseded, in order", async () => {
    const job = local.newJob();
    const [former, latter] = [local.place(job, 1_000), local.place(job, 2_000)];
    local.send(local.event(former));
    await local.stack.drain();
    expect(local.reasons(job)).toEqual(["superseded"]);
    expect(local.counted("MediaSuperseded")).toBe(1);
    local.send(local.event(latter));
    await local.stack.drain();
    expect(local.taken(job)).toMatchObject([{ sizeBytes: 2_000 }]);
  });

  it("fault 3: end the same when their events come in the other order", async () => {
    const job = local.newJob();
    const [former, latter] = [local.place(job, 1_000), local.place(job, 2_000)];
    local.send(local.event(latter));
    await local.stack.drain();
    local.send(local.event(former));
    await local.stack.drain();
    expect(local.taken(job)).toMatchObject([{ sizeBytes: 2_000 }]);
    expect(local.waiting()).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", media: { versionId: latter.versionId } });
  });

  it.each([
    ["9", "10"],
    ["0055AED6DCD90281E5", "55AED6DCD90281E6"],
    ["FF", "00000000000000000A"],
  ])("fault 3: end the same whatever their sequencers say (%s, %s)", async (...sequencers) => {
    for (const [former, latter] of [sequencers, sequencers.toReversed()]) {
      const job = local.newJob();
      const versions = [local.place(job, 1_000), local.place(job, 2_000)];
      for (const [index, sequencer] of [former, latter].entries()) {
        const { Records } = local.event(...versions.slice(index, index + 1));
        local.send({
          Records: Records.map(({ s3, ...record }) => ({
            ...record,
            s3: { ...s3, object: { ...s3.object, sequencer } },
          })),
        });
        await local.stack.drain();
      }
      expect(local.reasons(job)).toEqual(["superseded", "delivered"]);
      expect(local.taken(job)).toMatchObject([{ sizeBytes: 2_000 }]);
    }
  });

  it("fault 30: end with the pinned one where the other comes after its first bytes went out", async () => {
    const job = local.newJob();
    const bytes = randomBytes(300_000);
    local.cielo24.faults.add({ action: "POST job/add_media", jobId: job, kind: "resetAt", fraction: 0.5 });
    await local.drop(job, bytes);
    await local.stack.drain();
    await local.drop(job, randomBytes(500));
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(bytes) }]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", conflictCount: 1 });
  });
});

describe("two objects for one job", () => {
  const local = useDrops();

  it("fault 4: end with the first delivered, and the second on the row, in a metric and in the log", async () => {
    const job = local.newJob();
    const [first, second] = [randomBytes(1_000), randomBytes(2_000)];
    await local.drop(job, first, "first.mp4");
    await local.stack.drain();
    const before = await local.row(job);
    const object = await local.drop(job, second, "second.mp4");
    await local.stack.drain();
    local.send(local.event(object));
    await local.stack.drain();

    expect(local.taken(job)).toMatchObject([{ sha256: sha256(first) }]);
    const { conflicts, ...row } = (await local.row(job)) ?? {};
    expect(row).toEqual({ ...before, conflictCount: 1, otherMedia: 1 });
    expect(conflicts).toHaveLength(1);
    expect(local.reasons(job)).toEqual(["delivered", "conflict", "conflict"]);
    expect(local.counted("MediaConflict")).toBe(1);
    expect(local.waiting()).toEqual([]);
  });

  it("fault 4: are counted as surplus, with their bytes: conflicts and superseded versions, after DELIVERED too", async () => {
    const job = local.newJob();
    await local.drop(job, randomBytes(1_000), "first.mp4");
    await local.finish();
    expect([local.counted("SurplusObjects"), local.counted("SurplusBytes")]).toEqual([0, 0]);
    await local.drop(job, randomBytes(2_000), "second.mp4");
    await local.drop(job, randomBytes(3_000), "first.mp4");
    await local.finish();
    expect([local.counted("SurplusObjects"), local.counted("SurplusBytes")]).toEqual([2, 5_000]);

    const other = local.newJob();
    const former = local.place(other, 400);
    local.place(other, 500);
    local.send(local.event(former));
    await local.finish();
    expect(local.reasons(other)).toEqual(["superseded"]);
    expect([local.counted("SurplusObjects"), local.counted("SurplusBytes")]).toEqual([3, 5_400]);
  });

  it("fault 4: let the second wait while the first is under way", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ ...SLOW_ANSWER, jobId: job });
    await local.drop(job, randomBytes(1_000), "first.mp4");
    await local.claimed(job);
    await local.drop(job, randomBytes(2_000), "second.mp4");
    await local.finish();
    expect(local.posts(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", conflictCount: 1 });
  });

  it("fault 4, fault 13: end with the second delivered where the first is rejected", async () => {
    const job = local.newJob();
    const second = randomBytes(2_000);
    local.cielo24.faults.add({ ...PERMANENT, jobId: job, afterMs: 150 });
    await local.drop(job, randomBytes(1_000), "first.mp4");
    await local.claimed(job);
    await local.drop(job, second, "second.mp4");
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(second) }]);
    expect(local.announced(job)).toEqual(["Media Rejected", "Media Delivered"]);
  });
});
