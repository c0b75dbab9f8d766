import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { setImmediate as immediate } from "node:timers/promises";
import { useDrops } from "./dropping.ts";

const POST = "POST job/add_media";
const refusal = (ErrorType: string) => JSON.stringify({ ErrorType, ErrorComment: "Said so." });

describe("a drop that cielo24 refuses for good", () => {
  const local = useDrops();

  it.each(["ACCOUNT_UNPRIVILEGED", "ITEM_NOT_FOUND", "INVALID_QUERY", "INVALID_OPTION", "MISSING_PARAMETER"])(
    "fault 13: is REJECTED with the reason after %s, and a new version claims the job again",
    async (type) => {
      const job = local.newJob();
      local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status: 400, body: refusal(type) });
      const refused = await local.drop(job);
      await local.stack.drain();
      expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type, comment: "Said so." } });
      expect(local.announced(job)).toEqual(["Media Rejected"]);

      local.send(local.event(refused));
      await local.stack.drain();
      expect(local.posts(job)).toHaveLength(1);

      await local.drop(job, randomBytes(2_000));
      await local.stack.drain();
      expect(local.taken(job)).toMatchObject([{ sizeBytes: 2_000 }]);
      local.send(local.event(refused));
      await local.stack.drain();
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
      expect(local.posts(job)).toHaveLength(2);
    },
  );

  it("fault 17: is REJECTED before its body is read, and S3 is asked for no more of it", async () => {
    const job = local.newJob();
    const body = refusal("INVALID_OPTION");
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "earlyAnswer", status: 400, body });
    const object = local.place(job, 50_000_000);
    local.send(local.event(object));
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "INVALID_OPTION" } });
    const reads = local.stack.s3.requests.filter((each) => each.operation === "GetObject" && each.key === object.key);
    for (const { sentBytes } of reads) expect(sentBytes).toBeLessThan(object.sizeBytes / 2);
  });

  it("fault 17: is REJECTED before its body is read, and S3 is left alone within a second even where it stalls", async () => {
    const job = local.newJob();
    const body = refusal("INVALID_OPTION");
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "earlyAnswer", status: 400, body });
    const object = local.place(job, 50_000_000);
    local.stack.s3.faults.add({ operation: "GetObject", key: object.key, kind: "stallAfterBytes", atByte: 10 });
    local.send(local.event(object));
    while (local.posts(job).length === 0) await immediate();
    const refusedAt = performance.now();
    while ((await local.row(job))?.state !== "REJECTED") await immediate();
    // Its idle limit is a minute, and nothing is written before both sockets are closed.
    expect(performance.now() - refusedAt).toBeLessThan(1_000);
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "INVALID_OPTION" } });
  });

  it("fault 13: is REJECTED without a POST where cielo24 knows no such job", async () => {
    const job = "f".repeat(32);
    await local.drop(job);
    await local.stack.drain();
    expect(local.posts(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "ITEM_NOT_FOUND" } });
  });

  it("is REJECTED without a POST where the job had its media by other ways", async () => {
    const job = local.newJob();
    const known = local.cielo24.jobs.get(job);
    if (known) Object.assign(known, { mediaAt: 0, mediaBytes: 1, mediaTask: "x" });
    await local.drop(job);
    await local.stack.drain();
    expect(local.posts(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "JOB_HAS_MEDIA" } });
  });
});

describe("a drop to which cielo24 answers what nobody understands", () => {
  const local = useDrops();
  const STRANGE = [
    ["an unknown ErrorType", 400, refusal("BAD_MOOD")],
    ["HTML", 400, "<html>"],
    ["401", 401, ""],
    ["403", 403, ""],
    ["a redirect", 302, ""],
  ] as const;

  it.each(STRANGE)(
    "fault 14: needs review before anything is sent where job/info says %s",
    async (_what, status, body) => {
      const job = local.newJob();
      local.cielo24.faults.add({ action: "job/info", jobId: job, kind: "answer", status, body });
      await local.drop(job);
      await local.stack.drain();
      expect(local.posts(job)).toEqual([]);
      expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW" });
      expect(local.announced(job)).toEqual(["Media Needs Review"]);
    },
  );

  it.each(STRANGE)("fault 14: needs review where %s comes before the last chunk", async (_what, status, body) => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "earlyAnswer", status, body });
    await local.drop(job, randomBytes(1_000_000));
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW" });
    expect(local.posts(job)).toHaveLength(1);
  });

  it.each(STRANGE)(
    "fault 14: is unknown first, then needs review, where %s comes to all of it",
    async (_w, status, body) => {
      const job = local.newJob();
      local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status, body });
      await local.drop(job);
      await local.stack.drain();
      expect(await local.row(job)).toMatchObject({ state: "FINALIZING", everUnknown: true });
      await local.finish();
      expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW" });
      expect(local.posts(job)).toHaveLength(1);
    },
  );
});
