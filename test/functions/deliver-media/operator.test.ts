import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { errorOf, sendAs } from "../../harness/api.ts";
import { DAY_MS, HOUR_MS, useDrops } from "../../harness/drops.ts";

type Drops = ReturnType<typeof useDrops>;

const POST = "POST job/add_media";
const MEDIA = Buffer.from("00000018667479706d703432ffd8", "hex");

/** A drop that cielo24 has definitely refused. */
const rejectDrop = async (local: Drops, job: string) => {
  const body = JSON.stringify({ ErrorType: "INVALID_OPTION", ErrorComment: "Said by mistake." });
  local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status: 400, body });
  const object = await local.drop(job);
  await local.finish();
  expect(await local.row(job)).toMatchObject({ state: "REJECTED" });
  return object;
};

/** A drop whose answer was lost, before a person. */
const loseDrop = async (local: Drops, job: string, accepts = false) => {
  local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts });
  const object = await local.drop(job);
  if (!accepts) await local.finish();
  return object;
};

/** That the operator's word was acknowledged, logged, and changed nothing. */
const expectIgnored = async (local: Drops, job: string, message: unknown) => {
  const before = await local.row(job);
  const posts = local.posts(job).length;
  const reasons = local.reasons(job).length;
  const messages = local.waiting().length;
  local.send(message);
  await local.stack.drain();
  expect(local.reasons(job).slice(reasons)).toEqual(["notMeant"]);
  expect(local.records()).toContainEqual(
    expect.objectContaining({
      level: "warn",
      jobId: job,
      message: "an operator's decision is about another state of the row; nothing was done",
    }),
  );
  expect(await local.row(job)).toEqual(before);
  expect(local.posts(job)).toHaveLength(posts);
  expect(local.waiting()).toHaveLength(messages);
  expect(local.stack.deadLetterQueue.inspect().visible).toEqual([]);
};

describe('an operator\'s "send again"', () => {
  // One message at a time: an end is announced at least once, and by two at once twice.
  const local = useDrops({ maximumConcurrency: 1 });

  it("fault 57: sends a rejected object again, and is on record with who and why", async () => {
    const job = local.newJob();
    const object = await rejectDrop(local, job);
    const decision = await local.decision(job);
    local.send({ resend: decision });
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sizeBytes: object.sizeBytes }]);
    const row = await local.row(job);
    const { by, why, fence } = decision;
    expect(row).toMatchObject({ state: "DELIVERED", decision: { what: "resend", by, why, fence } });
    expect(row?.decision?.at).toBeGreaterThan(local.stack.runtime.clock() - HOUR_MS);
    expect(row?.rejected ?? []).toEqual([]);
    expect(local.announced(job)).toEqual(["Media Rejected", "Media Delivered"]);
  });

  it("fault 57: names what the event and the row name: object and fence are in the event of the rejection", async () => {
    const job = local.newJob();
    await rejectDrop(local, job);
    const told = local.events().find(({ detail }) => detail["JobId"] === job)?.detail ?? {};
    expect(await local.decision(job)).toMatchObject({ object: told["MediaId"], fence: told["Fence"] });
  });

  it("fault 57, fault 60: is taken in any spelling of the job", async () => {
    const job = local.newJob();
    await rejectDrop(local, job);
    local.send({ resend: { ...(await local.decision(job)), job: job.toUpperCase() } });
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
  });

  it("fault 57: counts once, however often its message comes, and whenever", async () => {
    const job = local.newJob();
    await loseDrop(local, job);
    const decision = await local.decision(job);
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts: false });
    for (let count = 0; count < 3; count += 1) local.send({ resend: decision });
    await local.finish();
    expect(local.posts(job)).toHaveLength(2);
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", announced: true });
    await local.pass(DAY_MS);
    for (const what of ["resend", "reject"]) {
      local.send({ [what]: decision });
      await local.finish();
    }
    expect(local.posts(job)).toHaveLength(2);
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW" });
    expect(local.announced(job)).toEqual(["Media Needs Review", "Media Needs Review"]);
  });

  it.each<[string, (decision: Awaited<ReturnType<Drops["decision"]>>) => object]>([
    ["an earlier fence", (decision) => ({ ...decision, fence: decision.fence - 1 })],
    ["a later fence", (decision) => ({ ...decision, fence: decision.fence + 1 })],
    ["another object", (decision) => ({ ...decision, object: `object:${"0".repeat(32)}` })],
  ])("fault 57: is acknowledged and logged, and does nothing, about %s", async (_what, change) => {
    const [rejected, reviewed] = [local.newJob(), local.newJob()];
    await rejectDrop(local, rejected);
    await loseDrop(local, reviewed);
    for (const job of [rejected, reviewed])
      for (const what of ["resend", "reject", "delivered"])
        await expectIgnored(local, job, { [what]: change(await local.decision(job)) });
  });

  it("fault 57: does nothing where another object has come meanwhile", async () => {
    const job = local.newJob();
    await rejectDrop(local, job);
    const decision = await local.decision(job);
    const second = await local.drop(job, randomBytes(2_000), "b.mp4");
    await local.finish();
    await expectIgnored(local, job, { resend: decision });
    expect(local.taken(job)).toMatchObject([{ sizeBytes: second.sizeBytes }]);
  });

  it("fault 57: does nothing where the object waits, is in doubt, or has been delivered", async () => {
    const [waits, doubted, delivered] = [local.newJob(), local.newJob(), local.newJob()];
    local.cielo24.faults.add({ action: "job/info", jobId: waits, kind: "answer", status: 503 });
    await local.drop(waits);
    await loseDrop(local, doubted, true);
    await local.drop(delivered);
    await local.stack.drain();
    for (const job of [waits, doubted, delivered])
      for (const what of ["resend", "reject", "delivered"])
        await expectIgnored(local, job, { [what]: await local.decision(job) });
  });

  it("fault 57: does nothing for a caller's own media, which nobody has any more, nor for a job that has no row", async () => {
    const job = local.newJob();
    const call = sendAs(local, { sub: "you" });
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts: false });
    expect((await call("POST", `/api/job/add_media?v=1&job_id=${job}`, { body: new Blob([MEDIA]) })).status).toBe(504);
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", media: { kind: "body" } });
    await expectIgnored(local, job, { resend: await local.decision(job) });

    const never = local.newJob();
    local.send({ resend: { ...(await local.decision(job)), job: never } });
    await local.finish();
    expect(await local.row(never)).toBeUndefined();
    expect(local.posts(never)).toEqual([]);
  });
});

