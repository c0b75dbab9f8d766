import { beforeEach, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { HOUR_MS, MINUTE_MS, SECOND_MS, useDrops } from "../../harness/drops.ts";

/**
 * What was never in doubt is never given up: the row waits, says why at every place where somebody looks, and goes on by
 * itself once the cause is gone.
 */

type Drops = ReturnType<typeof useDrops>;

const POST = "POST job/add_media";
const INFO = "job/info";
const LOGIN = "account/login";
const refusal = (ErrorType: string) => JSON.stringify({ ErrorType, ErrorComment: "Said so." });
const STRANGE = [
  ["an unknown ErrorType", 400, refusal("BAD_MOOD")],
  ["HTML", 400, "<html>"],
  ["a page with 200", 200, "<html><body>Welcome</body></html>"],
  ["a redirect", 302, ""],
  ["401", 401, ""],
  ["403", 403, ""],
  ["404", 404, "<html><body>Not Found</body></html>"],
  ["413", 413, ""],
] as const;
const ACCOUNT_ERRORS = [
  "ACCOUNT_UNPRIVILEGED",
  "ACCOUNT_DOES_NOT_EXIST",
  "NOT_IMPLEMENTED",
  "NOT_PARENT_ACCOUNT",
] as const;

/** That the drop waits, and that row, log, metric and `delivery` say for what. */
const expectWaiting = async (local: Drops, job: string, what: { reason: string; type: string; metric: string }) => {
  const { reason, type, metric } = what;
  const row = await local.row(job);
  expect(row).toMatchObject({ state: "SENDING", waiting: { type } });
  expect(row).not.toHaveProperty("claimId");
  expect(row?.posts ?? 0).toBe(0);
  expect(local.reasons(job)).toEqual([reason]);
  expect(local.records()).toContainEqual(expect.objectContaining({ jobId: job, reason, errorType: type }));
  expect(local.counted(metric)).toBeGreaterThanOrEqual(1);
  expect(await local.shown(job)).toMatchObject({
    State: "SENDING",
    Waiting: {
      ErrorType: type,
      ErrorComment: row?.waiting?.comment,
      NextAttemptAt: new Date(row?.notBefore ?? 0).toISOString(),
    },
  });
  expect(local.announced(job)).toEqual([]);
};

const expectDelivered = async (local: Drops, job: string) => {
  expect(local.taken(job)).toHaveLength(1);
  const row = await local.row(job);
  expect(row).toMatchObject({ state: "DELIVERED", posts: 1 });
  for (const name of ["waiting", "notBefore", "everUnknown", "unknownSince"]) expect(row).not.toHaveProperty(name);
  expect(await local.shown(job)).not.toHaveProperty("Waiting");
  expect(local.announced(job)).toEqual(["Media Delivered"]);
};

describe("a drop that meets an answer that nobody understands", () => {
  const local = useDrops();
  const WAITING = { reason: "unintelligible", type: "CIELO24_UNINTELLIGIBLE", metric: "AnswerNotUnderstood" };

  it.each(STRANGE)("fault 14: waits where job/info says %s, and is delivered after it", async (_what, status, body) => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: INFO, jobId: job, kind: "answer", status, body });
    await local.drop(job);
    await local.stack.drain();
    await expectWaiting(local, job, WAITING);
    expect(local.posts(job)).toEqual([]);
    await local.finish();
    await expectDelivered(local, job);
    expect(await local.row(job)).toMatchObject({ claims: 1 });
  });

  it.each(STRANGE)(
    "fault 14: waits where the login says %s, and is delivered after it",
    async (_what, status, body) => {
      const job = local.newJob();
      local.stack.coldStart();
      local.cielo24.faults.add({ action: LOGIN, kind: "answer", status, body });
      await local.drop(job);
      await local.stack.drain();
      await expectWaiting(local, job, WAITING);
      expect(local.posts(job)).toEqual([]);
      await local.finish();
      await expectDelivered(local, job);
    },
  );

  it.each(STRANGE)(
    "fault 14: is given back where %s comes before the last chunk, at no cost, and sent again",
    async (_what, status, body) => {
      const job = local.newJob();
      local.cielo24.faults.add({ action: POST, jobId: job, kind: "earlyAnswer", status, body });
      await local.drop(job, randomBytes(1_000_000));
      await local.stack.drain();
      await expectWaiting(local, job, WAITING);
      expect(local.posts(job)).toMatchObject([{ outcome: "faulted" }]);
      await local.finish();
      await expectDelivered(local, job);
      expect(await local.row(job)).toMatchObject({ claims: 2 });
    },
  );

  it.each(STRANGE)(
    "fault 14: is asked about again and again while its answer is unknown and job/info says %s",
    async (_what, status, body) => {
      const job = local.newJob();
      local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts: true });
      await local.drop(job);
      await local.stack.drain();
      local.cielo24.faults.add({ action: INFO, jobId: job, kind: "answer", status, body, times: Infinity });
      await local.passWhole(6 * HOUR_MS);
      expect(await local.row(job)).toMatchObject({
        state: "FINALIZING",
        everUnknown: true,
        waiting: { type: WAITING.type },
      });
      expect(local.counted(WAITING.metric)).toBeGreaterThan(5);
      expect(await local.shown(job)).toMatchObject({ State: "UNKNOWN", Waiting: { ErrorType: WAITING.type } });
      local.cielo24.faults.clear();
      await local.finish();
      expect(local.posts(job)).toHaveLength(1);
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
      expect(local.announced(job)).toEqual(["Media Delivered"]);
    },
  );
});

