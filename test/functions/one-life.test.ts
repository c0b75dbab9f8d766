import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { sendAs } from "../harness/api.ts";
import { MINUTE_MS, useDrops } from "../harness/drops.ts";

const POST = "POST job/add_media";
const TRACE_ID = "1-5759e988-bd862e3fe1be46a994272793";

describe("one filter on a job", () => {
  const local = useDrops({ env: { _X_AMZN_TRACE_ID: `Root=${TRACE_ID};Parent=53995c3f42cd8ad8;Sampled=1` } });
  const alice = sendAs(local, { sub: "alice" });

  /** What `filter jobId = "…" | sort time` shows, metrics included. */
  const found = (job: string) => local.records().filter((record) => record["jobId"] === job);
  const messages = (job: string) => found(job).flatMap(({ service, message }) => (message ? [[service, message]] : []));

  it("finds an upload's signature, its attempts, the wait between them, its delivery, and who asked for it", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAt", fraction: 0.5 });
    const { body } = await alice("GET", `/api/job/request_upload_url?v=1&job_id=${job}&filename=a.mp4`);
    await fetch(String(body["upload_url"]), { method: "PUT", body: randomBytes(1_000_000) });
    await local.finish();
    await alice("GET", `/api/job/delivery?v=1&job_id=${job}`);

    expect(messages(job)).toEqual([
      ["sign-upload", "an upload begins"],
      ["sign-upload", "request answered"],
      ["deliver-media", "delivery is tried"],
      ["deliver-media", "delivery goes on later"],
      ["deliver-media", "the message comes back"],
      ["deliver-media", "delivery is tried"],
      ["deliver-media", "delivery has ended"],
      ["delivery-status", "request answered"],
    ]);
    const [, uploadId] = /^media\/[0-9a-f]{32}\/([0-9a-f]{32})\//.exec(String(body["key"])) ?? [];
    const lines = found(job);
    const ofDelivery = lines.filter(({ service }) => service === "deliver-media");
    expect(ofDelivery.length).toBeGreaterThan(5);
    for (const line of ofDelivery)
      expect(line).toMatchObject({
        uploadId,
        requestId: expect.any(String),
        messageId: expect.any(String),
        receiveCount: expect.any(Number),
      });
    expect(lines.filter(({ attempt }) => attempt !== undefined).map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(lines.filter(({ message }) => message === "request answered")).toEqual([
      expect.objectContaining({ requestId: expect.any(String), invocationId: expect.any(String) }),
      expect.objectContaining({ requestId: expect.any(String), invocationId: expect.any(String) }),
    ]);
    for (const line of lines) expect(line["traceId"]).toBe(TRACE_ID);
    expect(lines.find((line) => "MediaDelivered" in line)).toMatchObject({ DropInTime: 1 });
  });

  it("finds a call with its media, by the id of its request", async () => {
    const job = local.newJob();
    await alice("POST", `/api/job/add_media?v=1&job_id=${job}`, {
      headers: { "content-type": "video/mp4" },
      body: Buffer.from("media"),
    });
    await local.finish();
    const ofCall = found(job).filter(({ service }) => service === "add-media");
    expect(ofCall.map(({ message }) => message)).toEqual([
      "delivery is tried",
      undefined,
      "delivery has ended",
      "request answered",
    ]);
    expect(new Set(ofCall.map(({ requestId }) => requestId)).size).toBe(1);
  });
});

describe("the promise to drops", () => {
  const local = useDrops();
  const inTime = () => [local.counted("DropInTime"), local.counted("DropLate")];

  it("is kept where cielo24 has the media after minutes, by the time since the drop", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAt", fraction: 0.5 });
    await local.drop(job);
    await local.finish();
    expect(inTime()).toEqual([1, 0]);
    expect(local.counted("SecondsFromDrop")).toBeGreaterThan(60);
    expect(local.counted("SecondsFromDrop")).toBeLessThan(600);
  });

  it("is broken once, while cielo24 is still down, however long that lasts", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "earlyAnswer", status: 503, body: "", times: 5 });
    await local.drop(job);
    await local.passWhole(11 * MINUTE_MS);
    local.stack.advanceTime(60 * MINUTE_MS);
    await local.stack.drain();
    expect(inTime()).toEqual([0, 1]);
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", late: true });
    expect(inTime()).toEqual([0, 1]);
    expect(local.counted("SecondsFromDrop")).toBeGreaterThan(600);
  });

  it("is broken where a person has to look at it", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAt", fraction: 0.5, times: 50 });
    local.stack.ageMessages(job, (6 * 24 + 1) * 60 * MINUTE_MS);
    await local.drop(job);
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW" });
    expect(inTime()).toEqual([0, 1]);
  });

  it("says nothing of a caller's media, nor of media that was rejected", async () => {
    const alice = sendAs(local, { sub: "alice" });
    await alice("POST", `/api/job/add_media?v=1&job_id=${local.newJob()}`, {
      headers: { "content-type": "video/mp4" },
      body: Buffer.from("media"),
    });
    await local.drop(local.newJob(), Buffer.alloc(0));
    await local.finish();
    expect(inTime()).toEqual([0, 0]);
  });
});
