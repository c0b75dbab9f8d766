import { describe, expect, it } from "@jest/globals";
import { SECOND_MS, useDrops } from "../../harness/drops.ts";
import { startWorker } from "../../harness/worker.ts";

const POST = "POST job/add_media";
/** Kept back from the invocation's end for the last writes. */
const MARGIN_MS = 15_000;

// Time stands still but for what a test lets pass, so that every second that is left is told.
const now = Date.now();

describe("a drop whose answer is slow", () => {
  const local = useDrops({ clock: () => now });
  /** What is left of the invocation when everything but the answer is there: of real time, too, which ends the wait. */
  const PATIENCE_MS = 1_500;
  const takeInHaste = async (job: string, patienceMs = PATIENCE_MS) => {
    const { Records } = local.event(local.place(job));
    const worker = startWorker(local.stack, { env: { FINALIZE_RESERVE_S: "1" } });
    const startedAt = performance.now();
    const isGone = await worker.take({ Records }, MARGIN_MS + patienceMs);
    return { isGone, tookMs: performance.now() - startedAt };
  };

  it("fault 20: is DELIVERED where the answer comes in time", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "slowAnswer", ms: 300 });
    expect(await takeInHaste(job, 60_000)).toMatchObject({ isGone: true });
    expect(local.taken(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
    expect(await local.row(job)).not.toHaveProperty("everUnknown");
  });

  it("fault 20: is waited for until shortly before the invocation's end, then unknown, then settled by job/info", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "slowAnswer", ms: 60_000 });
    const { isGone, tookMs } = await takeInHaste(job);
    expect(isGone).toBe(false);
    expect(tookMs).toBeGreaterThan(PATIENCE_MS - 50);
    expect(tookMs).toBeLessThan(MARGIN_MS);
    expect(local.reasons(job)).toEqual(["answerUnknown"]);
    expect(await local.row(job)).toMatchObject({ state: "FINALIZING", everUnknown: true });
    await local.finish();
    expect(local.posts(job)).toHaveLength(1);
    expect(local.taken(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1 });
  });

  it("fault 20: is put before a person where cielo24 never says nor shows that it took the drop", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status: 200, body: "{}", afterMs: 60_000 });
    expect(await takeInHaste(job)).toMatchObject({ isGone: false });
    expect(await local.row(job)).toMatchObject({ state: "FINALIZING", everUnknown: true });
    await local.finish();
    expect(local.posts(job)).toHaveLength(1);
    expect(local.taken(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", error: { type: "ANSWER_UNKNOWN" } });
  });
});

describe("a drop for which little time is left", () => {
  const local = useDrops({ clock: () => now });
  const takeWith = async (job: string, timeLeftMs: number) => {
    const { Records } = local.event(local.place(job, 200_000));
    return startWorker(local.stack).take({ Records }, timeLeftMs);
  };

  it("fault 21: is finished with 120 s left", async () => {
    const job = local.newJob();
    expect(await takeWith(job, 120 * SECOND_MS)).toBe(true);
    expect(local.taken(job)).toMatchObject([{ via: "body" }]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1 });
  });

  it("fault 21: is given back with less, its last chunk not begun, and handed over by the next attempt", async () => {
    const job = local.newJob();
    expect(await takeWith(job, 120 * SECOND_MS - 1)).toBe(false);
    expect(local.posts(job)).toMatchObject([{ outcome: "cutShort" }]);
    expect(local.posts(job)[0]?.receivedBytes).toBeLessThanOrEqual(200_000 - 64 * 1024);
    expect(local.reasons(job)).toEqual(["noTime"]);

    // It comes back at once: no time passes here.
    await local.stack.drain();
    expect(local.reasons(job)).toEqual(["noTime", "handedOver"]);
    expect(await local.row(job)).toMatchObject({ state: "FINALIZING", handOver: true, claims: 2, posts: 1 });
    await local.cielo24.settled();
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ via: "url", sizeBytes: 200_000 }]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", claims: 2, posts: 1 });
  });

  it("fault 21: is given back in the same way where the time runs out as FINALIZING is written", async () => {
    const job = local.newJob();
    let isFinalizing = false;
    const slow = (input: Record<string, unknown>): boolean => {
      if (!JSON.stringify(input).includes('"FINALIZING"') || isFinalizing) return false;
      isFinalizing = true;
      local.stack.advanceTime(100 * SECOND_MS);
      return false;
    };
    local.stack.aws.faults.add({ action: "UpdateItem", kind: "unavailable", when: slow });
    const { Records } = local.event(local.place(job, 200_000));
    expect(await startWorker(local.stack).take({ Records }, 150 * SECOND_MS)).toBe(false);
    expect(isFinalizing).toBe(true);
    expect(local.posts(job)).toMatchObject([{ outcome: "cutShort" }]);
    expect(local.reasons(job)[0]).toBe("noTime");
    await local.stack.drain();
    await local.cielo24.settled();
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ via: "url" }]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
  });
});