describe("a drop that meets an account which is not well", () => {
  const local = useDrops();
  const type = "CIELO24_ACCOUNT_REFUSED";

  it.each<[string, string, "answer" | "earlyAnswer"]>([
    ["job/info", INFO, "answer"],
    ["the POST before its last chunk", POST, "earlyAnswer"],
    ["the whole POST", POST, "answer"],
  ])("fault 49: waits for hours where %s says so, and is delivered once it is well", async (_where, action, kind) => {
    const jobs = ACCOUNT_ERRORS.map((errorType) => {
      const job = local.newJob();
      local.cielo24.faults.add({ action, jobId: job, kind, status: 400, body: refusal(errorType), times: Infinity });
      return { job, errorType };
    });
    for (const { job } of jobs) await local.drop(job, randomBytes(200_000));
    await local.stack.drain();
    for (const { job, errorType } of jobs) {
      await expectWaiting(local, job, { reason: "accountRefused", type, metric: "AccountRefused" });
      expect((await local.row(job))?.waiting?.comment).toContain(errorType);
    }
    await local.passWhole(12 * HOUR_MS);
    local.cielo24.faults.clear();
    await local.finish();
    for (const { job } of jobs) {
      expect(local.taken(job)).toHaveLength(1);
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1 });
      // Bytes that are carried in vain are told of; nothing else is.
      expect(local.announced(job).filter((each) => each !== "Media Delayed")).toEqual(["Media Delivered"]);
    }
    expect(local.counted("MediaRejected")).toBe(0);
  });

  it.each(ACCOUNT_ERRORS)("fault 49: waits where the login says %s, and is delivered once it is well", async (each) => {
    const job = local.newJob();
    local.stack.coldStart();
    local.cielo24.faults.add({ action: LOGIN, kind: "answer", status: 400, body: refusal(each), times: Infinity });
    await local.drop(job);
    await local.stack.drain();
    await expectWaiting(local, job, { reason: "accountRefused", type, metric: "AccountRefused" });
    await local.passWhole(6 * HOUR_MS);
    expect(local.posts(job)).toEqual([]);
    local.cielo24.faults.clear();
    await local.finish();
    await expectDelivered(local, job);
  });

  it.each(ACCOUNT_ERRORS)("fault 49: keeps asking while its answer is unknown and job/info says %s", async (each) => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts: true });
    await local.drop(job);
    await local.stack.drain();
    const fault = { action: INFO, jobId: job, kind: "answer", status: 400, body: refusal(each) } as const;
    local.cielo24.faults.add({ ...fault, times: Infinity });
    await local.passWhole(6 * HOUR_MS);
    expect(await local.row(job)).toMatchObject({ state: "FINALIZING", waiting: { type } });
    local.cielo24.faults.clear();
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
    expect(local.announced(job)).toEqual(["Media Delivered"]);
  });
});

describe("a drop that is handed over by an account which is not well", () => {
  const local = useDrops({ env: { DELIVERY_MODE: "url" } });

  it.each(ACCOUNT_ERRORS)("fault 49: is given back where cielo24 answers its URL with %s", async (each) => {
    const job = local.newJob();
    const fault = {
      action: "GET job/add_media",
      jobId: job,
      kind: "answer",
      status: 400,
      body: refusal(each),
    } as const;
    local.cielo24.faults.add({ ...fault, times: 5 });
    await local.drop(job);
    await local.stack.drain();
    await expectWaiting(local, job, {
      reason: "accountRefused",
      type: "CIELO24_ACCOUNT_REFUSED",
      metric: "AccountRefused",
    });
    expect(await local.row(job)).not.toHaveProperty("capability");
    while ((await local.row(job))?.state === "SENDING") await local.passToNextMessage();
    await local.cielo24.settled();
    await local.finish();
    await expectDelivered(local, job);
  });
});