describe('an operator\'s "reject"', () => {
  const local = useDrops();

  it("fault 57: closes the job for good where cielo24 may have the media: nothing is sent for it any more", async () => {
    const job = local.newJob();
    const call = sendAs(local, { sub: "you" });
    expect((await call("GET", `/api/job/request_upload_url?v=1&job_id=${job}`)).status).toBe(200);
    await loseDrop(local, job);
    const decision = await local.decision(job);
    local.send({ reject: decision });
    await local.finish();
    const { by, why, fence } = decision;
    expect(await local.row(job)).toMatchObject({
      state: "NEEDS_REVIEW",
      closed: true,
      error: { type: "CLOSED_BY_OPERATOR" },
      decision: { what: "reject", by, why, fence },
    });

    const other = await local.drop(job, randomBytes(2_000), "b.mp4");
    await local.finish();
    expect(local.reasons(job).at(-1)).toBe("conflict");
    await expectIgnored(local, job, { resend: await local.decision(job) });
    await expectIgnored(local, job, { reject: await local.decision(job) });
    local.send(local.event(other));
    await local.finish();
    expect(local.posts(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", closed: true });

    const answers = [
      await call("GET", `/api/job/request_upload_url?v=1&job_id=${job}`),
      await call("POST", `/api/job/add_media?v=1&job_id=${job}`, { body: new Blob([MEDIA]) }),
    ];
    for (const answer of answers) expect(errorOf(answer)).toMatchObject({ status: 409, ErrorType: "JOB_CLOSED" });
    await local.finish();
    expect(local.posts(job)).toHaveLength(1);
  });
});

describe('an operator\'s "delivered"', () => {
  const local = useDrops();

  /** Media that cielo24 has taken, and that job/info never shows. */
  const loseSight = async (job: string) => {
    const body = JSON.stringify({ JobId: job, MediaLengthSeconds: null });
    await loseDrop(local, job, true);
    await local.stack.drain();
    local.cielo24.faults.add({ action: "job/info", jobId: job, kind: "answer", status: 200, body, times: Infinity });
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW" });
  };

  it("fault 57: is believed where job/info shows no media, announced once, and on record with who and why", async () => {
    const job = local.newJob();
    await loseSight(job);
    const decision = await local.decision(job);
    for (let count = 0; count < 2; count += 1) local.send({ delivered: decision });
    await local.finish();
    const { by, why, fence } = decision;
    const row = await local.row(job);
    expect(row).toMatchObject({ state: "DELIVERED", decision: { what: "delivered", by, why, fence } });
    expect(row?.error).toBeUndefined();
    expect(local.announced(job)).toEqual(["Media Needs Review", "Media Delivered"]);
    expect(local.posts(job)).toHaveLength(1);
    for (const what of ["resend", "reject", "delivered"])
      await expectIgnored(local, job, { [what]: await local.decision(job) });
  });

  it("fault 57: is on record, too, where job/info shows the media by then", async () => {
    const job = local.newJob();
    await loseSight(job);
    local.cielo24.faults.clear();
    local.send({ delivered: await local.decision(job) });
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", decision: { what: "delivered" } });
  });

  it("fault 57: waits while cielo24 does not answer", async () => {
    const job = local.newJob();
    await loseSight(job);
    local.cielo24.faults.clear();
    local.cielo24.faults.add({ action: "job/info", jobId: job, kind: "answer", status: 503 });
    local.send({ delivered: await local.decision(job) });
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW" });
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", decision: { what: "delivered" } });
  });

  it("fault 57: holds for what was closed for good, since a person may see the media later", async () => {
    const job = local.newJob();
    await loseSight(job);
    local.send({ reject: await local.decision(job) });
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", closed: true });
    local.send({ delivered: await local.decision(job) });
    await local.finish();
    const row = await local.row(job);
    expect(row).toMatchObject({ state: "DELIVERED", decision: { what: "delivered" } });
    expect(row?.closed).toBeUndefined();
    const signing = await sendAs(local, { sub: "you" })("GET", `/api/job/request_upload_url?v=1&job_id=${job}`);
    expect(errorOf(signing)).toMatchObject({ status: 409, ErrorType: "JOB_HAS_MEDIA" });
  });

  it("fault 57: holds for the media of a call, which nobody can send again", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts: false });
    const call = sendAs(local, { sub: "you" });
    expect((await call("POST", `/api/job/add_media?v=1&job_id=${job}`, { body: new Blob([MEDIA]) })).status).toBe(504);
    await local.finish();
    local.send({ delivered: await local.decision(job) });
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", decision: { what: "delivered" } });
  });

  it("fault 57: does nothing for media that was rejected: cielo24 cannot have it", async () => {
    const job = local.newJob();
    await rejectDrop(local, job);
    await expectIgnored(local, job, { delivered: await local.decision(job) });
  });
});

