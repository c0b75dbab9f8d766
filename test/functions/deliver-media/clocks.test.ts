import { afterEach, describe, expect, it } from "@jest/globals";
import { startCielo24, type Cielo24Simulator } from "../../../dev/cielo24/server.ts";
import { MINUTE_MS, SECOND_MS, useDrops, type DroppedObject } from "../../harness/drops.ts";
import { startWorker, type Worker } from "../../harness/worker.ts";

const POST = "POST job/add_media";
/** Until what was sent is in job/info, at the latest: SETTLE_S. */
const SETTLE_MS = 1_800 * SECOND_MS;
const LEASE_MS = 960 * SECOND_MS;
const OBJECT_BYTES = 300_000;

// Time stands still but for what a test lets pass, so that the margins are met to the millisecond.
const now = Date.now();
const local = useDrops({ clock: () => now });

let cielo24: Cielo24Simulator;
afterEach(() => cielo24.close());

/** A cielo24 that takes all media, and shows it in job/info as late as the protocol allows. */
const startCareless = async (): Promise<string> => {
  const { credentials, runtime } = local.stack;
  const habits = { enforceOneMedia: false, jobInfoLagMs: SETTLE_MS };
  cielo24 = await startCielo24({ accounts: [credentials], clock: runtime.clock, ...habits });
  return cielo24.addJob();
};
const settings = () => ({ CIELO24_BASE_URL: cielo24.url, RESEND_AFTER_UNKNOWN: "true", PREFLIGHT: "off" });
const clockAhead = (ms: number) => () => local.stack.runtime.clock() + ms;

/**
 * Has a worker begin a delivery, which stops in the middle of its body until the test lets it go on.
 *
 * @param take how the worker comes by its message
 */
const beginDelivery = async (
  object: DroppedObject,
  take: (worker: Worker) => Promise<boolean>,
  clock: () => number = local.stack.runtime.clock,
) => {
  const { promise: gate, resolve: letGoOn } = Promise.withResolvers<undefined>();
  const { promise: paused, resolve: pause } = Promise.withResolvers<undefined>();
  const sleep = async () => {
    pause(undefined);
    await gate;
  };
  const fault = { operation: "GetObject", key: object.key, kind: "resetAfterBytes", atByte: 100_000 } as const;
  local.stack.s3.faults.add(fault);
  const isGone = take(startWorker(local.stack, { env: settings(), clock, sleep }));
  await paused;
  return {
    goOn: () => {
      letGoOn(undefined);
      return isGone;
    },
  };
};

describe("workers whose clocks are five minutes apart", () => {
  it.each([
    [0, 5],
    [-5, 0],
    [0, -5],
    [5, 0],
  ])(
    "fault 43: bring no second media where an answer is lost (the sender %d minutes ahead, the others %d)",
    async (sender, others) => {
      const job = await startCareless();
      cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts: true });
      const env = settings();
      const sending = startWorker(local.stack, { env, clock: clockAhead(sender * MINUTE_MS) });
      expect(await sending.take(local.event(local.place(job)))).toBe(false);
      expect(await local.row(job)).toMatchObject({ state: "FINALIZING", everUnknown: true });

      const looking = startWorker(local.stack, { env, clock: clockAhead(others * MINUTE_MS) });
      for (let takes = 1; !(await looking.takeNext()); takes += 1) expect(takes).toBeLessThan(20);
      expect(cielo24.posts).toHaveLength(1);
      expect(cielo24.acceptances).toMatchObject([{ jobId: job }]);
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1 });
    },
  );

  it("fault 43: bring one media where the one ahead takes over from a sender who still has time", async () => {
    const job = await startCareless();
    const object = local.place(job, OBJECT_BYTES);
    const { goOn } = await beginDelivery(object, (worker) => worker.take(local.event(object)));
    local.stack.advanceTime(LEASE_MS - 5 * MINUTE_MS + 1);
    const ahead = startWorker(local.stack, { env: settings(), clock: clockAhead(5 * MINUTE_MS) });
    expect(await ahead.take(local.event(object))).toBe(true);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", claims: 2, posts: 1 });

    expect(await goOn()).toBe(false);
    expect(local.reasons(job)).toEqual(["delivered", "lostClaim"]);
    expect(await ahead.takeNext()).toBe(true);
    expect(cielo24.posts).toMatchObject([{ outcome: "accepted" }, { outcome: "cutShort" }]);
    expect(cielo24.acceptances).toHaveLength(1);
  });

  it("fault 43: leave a sender alone whose lease is over by the clock of one behind only later", async () => {
    const job = await startCareless();
    const object = local.place(job, OBJECT_BYTES);
    const { goOn } = await beginDelivery(object, (worker) => worker.take(local.event(object)));
    local.stack.advanceTime(LEASE_MS - 5 * MINUTE_MS + 1);
    const behind = startWorker(local.stack, { env: settings(), clock: clockAhead(-5 * MINUTE_MS) });
    expect(await behind.take(local.event(object))).toBe(false);
    expect(local.reasons(job)).toEqual(["underWay"]);
    expect(await goOn()).toBe(true);
    expect(cielo24.posts).toMatchObject([{ outcome: "accepted" }]);
    expect(cielo24.acceptances).toHaveLength(1);
  });
});

describe("a worker that was frozen until its lease had passed to another", () => {
  /** Its clock stood still for most of that: for all it knows, there is time enough. */
  const freezeInBody = async (job: string) => {
    const startedAt = local.stack.runtime.clock();
    const clock = () => Math.max(local.stack.runtime.clock() - 10 * MINUTE_MS, startedAt);
    const object = local.place(job, OBJECT_BYTES);
    return { object, ...(await beginDelivery(object, (worker) => worker.take(local.event(object)), clock)) };
  };

  it("fault 24: has its write refused when it wakes up, and never sends the last chunk", async () => {
    const job = await startCareless();
    const { goOn } = await freezeInBody(job);
    expect(await startWorker(local.stack, { env: settings() }).takeNext()).toBe(true);
    const delivered = await local.row(job);
    expect(delivered).toMatchObject({ state: "DELIVERED", claims: 2, posts: 1 });

    await goOn();
    expect(local.reasons(job)).toEqual(["delivered", "lostClaim"]);
    expect(cielo24.posts).toMatchObject([{ outcome: "accepted" }, { outcome: "cutShort" }]);
    expect(cielo24.posts[1]?.receivedBytes).toBeLessThanOrEqual(OBJECT_BYTES - 64 * 1024);
    expect(cielo24.acceptances).toHaveLength(1);
    expect(await local.row(job)).toEqual(delivered);
  });

  it("fault 24: leaves the row to the other where that is still sending", async () => {
    const job = await startCareless();
    const first = await freezeInBody(job);
    const second = await beginDelivery(first.object, (worker) => worker.takeNext());
    const taken = await local.row(job);
    expect(taken).toMatchObject({ state: "SENDING", claims: 2 });

    await first.goOn();
    expect(await local.row(job)).toEqual(taken);
    expect(await second.goOn()).toBe(true);
    expect(cielo24.posts).toMatchObject([{ outcome: "cutShort" }, { outcome: "accepted" }]);
    expect(cielo24.acceptances).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
  });
});
