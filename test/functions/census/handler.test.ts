import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { beforeEach, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import type { CensusReport } from "../../../functions/census/census.ts";
import { sendAs } from "../../harness/api.ts";
import { HOUR_MS, MINUTE_MS, useDrops } from "../../harness/drops.ts";

const POST = "POST job/add_media";
const LONG_MS = 31 * MINUTE_MS;
const PERMANENT = {
  action: POST,
  kind: "answer",
  status: 400,
  body: JSON.stringify({ ErrorType: "INVALID_OPTION", ErrorComment: "No." }),
} as const;

/** What is counted or listed of things as they may be. */
const SEEN = ["objects", "compared", "findings", "undelivered", "undeliveredObjects", "sampled"];

/** What the census finds amiss, and what it does about it; what is 0 is left out. */
const amiss = (report: CensusReport) =>
  Object.fromEntries(Object.entries(report).filter(([what, count]) => !SEEN.includes(what) && Number(count) > 0));

describe("the census", () => {
  const local = useDrops();
  const take = async () => amiss(await local.stack.runCensus());
  /** Whatever earlier tests left behind is brought to its end, or would be counted, too. */
  beforeEach(async () => {
    local.stack.advanceTime(24 * HOUR_MS);
    await local.stack.runCensus();
    await local.finish();
    local.stack.queue.purge();
  });

  it("finds nothing amiss where everything is delivered, and says so", async () => {
    await local.drop(local.newJob());
    await local.stack.drain();
    local.stack.advanceTime(LONG_MS);
    const { findings, undelivered, ...counts } = await local.stack.runCensus();
    expect([...findings, ...undelivered]).toEqual([]);
    expect(amiss({ ...counts, findings, undelivered })).toEqual({});
    expect(counts.objects).toBeGreaterThan(0);
    expect(counts.compared).toBeGreaterThan(0);
    expect(local.records()).toContainEqual(
      expect.objectContaining({ level: "info", service: "census", message: "census", counts }),
    );
    expect(local.counted("CensusFound")).toBe(0);
  });

  it("puts an object back on its way of which no row knows, once it is half an hour old", async () => {
    const job = local.newJob();
    local.place(job, 1_000, "Größe 1+2 %2F.mp4");
    local.stack.advanceTime(29 * MINUTE_MS);
    expect(await take()).toEqual({});
    local.stack.advanceTime(2 * MINUTE_MS);
    expect(await take()).toEqual({ unannouncedObjects: 1, requeued: 1 });
    await local.stack.drain();
    expect(local.taken(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
    expect(await take()).toEqual({});
  });

  it("warns in its record, and counts what it puts back", async () => {
    const jobId = local.newJob();
    local.place(jobId);
    local.stack.advanceTime(LONG_MS);
    const { findings, undelivered, ...counts } = await local.stack.runCensus();
    expect(findings).toMatchObject([{ why: "unannouncedObjects", jobId }]);
    expect(undelivered).toEqual([]);
    expect(local.records()).toContainEqual(
      expect.objectContaining({ level: "warn", message: "put back", jobId, reason: "unannouncedObjects" }),
    );
    expect(local.records()).toContainEqual(expect.objectContaining({ level: "warn", message: "census", counts }));
    expect(local.counted("CensusFound")).toBe(1);
  });

  it("finds the object of an upload that is still waited for", async () => {
    const job = local.newJob();
    const call = sendAs(local, { sub: "you" });
    const { body } = await call("GET", `/api/job/request_upload_url?v=1&job_id=${job}&filename=a.mp4`);
    const { pathname } = new URL(String(body["upload_url"]));
    local.place(job, 1_000, pathname.split(`${job}/`)[1]);
    local.stack.advanceTime(LONG_MS);
    expect(await take()).toEqual({ uploadedObjects: 1, requeued: 1 });
    await local.stack.drain();
    expect(local.taken(job)).toHaveLength(1);
  });

  it("fault 22: sends on what is stuck in SENDING since its message died", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAt", fraction: 0.5 });
    await local.drop(job, randomBytes(300_000));
    await local.stack.drain();
    local.stack.queue.purge();
    const { notBefore = 0 } = (await local.row(job)) ?? {};
    local.stack.advanceTime(notBefore - local.stack.runtime.clock() + 29 * MINUTE_MS);
    expect(await take()).toEqual({});
    local.stack.advanceTime(2 * MINUTE_MS);
    expect(await take()).toEqual({ stuckRows: 1, requeued: 1 });
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", claims: 2, posts: 1 });
  });

  it.each([
    [true, "DELIVERED"],
    [false, "NEEDS_REVIEW"],
  ])("fault 23: settles what is stuck in FINALIZING since its message died (accepted: %s)", async (accepts, state) => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts });
    await local.drop(job);
    await local.stack.drain();
    local.stack.queue.purge();
    local.stack.advanceTime(LONG_MS);
    expect(await take()).toEqual({});
    local.stack.advanceTime(HOUR_MS);
    expect(await take()).toEqual({ stuckRows: 1, requeued: 1 });
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state, announced: true });
    expect(local.posts(job)).toHaveLength(1);
  });

  it("announces an end of which nobody was told", async () => {
    const job = local.newJob();
    local.stack.eventBus.refuseNext(1);
    await local.drop(job);
    await local.stack.drain();
    local.stack.queue.purge();
    expect(local.announced(job)).toEqual([]);
    local.stack.advanceTime(LONG_MS);
    expect(await take()).toEqual({ silentRows: 1, requeued: 1 });
    await local.finish();
    expect(local.announced(job)).toEqual(["Media Delivered"]);
    expect(local.posts(job)).toHaveLength(1);
  });

  it("leaves alone what was rejected, and finds what came after it", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ ...PERMANENT, jobId: job });
    await local.drop(job);
    await local.stack.drain();
    local.stack.advanceTime(LONG_MS);
    expect(await take()).toEqual({});
    local.place(job, 2_000, "b.mp4");
    local.stack.advanceTime(LONG_MS);
    expect(await take()).toEqual({ otherObjects: 1, requeued: 1 });
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sizeBytes: 2_000 }]);
  });

  it("leaves alone what was a conflict, even where the job's own medium is rejected after it", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: "job/info", jobId: job, kind: "answer", status: 401, times: 2 });
    await local.drop(job);
    await local.stack.drain();
    await local.pass(6 * 24 * HOUR_MS);
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", error: { type: "GAVE_UP" } });
    await local.drop(job, randomBytes(500), "b.mp4");
    await local.finish();
    local.cielo24.faults.clear();
    local.send({ reject: await local.decision(job) });
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", conflictCount: 1 });
    local.stack.advanceTime(LONG_MS);
    expect(await take()).toEqual({});
  });

  it("finds what waited behind another object until its message died, and has the conflict recorded", async () => {
    const job = local.newJob();
    await local.drop(job);
    await local.finish();
    local.place(job, 2_000, "b.mp4");
    local.stack.advanceTime(LONG_MS);
    expect(await take()).toEqual({ otherObjects: 1, requeued: 1 });
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", conflictCount: 1 });
    expect(await take()).toEqual({});
  });

  it("takes an object for a conflict where the row names only the latest of many", async () => {
    const job = local.newJob();
    await local.drop(job);
    for (let count = 0; count < 11; count += 1) await local.drop(job, randomBytes(10 + count), `b${count}.mp4`);
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", conflictCount: 11 });
    local.stack.advanceTime(LONG_MS);
    expect(await take()).toEqual({});
  });

  it("leaves alone what was deleted", async () => {
    const { key } = local.place(local.newJob());
    await local.s3.send(new DeleteObjectCommand({ Bucket: local.stack.bucketName, Key: key }));
    local.stack.advanceTime(LONG_MS);
    expect(await take()).toEqual({});
  });

  it("says how many messages it could not put back, and puts them back the next time", async () => {
    const job = local.newJob();
    local.place(job);
    local.stack.advanceTime(LONG_MS);
    local.stack.aws.faults.add({ action: "SendMessage", kind: "unavailable", times: 3 });
    expect(await take()).toEqual({ unannouncedObjects: 1, failed: 1 });
    expect(await take()).toEqual({ unannouncedObjects: 1, requeued: 1 });
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
  });

  it.each(["Query", "GetQueueAttributes"])(
    "fails where %s fails, and leaves everything to the next run",
    async (action) => {
      local.stack.aws.faults.add({ action, kind: "unavailable", times: 3 });
      await expect(local.stack.runCensus()).rejects.toThrow();
      expect(await take()).toEqual({});
    },
  );

  it("has an upload given up that never arrived, nine days after it was signed, and no alarm raised", async () => {
    const alice = sendAs(local, { sub: "alice" });
    const job = local.newJob();
    await alice("GET", `/api/job/request_upload_url?v=1&job_id=${job}`);
    local.stack.advanceTime(8 * 24 * HOUR_MS);
    expect(await take()).toEqual({});
    // Its entry in the index ends with a day.
    local.stack.advanceTime(2 * 24 * HOUR_MS + LONG_MS);
    expect(await take()).toEqual({ timedOutUploads: 1, requeued: 1 });
    await local.stack.drain();
    const { body } = await alice("GET", `/api/job/delivery?v=1&job_id=${job}`);
    expect(body).toMatchObject({ State: "REJECTED", Error: { ErrorType: "TIMED_OUT" } });
    expect(local.records()).toContainEqual(
      expect.objectContaining({ message: "upload given up", jobId: job, errorType: "TIMED_OUT" }),
    );
    expect(["UploadTimedOut", "MediaRejected", "CensusFound"].map(local.counted)).toEqual([1, 0, 0]);
    expect(await take()).toEqual({});
    await local.drop(job);
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
  });

  it("says of which delivery cielo24 does not show the media, and is content if cielo24 is down", async () => {
    const job = local.newJob();
    await local.drop(job);
    await local.finish();
    local.stack.advanceTime(HOUR_MS + MINUTE_MS);
    local.cielo24.faults.add({ action: "job/info", kind: "answer", status: 503, times: 10 });
    expect(await local.stack.runCensus()).toMatchObject({ sampled: 0, notShown: 0 });
    local.cielo24.faults.clear();
    expect(await local.stack.runCensus()).toMatchObject({ sampled: 1, notShown: 0 });
    const empty = JSON.stringify({ JobId: job });
    const unknown = JSON.stringify({ ErrorType: "ITEM_NOT_FOUND", ErrorComment: "No such job." });
    const answer = { action: "job/info", jobId: job, kind: "answer" } as const;
    local.cielo24.faults.add({ ...answer, status: 200, body: empty });
    expect(await local.stack.runCensus()).toMatchObject({ sampled: 1, notShown: 1 });
    local.cielo24.faults.clear();
    local.cielo24.faults.add({ ...answer, status: 400, body: unknown, times: 2 });
    expect(await local.stack.runCensus()).toMatchObject({ sampled: 1, notShown: 1 });
    expect(local.counted("MediaNotShown")).toBe(2);
  });
});

