import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { DAY_MS, HOUR_MS, useDrops } from "../../harness/drops.ts";

/** Ten random bytes are a text now and then, which is no media. */
const mediaBytes = () => randomBytes(1_000);

const REFUSAL = {
  action: "POST job/add_media",
  kind: "answer",
  status: 400,
  body: JSON.stringify({ ErrorType: "INVALID_OPTION", ErrorComment: "No." }),
} as const;

describe("a rejection, with media kept for 365 days", () => {
  const local = useDrops({ env: { MEDIA_RETENTION_DAYS: "365" } });

  it("outlives every version of its object: neither a message nor the census brings it back", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ ...REFUSAL, jobId: job });
    const object = await local.drop(job);
    await local.finish();
    const { expiresAt = 0 } = (await local.row(job)) ?? {};
    // Kept for 365 days while it is current, and for as long again once it is not.
    expect(expiresAt * 1000).toBeGreaterThan(local.stack.runtime.clock() + 2 * 365 * DAY_MS);
    for (const day of [91, 364, 729]) {
      local.stack.advanceTime(day * DAY_MS - (local.stack.runtime.clock() % DAY_MS) - HOUR_MS);
      if (local.stack.runtime.clock() > expiresAt * 1000) break;
      local.send(local.event(object));
      await local.finish();
      expect(await local.stack.runCensus()).toMatchObject({ requeued: 0 });
    }
    expect(local.posts(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "REJECTED" });
  });
});

describe("more rejections than twenty for one job", () => {
  const local = useDrops();

  it("leave none of them forgotten: the first object is not sent again", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ ...REFUSAL, jobId: job, times: 22 });
    const first = await local.drop(job, mediaBytes(), "a0.mp4");
    await local.finish();
    for (let count = 1; count < 22; count += 1) {
      await local.drop(job, mediaBytes(), `a${count}.mp4`);
      await local.finish();
    }
    expect((await local.row(job))?.rejected).toHaveLength(22);
    local.send(local.event(first));
    await local.finish();
    local.stack.advanceTime(HOUR_MS);
    expect(await local.stack.runCensus()).toMatchObject({ requeued: 0 });
    await local.finish();
    expect(local.posts(job)).toHaveLength(22);
    expect(local.reasons(job).at(-1)).toBe("rejected");

    await local.drop(job, randomBytes(2_000), "z.mp4");
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sizeBytes: 2_000 }]);
  });
});
