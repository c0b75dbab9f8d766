import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { HOUR_MS, MINUTE_MS, SECOND_MS, useDrops } from "../../harness/drops.ts";
import { sha256 } from "../../harness/sha256.ts";
import { useFronts } from "../../harness/fronts.ts";
import { startWorker } from "../../harness/worker.ts";

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
      expect(await local.row(job)).toMatchObject({
        state: "SENDING",
        claims: 1,
        posts: 0,
        waiting: { type: "CIELO24_UNAVAILABLE" },
      });
      expect(local.reasons(job)).toEqual(["unavailable"]);
      await local.finish();
      expect(local.taken(job)).toMatchObject([{ sha256: sha256(bytes) }]);
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED", claims: 2, posts: 1 });
    },
  );

  it.each<[string, number, string]>([
    ["408", 408, ""],
    ["429", 429, ""],
    ["500", 500, ""],
    ["502", 502, ""],
    ["503", 503, ""],
    ["504", 504, ""],
    ["UNHANDLED_ERROR", 400, JSON.stringify({ ErrorType: "UNHANDLED_ERROR", ErrorComment: "Oops." })],
  ])("fault 15, fault 16: is sent again after %s before the last chunk, at no cost", async (_what, status, body) => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "earlyAnswer", status, body });
    await local.drop(job, randomBytes(1_000_000));
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "SENDING", claims: 1, posts: 0 });
    expect(await local.row(job)).not.toHaveProperty("everUnknown");
    await local.finish();
    expect(local.posts(job)).toMatchObject([{ outcome: "faulted" }, { outcome: "accepted" }]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", claims: 2, posts: 1 });
  });

  it("fault 8: waits for no person, however many attempts fail before the last chunk", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAt", fraction: 0.5, times: 10 });
    await local.drop(job, randomBytes(500_000));
    await local.finish();
    expect(local.posts(job)).toHaveLength(11);
    expect(local.taken(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", claims: 11, posts: 1 });
    expect(local.announced(job)).not.toContain("Media Needs Review");
  });
});

describe("a drop that cielo24 stops reading", () => {
  const local = useDrops({ env: { IDLE_TIMEOUT_S: "1" } });

  it("fault 19: is given up after the idle timeout, and sent again", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "stopReading", fraction: 0.1 });
    local.send(local.event(local.place(job, 30_000_000)));
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "SENDING", claims: 1, posts: 0 });
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sizeBytes: 30_000_000 }]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", claims: 2, posts: 1 });
  });
});

describe("a drop that cielo24 asks to come back with", () => {
  const startedAt = Date.now();
  const local = useDrops({ clock: () => startedAt });
  const fronts = useFronts();
  const dateIn = (ms: number) => new Date(startedAt + ms).toUTCString();

  it.each([
    ["seconds", "300", 300 * SECOND_MS, 330 * SECOND_MS],
    ["nothing", "0", MINUTE_MS, 2 * MINUTE_MS],
    ["a second", "1", MINUTE_MS, 2 * MINUTE_MS],
    ["half a minute", "30", MINUTE_MS, 2 * MINUTE_MS],
    ["thirty years", "1000000000", 2 * HOUR_MS, 2.2 * HOUR_MS],
    ["a date", dateIn(20 * MINUTE_MS), 19 * MINUTE_MS, 22 * MINUTE_MS],
    ["a date that is over", dateIn(-HOUR_MS), MINUTE_MS, 2 * MINUTE_MS],
    ["words", "soon", MINUTE_MS, 2 * MINUTE_MS],
    ["less than nothing", "-5", MINUTE_MS, 2 * MINUTE_MS],
  ])(
    "fault 15: after %s waits as long as is sensible, and never shorter than by its own back-off",
    async (_what, retryAfter, least, most) => {
      for (const status of [429, 503]) {
        const job = local.newJob();
        const headers = { "retry-after": retryAfter };
        local.cielo24.faults.add({ action: "job/info", jobId: job, kind: "answer", status, headers });
        await local.drop(job);
        await local.stack.drain();
        const [waitMs = 0] = local.waitsMs();
        // A second more or less: SQS and dates count whole ones.
        expect(waitMs).toBeGreaterThan(least - SECOND_MS);
        expect(waitMs).toBeLessThanOrEqual(most + SECOND_MS);
        expect(local.posts(job)).toEqual([]);
        const { state, waiting, notBefore = 0 } = (await local.row(job)) ?? {};
        expect({ state, waiting }).toMatchObject({ state: "SENDING", waiting: { type: "CIELO24_UNAVAILABLE" } });
        expect(Math.abs(notBefore - local.stack.runtime.clock() - waitMs)).toBeLessThan(2 * SECOND_MS);
        local.stack.queue.purge();
      }
    },
  );

  it.each([429, 503])("fault 15: waits as long where the POST is answered so before its end (%d)", async (status) => {
    const job = local.newJob();
    const cielo24 = await fronts.start(local.cielo24.url, {
      answer: ({ method }) => (method === "POST" ? { status, headers: { "retry-after": "600" } } : undefined),
    });
    const worker = startWorker(local.stack, { env: { CIELO24_BASE_URL: cielo24.url } });
    expect(await worker.take(local.event(local.place(job, 20_000_000)))).toBe(false);
    expect(await local.row(job)).toMatchObject({ state: "SENDING", claims: 1, posts: 0 });
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