describe("a drop for a job that cielo24 does not know", () => {
  const local = useDrops();
  const UNKNOWN = { action: INFO, kind: "answer", status: 400, body: refusal("ITEM_NOT_FOUND") } as const;
  const WAITING = { reason: "jobUnknown", type: "ITEM_NOT_FOUND", metric: "JobUnknown" };

  it("fault 50: waits for 23 hours, and is delivered where it knows the job then", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ ...UNKNOWN, jobId: job, times: Infinity });
    await local.drop(job);
    await local.stack.drain();
    await expectWaiting(local, job, WAITING);
    const receives = await local.passWhole(23 * HOUR_MS);
    expect(receives).toBeGreaterThan(10);
    expect(await local.row(job)).toMatchObject({ state: "SENDING", claims: 0 });
    expect(local.counted("JobUnknown")).toBe(receives + 1);
    local.cielo24.faults.clear();
    await local.finish();
    await expectDelivered(local, job);
  });

  it("fault 50: is asked about with pauses that grow to an hour", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ ...UNKNOWN, jobId: job, times: Infinity });
    await local.drop(job);
    await local.stack.drain();
    const receives = await local.passWhole(20 * HOUR_MS);
    // Half an hour on average once they have grown.
    expect(receives).toBeLessThan(100);
    for (const waitMs of local.waitsMs()) expect(waitMs).toBeLessThanOrEqual(HOUR_MS + SECOND_MS);
  });

  it("fault 13, fault 50: is REJECTED without a POST after 24 hours, and not before", async () => {
    const job = "f".repeat(32);
    await local.drop(job);
    await local.stack.drain();
    const startedAt = local.stack.runtime.clock();
    while ((await local.row(job))?.state === "SENDING") await local.passToNextMessage();
    const tookMs = local.stack.runtime.clock() - startedAt;
    expect(tookMs).toBeGreaterThanOrEqual(24 * HOUR_MS - MINUTE_MS);
    expect(tookMs).toBeLessThanOrEqual(25 * HOUR_MS + MINUTE_MS);
    expect(local.posts(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "ITEM_NOT_FOUND" } });
    expect(local.announced(job)).toEqual(["Media Rejected"]);
    expect(local.waiting()).toEqual([]);
  });

  it("fault 50: is put before a person, never REJECTED, where it may be there and job/info disowns it for days", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts: false });
    await local.drop(job);
    await local.stack.drain();
    local.cielo24.faults.add({ ...UNKNOWN, jobId: job, times: Infinity });
    await local.passWhole(23 * HOUR_MS);
    expect(await local.row(job)).toMatchObject({ state: "FINALIZING", waiting: { type: "ITEM_NOT_FOUND" } });
    await local.passWhole(3 * HOUR_MS);
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", error: { type: "ITEM_NOT_FOUND" } });
  });
});

describe("a row that waits", () => {
  // One message at a time: an end is announced at least once, and by two at once twice.
  const local = useDrops({ maximumConcurrency: 1 });
  beforeEach(() => {
    local.stack.queue.purge();
  });
  const DOWN = { action: INFO, kind: "answer", status: 503, headers: { "retry-after": "7200" } } as const;

  it("fault 1, fault 56: is sent by nobody before its time: a duplicate, a reconcile message, the census", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ ...DOWN, jobId: job });
    const object = await local.drop(job);
    await local.stack.drain();
    const { notBefore = 0 } = (await local.row(job)) ?? {};
    expect(notBefore - local.stack.runtime.clock()).toBeGreaterThan(2 * HOUR_MS - MINUTE_MS);

    local.send(local.event(object));
    local.send({ reconcile: job });
    await local.stack.drain();
    await local.pass(HOUR_MS);
    expect(await local.stack.runCensus()).toMatchObject({ requeued: 0, stuckRows: 0 });
    // As an older census may have put it there.
    local.send({ reconcile: job });
    await local.stack.drain();
    expect(local.reasons(job)).toEqual(["unavailable", "notDue", "notDue", "notDue"]);
    expect(local.posts(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "SENDING", claims: 0, notBefore });
    expect(Math.min(...local.waitsMs())).toBeGreaterThan(notBefore - local.stack.runtime.clock() - SECOND_MS);

    await local.finish();
    expect(local.stack.runtime.clock()).toBeGreaterThanOrEqual(notBefore);
    expect(local.posts(job)).toHaveLength(1);
    await expectDelivered(local, job);
  });

  it("fault 56: is put back by the census half an hour after its time, where its message has died", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ ...DOWN, jobId: job });
    await local.drop(job);
    await local.stack.drain();
    const { notBefore = 0 } = (await local.row(job)) ?? {};
    local.stack.queue.purge();
    local.stack.advanceTime(notBefore - local.stack.runtime.clock() + 29 * MINUTE_MS);
    expect(await local.stack.runCensus()).toMatchObject({ stuckRows: 0 });
    local.stack.advanceTime(2 * MINUTE_MS);
    expect(await local.stack.runCensus()).toMatchObject({ stuckRows: 1, requeued: 1 });
    await local.finish();
    await expectDelivered(local, job);
  });

  it("comes back several times where it waits for longer than a message can hide", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ ...DOWN, jobId: job });
    await local.drop(job);
    await local.stack.drain();
    const notBefore = local.stack.runtime.clock() + 36 * HOUR_MS;
    await local.stack.ledger.write(job, { if: { state: ["SENDING"] }, set: { notBefore } });
    const receives = await local.passWhole(36 * HOUR_MS - MINUTE_MS);
    // After two hours the first time, then every 11 h 45 min.
    expect(receives).toBe(3);
    expect(local.reasons(job)).toEqual(["unavailable", "notDue", "notDue", "notDue"]);
    expect(local.posts(job)).toEqual([]);
    await local.finish();
    expect(local.stack.runtime.clock()).toBeGreaterThanOrEqual(notBefore);
    await expectDelivered(local, job);
  });
});
