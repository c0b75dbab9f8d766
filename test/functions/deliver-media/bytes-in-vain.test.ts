import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { HOUR_MS, MINUTE_MS, useDrops } from "../../harness/drops.ts";

const SIZE_BYTES = 1_000_000;

describe("a drop whose bytes are carried in vain again and again", () => {
  const local = useDrops();

  it("fault 55: is told of once it has cost five times its size, by an event that names the job, and waits for longer", async () => {
    const job = local.newJob();
    const fault = { action: "POST job/add_media", jobId: job, kind: "resetAt", fraction: 0.9 } as const;
    local.cielo24.faults.add({ ...fault, times: Infinity });
    const { key, versionId } = await local.drop(job, randomBytes(SIZE_BYTES));
    await local.stack.drain();
    const carried = async () => {
      const { bytesInVain = 0, sentBytes = 0 } = (await local.row(job)) ?? {};
      return bytesInVain + sentBytes;
    };
    while ((await carried()) <= 5 * SIZE_BYTES) {
      expect(local.counted("BytesCarriedInVain")).toBe(0);
      expect(local.waitsMs()[0]).toBeLessThanOrEqual(HOUR_MS + MINUTE_MS);
      await local.passToNextMessage();
    }
    expect(local.posts(job).length).toBeGreaterThanOrEqual(5);
    expect(local.counted("BytesCarriedInVain")).toBe(1);
    expect(local.announced(job)).toEqual(["Media Delayed"]);
    const told = local.events().find(({ detailType }) => detailType === "Media Delayed")?.detail;
    expect(told).toMatchObject({
      JobId: job,
      State: "SENDING",
      Reason: { ErrorType: "CIELO24_UNAVAILABLE" },
      Key: key,
      VersionId: versionId,
      SizeBytes: SIZE_BYTES,
      BytesCarriedInVain: await carried(),
      Attempts: local.posts(job).length,
    });

    const hours: number[] = [];
    for (let count = 0; count < 7; count += 1) {
      hours.push(Math.round((local.waitsMs()[0] ?? 0) / HOUR_MS));
      await local.passToNextMessage();
    }
    // Nine tenths of the media each time: one, two and four hours, then six.
    expect([...new Set(hours)]).toEqual([1, 2, 4, 6]);
    expect(hours.slice(-3)).toEqual([6, 6, 6]);
    // Told once, at the crossing.
    expect(local.counted("BytesCarriedInVain")).toBe(1);
    expect(local.announced(job)).toEqual(["Media Delayed"]);

    local.cielo24.faults.clear();
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1 });
    expect(local.announced(job)).toEqual(["Media Delayed", "Media Delivered"]);
  });

  it("fault 55: goes on where the event of the delay is not out", async () => {
    const job = local.newJob();
    const fault = { action: "POST job/add_media", jobId: job, kind: "resetAt", fraction: 0.9 } as const;
    local.cielo24.faults.add({ ...fault, times: 8 });
    local.stack.eventBus.refuseNext(1);
    await local.drop(job, randomBytes(SIZE_BYTES));
    await local.finish();
    expect(local.counted("BytesCarriedInVain")).toBe(1);
    expect(local.taken(job)).toHaveLength(1);
    expect(local.announced(job)).toEqual(["Media Delivered"]);
  });
});
