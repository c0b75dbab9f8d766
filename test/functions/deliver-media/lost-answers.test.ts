import { describe, expect, it } from "@jest/globals";
import { SECOND_MS, useDrops } from "../../harness/drops.ts";

const POST = "POST job/add_media";
const refusal = (ErrorType: string) => JSON.stringify({ ErrorType, ErrorComment: "Said so." });
/** Until the invocation's deadline (900 s), for clocks that differ (300 s) and for SETTLE_S (1,800 s). */
const SETTLED_MS = 3_000 * SECOND_MS;

describe("a drop whose answer is lost", () => {
  const local = useDrops();
  const lose = (job: string, accepts: boolean) => {
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts });
  };

  it("fault 9, fault 23: is DELIVERED as job/info shows it, without a second POST", async () => {
    const job = local.newJob();
    lose(job, true);
    await local.drop(job);
    await local.stack.drain();
    expect(local.reasons(job)).toEqual(["answerUnknown"]);
    expect(await local.row(job)).toMatchObject({ state: "FINALIZING", everUnknown: true });
    await local.passToNextMessage();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
    expect(local.announced(job)).toEqual(["Media Delivered"]);
    expect(local.waiting()).toEqual([]);
    expect(local.posts(job)).toHaveLength(1);
  });

  it.each(["truncated", "badJson", "noTaskId", "empty"] as const)(
    "fault 10: is settled by job/info where the 200 was %s",
    async (answer) => {
      const job = local.newJob();
      local.cielo24.faults.add({ action: POST, jobId: job, kind: "uselessAnswer", answer });
      await local.drop(job);
      await local.stack.drain();
      expect(await local.row(job)).toMatchObject({ state: "FINALIZING", everUnknown: true });
      expect(await local.row(job)).not.toHaveProperty("taskId");
      await local.finish();
      expect(local.posts(job)).toHaveLength(1);
      expect(local.taken(job)).toHaveLength(1);
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED", everUnknown: true });
    },
  );

  it.each([408, 504])(
    "fault 16: is unknown after a %d to the whole body, which a gateway says, and not sent again",
    async (status) => {
      const job = local.newJob();
      local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status });
      await local.drop(job);
      await local.stack.drain();
      expect(await local.row(job)).toMatchObject({ state: "FINALIZING", everUnknown: true });
      await local.finish();
      expect(local.posts(job)).toHaveLength(1);
      expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", error: { type: "ANSWER_UNKNOWN" } });
    },
  );

  it("fault 18: is unknown where a 200 came before the body was sent, and never a success", async () => {
    const job = local.newJob();
    const body = JSON.stringify({ TaskId: "f".repeat(32) });
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "earlyAnswer", status: 200, body });
    local.send(local.event(local.place(job, 20_000_000)));
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "FINALIZING", everUnknown: true });
    expect(await local.row(job)).not.toHaveProperty("taskId");
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW" });
    expect(local.posts(job)).toHaveLength(1);
  });

  it("fault 9: is put before a person once nothing can be on its way any more, and never sent again", async () => {
    const job = local.newJob();
    lose(job, false);
    await local.drop(job);
    await local.stack.drain();
    const sentAt = local.stack.runtime.clock();
    while ((await local.row(job))?.state === "FINALIZING") await local.passToNextMessage();
    const { settledAt = Infinity } = (await local.row(job)) ?? {};
    expect(local.stack.runtime.clock()).toBeGreaterThanOrEqual(settledAt);
    expect(local.stack.runtime.clock() - sentAt).toBeLessThanOrEqual(SETTLED_MS);
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", error: { type: "ANSWER_UNKNOWN" } });
    expect(local.announced(job)).toEqual(["Media Needs Review"]);
    expect(local.counted("MediaNeedsReview")).toBe(1);
    expect(local.waiting()).toEqual([]);
    expect(local.posts(job)).toHaveLength(1);
  });

  it("is sent again when an operator says so, and delivered", async () => {
    const job = local.newJob();
    lose(job, false);
    await local.drop(job);
    await local.finish();
    local.send({ resend: await local.decision(job) });
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
    expect(local.announced(job)).toEqual(["Media Needs Review", "Media Delivered"]);
  });

  it("fault 9: is sent again once for each time that an operator says so", async () => {
    const job = local.newJob();
    for (let count = 0; count < 3; count += 1) lose(job, false);
    await local.drop(job);
    await local.finish();
    for (const posts of [2, 3]) {
      local.send({ resend: await local.decision(job) });
      await local.finish();
      expect(local.posts(job)).toHaveLength(posts);
      expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", announced: true });
    }
    expect(local.announced(job)).toHaveLength(3);
  });

  it("fault 14: waits where nobody understands cielo24 once an operator has said so, and is sent again after that", async () => {
    const job = local.newJob();
    lose(job, false);
    await local.drop(job);
    await local.finish();
    const html = { action: "job/info", jobId: job, kind: "answer", status: 400, body: "<html>" } as const;
    const noMedia = JSON.stringify({ JobId: job, MediaLengthSeconds: null });
    local.cielo24.faults.add({ action: "job/info", jobId: job, kind: "answer", status: 200, body: noMedia });
    local.cielo24.faults.add(html);
    local.send({ resend: await local.decision(job) });
    await local.stack.drain();
    expect(local.posts(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "SENDING", waiting: { type: "CIELO24_UNINTELLIGIBLE" } });
    await local.finish();
    expect(local.posts(job)).toHaveLength(2);
    expect(local.announced(job)).toEqual(["Media Needs Review", "Media Delivered"]);
  });

  it("fault 13: is never rejected by what a later question says", async () => {
    const job = local.newJob();
    lose(job, true);
    await local.drop(job);
    await local.stack.drain();
    local.cielo24.faults.add({
      action: "job/info",
      jobId: job,
      kind: "answer",
      status: 400,
      body: refusal("ITEM_NOT_FOUND"),
    });
    await local.finish();
    expect((await local.row(job))?.state).not.toBe("REJECTED");
    expect(local.posts(job)).toHaveLength(1);
  });
});

describe("a drop whose answer is lost, with RESEND_AFTER_UNKNOWN", () => {
  const local = useDrops({ env: { RESEND_AFTER_UNKNOWN: "true" } });

  it("fault 9: is sent again once nothing can be on its way any more", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts: false });
    await local.drop(job);
    await local.stack.drain();
    const { settledAt = 0 } = (await local.row(job)) ?? {};
    while (local.stack.queue.nextVisibleAt() < settledAt) await local.passToNextMessage();
    expect(local.posts(job)).toHaveLength(1);
    await local.finish();
    expect(local.posts(job)).toHaveLength(2);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 2 });
  });

  it("fault 9, fault 13: is DELIVERED where cielo24 refuses the second because it has the first", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts: false });
    await local.drop(job);
    await local.stack.drain();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts: true });
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status: 400, body: refusal("INVALID_QUERY") });
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 2 });
  });

  it("fault 13: is not rejected by a 400 after an attempt whose outcome is unknown", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts: false });
    local.cielo24.faults.add({
      action: POST,
      jobId: job,
      kind: "answer",
      status: 400,
      body: refusal("INVALID_OPTION"),
    });
    await local.drop(job);
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
    expect(local.announced(job)).toEqual(["Media Delivered"]);
  });
});
