import { beforeEach, describe, expect, it } from "@jest/globals";
import { sendAs, type Send } from "../../lib/http/api-client.ts";
import { MINUTE_MS, useDrops } from "../deliver-media/dropping.ts";

const GET = "GET job/add_media";
const POST = "POST job/add_media";
const MEDIA = Buffer.from("00000018667479706d703432ffd8", "hex");

describe("add_media beside the queue", () => {
  const local = useDrops({ fetchMedia: (url) => Promise.resolve(url.startsWith("https:") ? MEDIA : undefined) });
  let call: Send;
  // Time passes in these tests, and a token is good for an hour.
  beforeEach(async () => {
    call = await sendAs(local.stack, { sub: "you" });
  });
  const byUrl = (job: string) =>
    call(
      "GET",
      `/api/job/add_media?v=1&job_id=${job}&media_url=${encodeURIComponent("https://media.example.org/a.mp4")}`,
    );
  const byBody = (job: string) => call("POST", `/api/job/add_media?v=1&job_id=${job}`, { body: new Blob([MEDIA]) });

  it("puts a message that looks after the row into the queue, which is gone without a trace after it", async () => {
    const job = local.newJob();
    expect((await byUrl(job)).status).toBe(200);
    expect(local.waiting().map(({ body }) => body)).toEqual([JSON.stringify({ reconcile: job })]);
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
    expect(local.announced(job)).toEqual(["Media Delivered"]);
  });

  it("claims nothing where that message cannot be put, and says that it may be called again", async () => {
    const job = local.newJob();
    local.stack.aws.faults.add({ action: "SendMessage", kind: "unavailable", times: 3 });
    expect((await byUrl(job)).status).toBe(503);
    expect(await local.row(job)).toBeUndefined();
    expect((await byUrl(job)).status).toBe(200);
  });

  it.each([GET, POST])("fault 46: lets one of a call and a drop win, and tells the other (%s)", async (action) => {
    for (const jobs = [1, 2, 3]; jobs.pop() !== undefined;) {
      const job = local.newJob();
      local.cielo24.faults.add({ action, jobId: job, kind: "slowAnswer", ms: 30 });
      const [answer] = await Promise.all([action === GET ? byUrl(job) : byBody(job), local.drop(job)]);
      await local.finish();
      await local.cielo24.settled();
      expect(local.taken(job)).toHaveLength(1);
      const row = await local.row(job);
      expect(row?.state).toBe("DELIVERED");
      if (row?.media?.kind === "object") expect(answer.status).toBe(409);
      else expect([answer.status, row?.conflictCount]).toEqual([200, 1]);
    }
  });

  it("fault 46: tells a call that a drop is under way, and disturbs it not", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "slowAnswer", ms: 200 });
    await local.drop(job);
    await local.claimed(job);
    expect(await byUrl(job)).toMatchObject({ status: 409, body: { ErrorType: "DELIVERY_UNDER_WAY" } });
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sizeBytes: 1_000 }]);
    expect(await local.row(job)).not.toHaveProperty("conflictCount");
  });

  it("fault 46: lets a drop wait while a call is under way, and records it as a conflict after it", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "slowAnswer", ms: 200 });
    const answer = byBody(job);
    await local.claimed(job);
    await local.drop(job);
    expect((await answer).status).toBe(200);
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sizeBytes: MEDIA.length }]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", conflictCount: 1 });
  });

  it("fault 13, fault 46: delivers the drop where the call is refused", async () => {
    const job = local.newJob();
    const body = JSON.stringify({ ErrorType: "INVALID_URL", ErrorComment: "No." });
    local.cielo24.faults.add({ action: GET, jobId: job, kind: "answer", status: 400, body });
    expect(await byUrl(job)).toMatchObject({ status: 400, body: { ErrorType: "INVALID_URL" } });
    expect(await local.row(job)).toMatchObject({ state: "REJECTED" });
    await local.drop(job);
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sizeBytes: 1_000 }]);
    expect(local.announced(job)).toEqual(["Media Rejected", "Media Delivered"]);
  });

  it.each([GET, POST])(
    "fault 9: finds out by the message what became of a call whose answer was lost (%s)",
    async (action) => {
      const job = local.newJob();
      local.cielo24.faults.add({ action, jobId: job, kind: "resetAfterBody", accepts: true });
      expect((await (action === GET ? byUrl(job) : byBody(job))).status).toBe(504);
      expect(await local.row(job)).toMatchObject({ state: "FINALIZING", everUnknown: true });
      await local.finish();
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
      expect(local.announced(job)).toEqual(["Media Delivered"]);
      expect(local.taken(job)).toHaveLength(1);
    },
  );

  it("fault 9: puts a call before a person whose answer was lost and whose media is not there", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts: false });
    expect((await byBody(job)).status).toBe(504);
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", error: { type: "ANSWER_UNKNOWN" } });
    expect(local.taken(job)).toEqual([]);
    expect(local.posts(job)).toHaveLength(1);
  });

  it("fault 22: frees the job by the message where a call died before its media was sent", async () => {
    const job = local.newJob();
    const now = local.stack.runtime.clock();
    // As a function leaves it that is killed between its claim and its POST.
    local.stack.queue.send(JSON.stringify({ reconcile: job }), 60);
    await local.stack.ledger.write(job, {
      if: { state: ["none"] },
      set: {
        state: "SENDING",
        fence: 1,
        claimId: "c".repeat(32),
        media: { id: "body:x", kind: "body" },
        leaseUntil: now + MINUTE_MS,
        posts: 1,
        updatedAt: now,
      },
    });
    expect(await byBody(job)).toMatchObject({ status: 409 });
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "CALL_ABANDONED" } });
    expect(local.announced(job)).toContain("Media Rejected");
    expect((await byBody(job)).status).toBe(200);
    expect(local.taken(job)).toHaveLength(1);
  });
});
