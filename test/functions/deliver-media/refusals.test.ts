import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { useDrops } from "../../harness/drops.ts";
import { until } from "../../harness/until.ts";

const POST = "POST job/add_media";
const refusal = (ErrorType: string) => JSON.stringify({ ErrorType, ErrorComment: "Said so." });

describe("a drop that cielo24 refuses for good", () => {
  const local = useDrops({ env: { PREFLIGHT: "off" } });

  it.each(["ITEM_NOT_FOUND", "INVALID_QUERY", "INVALID_OPTION", "MISSING_PARAMETER", "INVALID_URL"])(
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
    await until(() => local.posts(job).length > 0);
    const refusedAt = performance.now();
    await until(async () => (await local.row(job))?.state === "REJECTED");
    // Its idle limit is a minute, and nothing is written before both sockets are closed.
    expect(performance.now() - refusedAt).toBeLessThan(1_000);
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "INVALID_OPTION" } });
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

describe("a drop to all of which cielo24 answers what nobody understands", () => {
  const local = useDrops({ env: { PREFLIGHT: "off" } });

  it.each([
    ["an unknown ErrorType", 400, refusal("BAD_MOOD")],
    ["HTML", 400, "<html>"],
    ["a page with 200", 200, "<html>"],
    ["a redirect", 302, ""],
    ["401", 401, ""],
    ["403", 403, ""],
    ["404", 404, "<html>"],
    ["413", 413, ""],
  ])("fault 14: is unknown first, then needs review, behind %s", async (_what, status, body) => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status, body });
    await local.drop(job);
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "FINALIZING", everUnknown: true });
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", error: { type: "ANSWER_UNKNOWN" } });
    expect(local.posts(job)).toHaveLength(1);
  });
});
