import { beforeAll, describe, expect, it } from "@jest/globals";
import { FATES, faultOf } from "../../dev/cielo24/fates.ts";
import { sampleJobsOf, type NewSampleJob } from "../../dev/sample-jobs.ts";
import { sendAs } from "../harness/api.ts";
import { MINUTE_MS, useDrops } from "../harness/drops.ts";

const local = useDrops();
let newSampleJob: NewSampleJob;
beforeAll(() => {
  const made = sampleJobsOf(local.stack);
  if (!made) throw new Error("The stack has a simulated cielo24");
  newSampleJob = made;
});

describe("media for a sample job", () => {
  it("is delivered if the job has no fate", async () => {
    const job = newSampleJob();
    await local.drop(job);
    await local.finish();
    expect(await local.shown(job)).toMatchObject({ State: "DELIVERED" });
  });

  it("is refused by cielo24, in its own words: rejects", async () => {
    const job = newSampleJob("rejects");
    await local.drop(job);
    await local.finish();
    expect(await local.shown(job)).toMatchObject({
      State: "REJECTED",
      Error: { ErrorType: "INVALID_QUERY", ErrorComment: "The file holds no media that can be captioned." },
    });
  });

  it("is taken, and nobody knows whether it was accepted: never-answers", async () => {
    const job = newSampleJob("never-answers");
    await local.drop(job);
    await local.stack.drain();
    expect(await local.shown(job)).toMatchObject({
      State: "UNKNOWN",
      Waiting: { ErrorType: "CIELO24_ANSWER_UNKNOWN" },
    });
  });

  it("waits, and is delivered once cielo24 is up again, two minutes after it was first asked: down", async () => {
    const job = newSampleJob("down");
    await local.pass(5 * MINUTE_MS);
    await local.drop(job);
    await local.stack.drain();
    expect(await local.shown(job)).toMatchObject({ State: "SENDING", Waiting: { ErrorType: "CIELO24_UNAVAILABLE" } });
    await local.pass(2 * MINUTE_MS);
    await local.finish();
    expect(await local.shown(job)).toMatchObject({ State: "DELIVERED" });
  });

  it("is put before a person at once: needs-review", async () => {
    const job = newSampleJob("needs-review");
    await local.drop(job);
    await local.stack.drain();
    expect(await local.shown(job)).toMatchObject({ State: "NEEDS_REVIEW", Error: { ErrorType: "GAVE_UP" } });
  });
});

it("happens to media that comes in the body of a call, too", async () => {
  const send = sendAs(local, { sub: "somebody", scope: "media.write" });
  const rejects = newSampleJob("rejects");
  const answer = await send("POST", `/api/job/add_media?v=1&job_id=${rejects}`, {
    headers: { "content-type": "video/mp4" },
    body: Buffer.alloc(100),
  });
  expect(answer.body).toMatchObject({ ErrorType: "INVALID_QUERY" });
});

it("is read by cielo24 over half a minute: slow", () => {
  expect(faultOf("slow", "0".repeat(32))).toMatchObject({
    action: "job/add_media",
    kind: "slowReading",
    overMs: 30_000,
  });
});

it("has a sentence for every fate", () => {
  for (const meaning of Object.values(FATES)) expect(meaning).toMatch(/^cielo24\b.*[^.]$/);
});