describe("the census beside a queue that nobody empties", () => {
  const local = useDrops({ polls: false });

  it("does not fill it: 30 minutes, 1 hour, and then once a day", async () => {
    const { queue } = local.stack;
    // S3's word of its notification.
    queue.purge();
    for (const job of [local.newJob(), local.newJob()]) await local.drop(job);
    const reports: [minutes: number, found: Record<string, number>][] = [];
    for (let minutes = 15; minutes <= 5 * 60; minutes += 15) {
      local.stack.advanceTime(15 * MINUTE_MS);
      const found = amiss(await local.stack.runCensus());
      if (Object.keys(found).length > 0) reports.push([minutes, found]);
    }
    const { visible } = queue.inspect();
    queue.purge();
    const early = reports.filter(([minutes]) => minutes < 120);
    expect(early).toEqual([30, 60].map((minutes) => [minutes, { unannouncedObjects: 2, requeued: 2 }]));
    // After two hours each is looked at once a day: in some run of these three hours, or in none.
    const late = reports.slice(early.length).reduce((sum, [, { requeued = 0 }]) => sum + requeued, 0);
    expect(late).toBeLessThanOrEqual(2);
    expect(visible).toHaveLength(2 + 2 * 2 + late);
    expect(local.counted("CensusFound")).toBe(2 * 2 + late);
  });
});

describe("the census of objects that name no job", () => {
  const local = useDrops();

  it("fault 34: counts those that were quarantined when they came, and leaves them alone, page by page", async () => {
    const place = (key: string, sizeBytes: number) =>
      local.stack.s3.putVirtualObject(local.stack.bucketName, key, sizeBytes, 1);
    for (let count = 0; count < 1_001; count += 1) place(`media/${count}.mp4`, 1);
    place(`media/${"a".repeat(32)}/`, 0);
    place(`media/${"b".repeat(32)}/`, 1);
    place("elsewhere/a.mp4", 1);
    local.stack.advanceTime(LONG_MS);
    const report = await local.stack.runCensus();
    expect(report).toMatchObject({ objects: 1_003, foreignObjects: 1_002, requeued: 0 });
    expect(local.counted("CensusFound")).toBe(0);
    expect(local.stack.queue.inspect().visible).toEqual([]);
  });
});
