import { describe, expect, it } from "@jest/globals";
import { HOUR_MS, MINUTE_MS, useDrops } from "../../harness/drops.ts";

/** cielo24 has read the whole body and answers with an error of its own: the ingest tier's outage, as it looks from here. */

const POST = "POST job/add_media";
const UNHANDLED = JSON.stringify({ ErrorType: "UNHANDLED_ERROR", ErrorComment: "Oops." });
const refusal = (ErrorType: string) => JSON.stringify({ ErrorType, ErrorComment: "Said so." });
const ANSWERED: readonly (readonly [what: string, status: number, body: string])[] = [
  ["429", 429, ""],
  ["500", 500, ""],
  ["502", 502, "<html>Bad Gateway</html>"],
  ["503", 503, ""],
  ["UNHANDLED_ERROR", 400, UNHANDLED],
];
const raw = (status: number, body: string) => `HTTP/1.1 ${status} X\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
/** For clocks that differ, on top of the hours. */
const SKEW_MS = 5 * MINUTE_MS;
/** Of receives that come a little late. */
const SLACK_MS = 2 * MINUTE_MS;

describe("a drop behind which cielo24 answers an error of its own", () => {
  // job/info lags most in just such an outage.
  const local = useDrops({ jobInfoLagMs: () => 5 * HOUR_MS });
  type Drops = typeof local;
  const now = () => local.stack.runtime.clock();

  /** When each POST but the first was made, counted from the one before. */
  const waitsBetweenPosts = async (drops: Drops, job: string, isEnd: () => Promise<boolean>): Promise<number[]> => {
    const at = [now()];
    while (!(await isEnd())) {
      await drops.passToNextMessage();
      if (drops.posts(job).length > at.length) at.push(now());
    }
    return at.slice(1).map((each, index) => each - (at[index] ?? 0));
  };

  it.each(ANSWERED)(
    "fault 15, fault 16: is DELIVERED as job/info shows it where it was accepted behind %s, without a second POST",
    async (_what, status, body) => {
      const job = local.newJob();
      const pieces = [raw(status, body)];
      local.cielo24.faults.add({ action: POST, jobId: job, kind: "rawAnswer", pieces, ends: true });
      await local.drop(job);
      await local.stack.drain();
      const before = await local.row(job);
      expect(local.reasons(job)).toEqual(["answeredError"]);
      expect(before).toMatchObject({ state: "FINALIZING", everUnknown: true, answeredError: true, posts: 1 });
      expect(before?.waiting).toMatchObject({ type: "CIELO24_ERROR_BEHIND_MEDIA" });
      const settlesInMs = (before?.settledAt ?? 0) - now();
      expect(settlesInMs).toBeGreaterThan(6 * HOUR_MS + SKEW_MS - SLACK_MS);
      expect(settlesInMs).toBeLessThanOrEqual(6 * HOUR_MS + SKEW_MS);
      expect(await local.shown(job)).toMatchObject({
        State: "UNKNOWN",
        Waiting: { ErrorType: "CIELO24_ERROR_BEHIND_MEDIA" },
      });

      await local.passWhole(4 * HOUR_MS);
      expect(await local.row(job)).toMatchObject({ state: "FINALIZING" });
      await local.finish();
      expect(now()).toBeLessThan(before?.settledAt ?? 0);
      expect(local.posts(job)).toHaveLength(1);
      expect(local.taken(job)).toHaveLength(1);
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1 });
      expect(local.announced(job)).toEqual(["Media Delivered"]);
    },
  );

  it.each(ANSWERED)(
    "fault 15, fault 16: is sent again after six hours where it was not accepted behind %s, and DELIVERED",
    async (_what, status, body) => {
      const job = local.newJob();
      local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status, body });
      await local.drop(job);
      await local.stack.drain();
      const waits = await waitsBetweenPosts(local, job, () => Promise.resolve(local.waiting().length === 0));
      expect(waits).toHaveLength(1);
      expect(waits[0]).toBeGreaterThanOrEqual(6 * HOUR_MS + SKEW_MS - SLACK_MS);
      expect(waits[0]).toBeLessThanOrEqual(6 * HOUR_MS + SKEW_MS + SLACK_MS);
      expect(local.taken(job)).toHaveLength(1);
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED", everUnknown: true, posts: 2 });
      expect(local.announced(job)).toEqual(["Media Delivered"]);
    },
  );

  it("fault 16: is put before a person after five of them, with 6, 12, 24 and 36 hours between", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status: 502, times: Infinity });
    await local.drop(job);
    await local.stack.drain();
    const isEnd = async () => (await local.row(job))?.state === "NEEDS_REVIEW";
    const waits = await waitsBetweenPosts(local, job, isEnd);
    for (const [index, hours] of [6, 12, 24, 36].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(hours * HOUR_MS + SKEW_MS - SLACK_MS);
      expect(waits[index]).toBeLessThanOrEqual(hours * HOUR_MS + SKEW_MS + SLACK_MS);
    }
    expect(local.posts(job)).toHaveLength(5);
    expect(await local.row(job)).toMatchObject({
      state: "NEEDS_REVIEW",
      posts: 5,
      error: { type: "ERRORS_BEHIND_MEDIA" },
    });
    expect(local.announced(job)).toEqual(["Media Needs Review"]);
    expect(local.waiting()).toEqual([]);
  });

  it("fault 13: is not rejected by a 400 to the POST after it", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status: 503 });
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status: 400, body: refusal("INVALID_QUERY") });
    await local.drop(job);
    await local.finish(40);
    expect(local.posts(job)).toHaveLength(2);
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", error: { type: "ANSWER_UNKNOWN" } });
    expect(local.announced(job)).not.toContain("Media Rejected");
  });

  it("fault 16: is not sent again before its time by a second message of it", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status: 500 });
    const object = await local.drop(job);
    await local.stack.drain();
    const { settledAt = 0 } = (await local.row(job)) ?? {};
    while (now() + HOUR_MS < settledAt) {
      local.send(local.event(object));
      local.send({ reconcile: job });
      await local.passWhole(HOUR_MS);
    }
    expect(local.posts(job)).toHaveLength(1);
    await local.finish(200);
    expect(local.posts(job)).toHaveLength(2);
    expect(local.taken(job)).toHaveLength(1);
  });
});

describe("a drop behind which cielo24 answers an error of its own, with RESEND_AFTER_SERVER_ERROR=false", () => {
  const local = useDrops({ env: { RESEND_AFTER_SERVER_ERROR: "false", SERVER_ERROR_SETTLE_S: "7200" } });

  it("fault 16: is put before a person once job/info has not shown it for the time that was set", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status: 502 });
    await local.drop(job);
    await local.stack.drain();
    await local.passWhole(2 * HOUR_MS);
    expect(await local.row(job)).toMatchObject({ state: "FINALIZING" });
    await local.finish();
    expect(local.posts(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", error: { type: "ERRORS_BEHIND_MEDIA" } });
  });
});

describe("a drop that is handed over and answered an error", () => {
  const local = useDrops({ env: { DELIVERY_MODE: "url" } });

  it.each(ANSWERED)(
    "fault 16: is a lost answer behind %s: nobody knows whether cielo24 will pull",
    async (_w, status, body) => {
      const job = local.newJob();
      local.cielo24.faults.add({ action: "GET job/add_media", jobId: job, kind: "answer", status, body });
      await local.drop(job);
      await local.stack.drain();
      expect(local.reasons(job)).toEqual(["answerUnknown"]);
      const row = await local.row(job);
      expect(row).toMatchObject({ state: "FINALIZING", everUnknown: true, handOver: true });
      expect(row).not.toHaveProperty("answeredError");
      expect((row?.settledAt ?? 0) - local.stack.runtime.clock()).toBeGreaterThan(12 * HOUR_MS);
    },
  );
});
