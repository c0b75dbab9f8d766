import { describe, expect, it } from "@jest/globals";
import { DAY_MS, HOUR_MS, MINUTE_MS, useDrops } from "./dropping.ts";

describe("a whole day's outage of cielo24", () => {
  const local = useDrops({ maximumConcurrency: 10 });

  it("loses no drop: each is delivered once when it is back, by its first attempt", async () => {
    const early = Array.from({ length: 3 }, () => local.newJob());
    const late = Array.from({ length: 2 }, () => local.newJob());
    local.cielo24.faults.add({ action: "job/info", kind: "answer", status: 503, times: Infinity });
    const start = local.stack.runtime.clock();
    for (const job of early) await local.drop(job);
    await local.stack.drain();
    let most = 0;
    let arrived = 0;
    while (local.stack.queue.nextVisibleAt() < start + DAY_MS) {
      await local.passToNextMessage();
      const job = late[arrived];
      if (job !== undefined && local.stack.runtime.clock() - start > (arrived + 1) * 8 * HOUR_MS) {
        await local.drop(job);
        await local.stack.drain();
        arrived += 1;
      }
      most = Math.max(most, ...local.waitsMs());
    }
    expect(local.cielo24.posts).toEqual([]);
    expect(local.waiting()).toHaveLength(5);
    expect(most).toBeLessThanOrEqual(HOUR_MS + MINUTE_MS);
    // Age decides, after six days: the queue's 1000 receives have to last for longer.
    expect(Math.max(...local.waiting().map(({ receiveCount }) => receiveCount))).toBeLessThan(1000 / 7);

    local.cielo24.faults.clear();
    await local.finish();
    for (const job of [...early, ...late]) {
      expect(local.taken(job)).toHaveLength(1);
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1 });
      expect(local.announced(job)).toEqual(["Media Delivered"]);
    }
    expect(local.stack.deadLetterQueue.inspect().visible).toEqual([]);
  });
});
