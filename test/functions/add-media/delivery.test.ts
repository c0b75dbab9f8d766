import type { Context } from "aws-lambda";
import { describe, expect, it } from "@jest/globals";
import type { Fault } from "../../../dev/cielo24/faults.ts";
import { build } from "../../../functions/add-media/handler.ts";
import { error, errorOf, sendAs, type HttpAnswer } from "../../harness/api.ts";
import { httpEvent } from "../../harness/http-event.ts";
import { MINUTE_MS, useDrops } from "../../harness/drops.ts";
import { useFronts } from "../../harness/fronts.ts";

const GET = "GET job/add_media";
const POST = "POST job/add_media";
const MEDIA = Buffer.from("00000018667479706d703432ffd8", "hex");

describe("add_media beside the queue", () => {
  const local = useDrops({ fetchMedia: (url) => Promise.resolve(url.startsWith("https:") ? MEDIA : undefined) });
  const call = sendAs(local, { sub: "you" });
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
        claims: 1,
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

describe("what a caller of add_media is told", () => {
  const local = useDrops({ fetchMedia: (url) => Promise.resolve(url.startsWith("https:") ? MEDIA : undefined) });
  const fronts = useFronts();
  const refusal = (ErrorType: string) => JSON.stringify({ ErrorType, ErrorComment: "Said so." });
  const HTML = "<html>Welcome</html>";
  const call = sendAs(local, { sub: "you" });
  const byBody = (job: string) => call("POST", `/api/job/add_media?v=1&job_id=${job}`, { body: new Blob([MEDIA]) });

  /** That nothing was sent, that the caller is not kept from calling again, and that this does it. */
  const expectFree = async (job: string, answer: HttpAnswer) => {
    expect(JSON.stringify(answer.body)).not.toMatch(/not send it again/i);
    expect(local.taken(job)).toEqual([]);
    expect(["none", "REJECTED"]).toContain((await local.row(job))?.state ?? "none");
    local.cielo24.faults.clear();
    local.stack.aws.faults.clear();
    await local.pass(2 * MINUTE_MS);
    expect((await byBody(job)).status).toBe(200);
    expect(local.taken(job)).toHaveLength(1);
    await local.finish();
    expect(local.announced(job)).not.toContain("Media Needs Review");
  };

  it.each<[string, Fault]>([
    ["job/info gave an answer", { action: "job/info", kind: "answer", status: 200, body: HTML }],
    ["the POST got one before its end", { action: POST, kind: "earlyAnswer", status: 403, body: HTML }],
  ])("fault 14: is that nothing was sent where %s that nobody understands", async (_where, fault) => {
    const job = local.newJob();
    local.cielo24.faults.add({ ...fault, jobId: job });
    const answer = await byBody(job);
    expect(errorOf(answer)).toEqual(
      error(502, "CIELO24_UNINTELLIGIBLE", /Nothing was sent: the call may be made again/),
    );
    await expectFree(job, answer);
  });

  it.each<[string, Fault]>([
    ["job/info", { action: "job/info", kind: "answer", status: 400, body: refusal("ACCOUNT_UNPRIVILEGED") }],
    ["the POST", { action: POST, kind: "answer", status: 400, body: refusal("NOT_IMPLEMENTED") }],
  ])("fault 49: is to tell the operator where %s says that the account is not well", async (_where, fault) => {
    const job = local.newJob();
    local.cielo24.faults.add({ ...fault, jobId: job });
    const answer = await byBody(job);
    expect(errorOf(answer)).toEqual(error(502, "CIELO24_UNAVAILABLE", /Tell the operator/));
    await expectFree(job, answer);
  });

  it("fault 12: is to tell the operator where the proxy cannot log in", async () => {
    const job = local.newJob();
    local.stack.coldStart();
    local.cielo24.faults.add({ action: "account/login", kind: "answer", status: 400, body: refusal("LOGIN_INVALID") });
    const answer = await byBody(job);
    expect(errorOf(answer)).toEqual(error(502, "CIELO24_UNAVAILABLE", /Tell the operator/));
    await expectFree(job, answer);
  });

  it("fault 39: is that the record of jobs is down where the ledger fails, not cielo24", async () => {
    const job = local.newJob();
    const setsState = ({ ExpressionAttributeValues: values = {} }: Record<string, unknown>) =>
      ":set_state" in (values as object);
    local.stack.aws.faults.add({ action: "UpdateItem", kind: "unavailable", times: 100, when: setsState });
    const answer = await byBody(job);
    expect(errorOf(answer)).toEqual(error(503, "PROXY_UNAVAILABLE", /record of jobs.*Retry-After/));
    expect(local.posts(job)).toEqual([]);
    await expectFree(job, answer);
  });

  it("is that the queue is down where the message beside the call cannot be put", async () => {
    const job = local.newJob();
    local.stack.aws.faults.add({ action: "SendMessage", kind: "unavailable", times: 3 });
    const answer = await byBody(job);
    expect(errorOf(answer)).toEqual(error(503, "PROXY_UNAVAILABLE", /queue of deliveries.*Retry-After/));
    await expectFree(job, answer);
  });

  it.each([429, 503])("fault 15: is cielo24's own Retry-After where the body is answered %d early", async (status) => {
    const job = local.newJob();
    const cielo24 = await fronts.start(local.cielo24.url, {
      answer: ({ method }) => (method === "POST" ? { status, headers: { "retry-after": "600" } } : undefined),
    });
    const env = { ...local.stack.env, CIELO24_BASE_URL: cielo24.url };
    const addMedia = build({ ...local.stack.runtime, env });
    const event = httpEvent({
      routeKey: "POST /api/job/add_media",
      query: `v=1&job_id=${job}`,
      headers: { "content-type": "video/mp4" },
      body: Buffer.alloc(2_000_000, 7),
    });
    const context = { awsRequestId: "x", getRemainingTimeInMillis: () => 25_000 } as unknown as Context;
    const { statusCode, headers } = (await addMedia(event, context)) as { statusCode: number; headers: object };
    const retryAfterS = Number(Object.entries(headers).find(([name]) => /^retry-after$/i.test(name))?.[1]);
    expect(statusCode).toBe(503);
    expect(retryAfterS).toBeGreaterThanOrEqual(600);
    expect(retryAfterS).toBeLessThanOrEqual(660);
    expect(await local.row(job)).toMatchObject({ state: "REJECTED" });
    await local.drop(job);
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
  });

  it("fault 9: is that a job is in review where it is, and five such calls announce nothing more", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts: false });
    expect((await byBody(job)).status).toBe(504);
    await local.finish();
    expect(local.announced(job)).toEqual(["Media Needs Review"]);
    for (let count = 0; count < 5; count += 1)
      expect(errorOf(await byBody(job))).toEqual(error(409, "NEEDS_REVIEW", /Do not send it again: tell the operator/));
    await local.finish();
    expect(local.announced(job)).toEqual(["Media Needs Review"]);
    expect(local.counted("MediaNeedsReview")).toBe(1);
    expect(await local.row(job)).not.toHaveProperty("conflictCount");
    expect(local.posts(job)).toHaveLength(1);
  });
});
