import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { HOUR_MS, MINUTE_MS, SECOND_MS, sha256, useDrops } from "./dropping.ts";
import { useFronts } from "./front.ts";
import { startWorker } from "./worker.ts";

const POST = "POST job/add_media";

describe("a drop that cielo24 breaks off", () => {
  const local = useDrops();

  it.each([0, 0.01, 0.25, 0.5, 0.8, 0.93])(
    "fault 8: is sent again by a later attempt after a reset at %d of it",
    async (fraction) => {
      const job = local.newJob();
      const bytes = randomBytes(1_000_000);
      local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAt", fraction });
      await local.drop(job, bytes);
      await local.stack.drain();
      expect(local.taken(job)).toEqual([]);
      expect(await local.row(job)).toMatchObject({ state: "SENDING", posts: 1 });
      expect(local.reasons(job)).toEqual(["unavailable"]);
      await local.finish();
      expect(local.taken(job)).toMatchObject([{ sha256: sha256(bytes) }]);
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 2 });
    },
  );

  it.each([500, 502, 503, 504])("fault 16: is sent again after a %d before the last chunk", async (status) => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "earlyAnswer", status, body: "" });
    await local.drop(job, randomBytes(1_000_000));
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "SENDING" });
    await local.finish();
    expect(local.posts(job)).toMatchObject([{ outcome: "faulted" }, { outcome: "accepted" }]);
  });

  it("waits for a person after five attempts that failed", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAt", fraction: 0.5, times: 10 });
    await local.drop(job, randomBytes(500_000));
    await local.finish();
    expect(local.posts(job)).toHaveLength(5);
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", error: { type: "ATTEMPTS_USED_UP" } });
    expect(local.announced(job)).toEqual(["Media Needs Review"]);
  });
});

describe("a drop that cielo24 stops reading", () => {
  const local = useDrops({ env: { IDLE_TIMEOUT_S: "1" } });

  it("fault 19: is given up after the idle timeout, and sent again", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "stopReading", fraction: 0.1 });
    local.send(local.event(local.place(job, 30_000_000)));
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "SENDING", posts: 1 });
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sizeBytes: 30_000_000 }]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 2 });
  });
});

describe("a drop that cielo24 asks to come back with", () => {
  const local = useDrops();
  const fronts = useFronts();
  const dateIn = (ms: number) => new Date(Date.now() + ms).toUTCString();

  it.each([
    ["seconds", "300", 300 * SECOND_MS, 330 * SECOND_MS],
    ["nothing", "0", SECOND_MS, 2 * SECOND_MS],
    ["thirty years", "1000000000", 2 * HOUR_MS, 2.2 * HOUR_MS],
    ["a date", dateIn(20 * MINUTE_MS), 19 * MINUTE_MS, 22 * MINUTE_MS],
    ["a date that is over", dateIn(-HOUR_MS), SECOND_MS, 2 * SECOND_MS],
    ["words", "soon", MINUTE_MS, 2 * MINUTE_MS],
    ["less than nothing", "-5", MINUTE_MS, 2 * MINUTE_MS],
  ])("fault 15: after %s waits as long as is sensible", async (_what, retryAfter, least, most) => {
    for (const status of [429, 503]) {
      const job = local.newJob();
      const headers = { "retry-after": retryAfter };
      local.cielo24.faults.add({ action: "job/info", jobId: job, kind: "answer", status, headers });
      await local.drop(job);
      await local.stack.drain();
      const [waitMs = 0] = local.waitsMs();
      // A second more: SQS counts whole ones. A second less: the time that has passed.
      expect(waitMs).toBeGreaterThan(least - SECOND_MS);
      expect(waitMs).toBeLessThanOrEqual(most + SECOND_MS);
      expect(local.posts(job)).toEqual([]);
      local.stack.queue.purge();
    }
  });

  it.each([429, 503])("fault 15: waits as long where the POST is answered so before its end (%d)", async (status) => {
    const job = local.newJob();
    const cielo24 = await fronts.start(local.cielo24.url, {
      answer: ({ method }) => (method === "POST" ? { status, headers: { "retry-after": "600" } } : undefined),
    });
    const worker = startWorker(local.stack, { env: { CIELO24_BASE_URL: cielo24.url } });
    expect(await worker.take(local.event(local.place(job, 20_000_000)))).toBe(false);
    expect(await local.row(job)).toMatchObject({ state: "SENDING", posts: 1 });
    expect(local.waitsMs()[0]).toBeGreaterThan(599 * SECOND_MS);
    expect(local.waitsMs()[0]).toBeLessThanOrEqual(661 * SECOND_MS);
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sizeBytes: 20_000_000 }]);
  });

  it("fault 15: is spread by chance over a tenth of the wait", async () => {
    const jobs = Array.from({ length: 10 }, () => local.newJob());
    const headers = { "retry-after": "1000" };
    for (const jobId of jobs)
      local.cielo24.faults.add({ action: "job/info", jobId, kind: "answer", status: 503, headers });
    for (const job of jobs) local.send(local.event(local.place(job)));
    await local.stack.drain();
    const waits = local.waitsMs();
    expect(waits).toHaveLength(jobs.length);
    for (const waitMs of waits) expect(waitMs).toBeLessThanOrEqual(1_101 * SECOND_MS);
    // Whole seconds, of a hundred: ten of them are not all within two.
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(2 * SECOND_MS);
  });
});