describe("an operator's decision about a job that cielo24 knows no more", () => {
  const local = useDrops();

  it.each([
    ["delivered", { state: "DELIVERED", announced: true }],
    ["reject", { state: "NEEDS_REVIEW", closed: true }],
  ])("fault 57: is carried out: there is nothing that job/info could still show (%s)", async (what, expected) => {
    const job = local.newJob();
    await loseDrop(local, job);
    const body = JSON.stringify({ ErrorType: "ITEM_NOT_FOUND", ErrorComment: "There is no such job." });
    local.cielo24.faults.add({ action: "job/info", jobId: job, kind: "answer", status: 400, body, times: Infinity });
    local.send({ [what]: await local.decision(job) });
    await local.finish();
    expect(await local.row(job)).toMatchObject(expected);
    expect(local.posts(job)).toHaveLength(1);
  });
});

describe("an operator's decision about what job/info shows by now", () => {
  const local = useDrops();

  it.each(["resend", "reject"])("fault 57: ends as DELIVERED, announced, without another POST (%s)", async (what) => {
    const job = local.newJob();
    const noMedia = JSON.stringify({ JobId: job, MediaLengthSeconds: null });
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts: true });
    await local.drop(job);
    await local.stack.drain();
    const hidden = { action: "job/info", jobId: job, kind: "answer", status: 200, body: noMedia } as const;
    local.cielo24.faults.add({ ...hidden, times: Infinity });
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW" });
    local.cielo24.faults.clear();
    local.send({ [what]: await local.decision(job) });
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
    expect(local.posts(job)).toHaveLength(1);
    expect(local.announced(job)).toEqual(["Media Needs Review", "Media Delivered"]);
  });
});

describe('an operator\'s "reject" of what was never sent', () => {
  const local = useDrops({ env: { MAX_RECEIVES: "2" } });

  it("fault 57: frees the job: the object is REJECTED, and the next one is delivered", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: "job/info", jobId: job, kind: "answer", status: 503, times: 3 });
    const object = await local.drop(job);
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", error: { type: "GAVE_UP" } });
    local.cielo24.faults.clear();
    local.send({ reject: await local.decision(job) });
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "REJECTED_BY_OPERATOR" } });

    local.send(local.event(object));
    await local.finish();
    expect(local.posts(job)).toEqual([]);
    const second = await local.drop(job, randomBytes(2_000), "b.mp4");
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sizeBytes: second.sizeBytes }]);
    expect(local.announced(job)).toEqual(["Media Needs Review", "Media Rejected", "Media Delivered"]);
  });
});
