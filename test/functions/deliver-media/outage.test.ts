import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import type { Fault } from "../../../dev/cielo24/faults.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, useDrops } from "../../harness/drops.ts";

/**
 * Age decides, after six days: the queue's 1000 receives have to last for longer, with a wide margin. A wait is half an
 * hour on average once the pauses have grown.
 */
const MAX_RECEIVES = 1000;

type Drops = ReturnType<typeof useDrops>;

const mostReceives = (local: Drops) => Math.max(...local.waiting().map(({ receiveCount }) => receiveCount));

const expectDelivered = async (local: Drops, job: string) => {
  expect(local.taken(job)).toHaveLength(1);
  expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1 });
  expect(local.announced(job)).toEqual(["Media Delivered"]);
};

describe("a whole day's outage of cielo24", () => {
  const local = useDrops({ maximumConcurrency: 10 });

  it("loses no drop: each is delivered once when it is back, by its first attempt", async () => {
    const early = Array.from({ length: 3 }, () => local.newJob());
    const late = Array.from({ length: 2 }, () => local.newJob());
    local.cielo24.faults.add({ action: "job/info", kind: "answer", status: 503, times: Infinity });
    const start = local.stack.runtime.clock();
    for (const job of early) await local.drop(job);
    await local.stack.drain();
    let most = 0;
    let arrived = 0;
    while (local.stack.queue.nextVisibleAt() < start + DAY_MS) {
      await local.passToNextMessage();
      const job = late[arrived];
      if (job !== undefined && local.stack.runtime.clock() - start > (arrived + 1) * 8 * HOUR_MS) {
        await local.drop(job);
        await local.stack.drain();
        arrived += 1;
      }
      most = Math.max(most, ...local.waitsMs());
    }
    expect(local.cielo24.posts).toEqual([]);
    expect(local.waiting()).toHaveLength(5);
    expect(most).toBeLessThanOrEqual(HOUR_MS + MINUTE_MS);
    expect(mostReceives(local)).toBeLessThan(MAX_RECEIVES / 2 / 6);

    local.cielo24.faults.clear();
    await local.finish();
    for (const job of [...early, ...late]) {
      await expectDelivered(local, job);
      expect(await local.row(job)).toMatchObject({ claims: 1 });
    }
    expect(local.stack.deadLetterQueue.inspect().visible).toEqual([]);
  });
});

describe("an outage of cielo24 that lasts for almost six days", () => {
  const local = useDrops();

  it("loses no drop, and takes up less than half of the receives that the queue allows", async () => {
    const job = local.newJob();
    for (const action of ["job/info", "account/login", "job/add_media"])
      local.cielo24.faults.add({ action, kind: "answer", status: 503, times: Infinity });
    await local.drop(job);
    await local.stack.drain();
    await local.passWhole(5.9 * DAY_MS);
    expect(mostReceives(local)).toBeLessThan(MAX_RECEIVES / 2);
    expect(await local.row(job)).toMatchObject({
      state: "SENDING",
      claims: 0,
      waiting: { type: "CIELO24_UNAVAILABLE" },
    });
    local.cielo24.faults.clear();
    await local.finish();
    await expectDelivered(local, job);
  });
});

describe("five days in which cielo24 wants to be asked again soon", () => {
  const local = useDrops({ maximumConcurrency: 10 });

  it("fault 15: use up no receives: a Retry-After of 0, 1 or 30 seconds shortens no wait", async () => {
    const jobs = ["0", "1", "30"].map((retryAfter) => {
      const job = local.newJob();
      const fault = {
        action: "job/info",
        kind: "answer",
        status: 503,
        headers: { "retry-after": retryAfter },
      } as const;
      local.cielo24.faults.add({ ...fault, jobId: job, times: Infinity });
      return job;
    });
    for (const job of jobs) await local.drop(job);
    await local.stack.drain();
    await local.passWhole(5 * DAY_MS);
    expect(mostReceives(local)).toBeLessThan(MAX_RECEIVES / 2);
    expect(local.counted("MediaNeedsReview")).toBe(0);
    local.cielo24.faults.clear();
    await local.finish();
    for (const job of jobs) await expectDelivered(local, job);
  });
});

describe("hours in which add_media alone is down", () => {
  const local = useDrops({ maximumConcurrency: 10 });
  type AddMediaFault = { kind: "earlyAnswer"; status: number; body: string } | { kind: "resetAt"; fraction: number };
  const answers = (status: number): AddMediaFault => ({ kind: "earlyAnswer", status, body: "" });

  it.each<[string, AddMediaFault[]]>([
    ["answers 503 or 429 before the body", [answers(503), answers(429)]],
    ["resets in the middle of it", [{ kind: "resetAt", fraction: 0.5 }]],
  ])(
    "fault 8, fault 16: cost no drop of ten an attempt where it %s",
    async (_how, habits) => {
      const jobs = Array.from({ length: 10 }, () => local.newJob());
      for (const [index, jobId] of jobs.entries()) {
        const habit = habits[index % habits.length] ?? answers(503);
        const fault: Fault = { action: "POST job/add_media", jobId, ...habit, times: Infinity };
        local.cielo24.faults.add(fault);
      }
      for (const job of jobs) await local.drop(job, randomBytes(200_000));
      await local.stack.drain();
      await local.passWhole(DAY_MS);
      for (const job of jobs) {
        const { state, claims = 0, posts } = (await local.row(job)) ?? {};
        expect({ state, posts }).toEqual({ state: "SENDING", posts: 0 });
        expect(claims).toBeGreaterThan(5);
      }
      expect(local.counted("MediaNeedsReview")).toBe(0);
      local.cielo24.faults.clear();
      await local.finish(40);
      for (const job of jobs) {
        expect(local.taken(job)).toHaveLength(1);
        expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1 });
      }
    },
    120_000,
  );
});

describe("the census in a three-day outage of cielo24", () => {
  const local = useDrops();

  it("fault 56: finds nothing: what waits has a message that is alive", async () => {
    const jobs = [local.newJob(), local.newJob()];
    local.cielo24.faults.add({ action: "job/info", kind: "answer", status: 503, times: Infinity });
    for (const job of jobs) await local.drop(job);
    await local.stack.drain();
    for (let quarter = 0; quarter < 3 * 24 * 4; quarter += 1) {
      await local.passWhole(15 * MINUTE_MS);
      expect(await local.stack.runCensus()).toMatchObject({ objects: 2, requeued: 0, failed: 0 });
    }
    expect(local.counted("CensusFound")).toBe(0);
    expect(local.waiting()).toHaveLength(2);
    local.cielo24.faults.clear();
    await local.finish();
    for (const job of jobs) await expectDelivered(local, job);
  });
});
