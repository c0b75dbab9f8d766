import { beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { Build } from "../../dev/stack/lambda.ts";
import type { StackOptions } from "../../dev/stack.ts";
import { build as buildPresent } from "../../functions/deliver-media/handler.ts";
import { sendAs } from "../harness/api.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, useDrops, type DroppedObject } from "../harness/drops.ts";
import { startWorker } from "../harness/worker.ts";
import { describeWithLastRelease, LAST_RELEASE, loadFromLastRelease } from "./last-release.ts";

/** This release and the last one at work on the same jobs of one stack: while a stage is upgraded, and once it is rolled back. */

type Release = "last" | "present";
const UPGRADE: [Release, Release] = ["last", "present"];
const ROLLBACK: [Release, Release] = ["present", "last"];
const WAYS = [UPGRADE, ROLLBACK];
const POST = "POST job/add_media";
const LEASE_MS = 16 * MINUTE_MS;
/** The body is read to this byte. */
const OBJECT_BYTES = 300_000;

let buildLast: Build;

/** A stack whose messages go to one of the releases. */
const useReleases = (options: StackOptions = {}) => {
  let running: Release = "present";
  const local = useDrops({
    ...options,
    functions: {
      "deliver-media": (runtime) => {
        const handlers = { last: buildLast(runtime), present: buildPresent(runtime) as ReturnType<Build> };
        return (event, context) => handlers[running](event, context);
      },
    },
  });
  beforeEach(() => {
    running = "present";
  });
  return Object.assign(local, {
    /** Says which release takes messages from now on. */
    run: (release: Release) => {
      running = release;
    },
  });
};

describeWithLastRelease()(`deliver-media of ${LAST_RELEASE.version} and of this release`, () => {
  beforeAll(async () => {
    buildLast = await loadFromLastRelease("deliver-media");
  });

  describe.each(WAYS)("what the %s one began and the %s one goes on with:", (first, second) => {
    const local = useReleases();
    const careless = useReleases({ enforceOneMedia: false });
    const pulled = useReleases({ env: { DELIVERY_MODE: "url" } });

    it("media whose answer was lost is settled, and sent once", async () => {
      const job = careless.newJob();
      careless.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts: true });
      careless.run(first);
      await careless.drop(job);
      await careless.stack.drain();
      careless.run(second);
      await careless.finish();
      expect(careless.taken(job)).toHaveLength(1);
      expect(careless.posts(job)).toHaveLength(1);
      expect(await careless.row(job)).toMatchObject({ state: "DELIVERED", everUnknown: true });
      expect(careless.announced(job)).toEqual(["Media Delivered"]);
    });

    it("media that cielo24 never shows is put before a person, and an operator's decision is carried out", async () => {
      const job = local.newJob();
      local.cielo24.faults.add({ action: POST, jobId: job, kind: "resetAfterBody", accepts: false });
      local.run(first);
      await local.drop(job);
      await local.finish();
      expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW" });
      local.run(second);
      local.send({ resend: await local.decision(job) });
      await local.finish();
      expect(local.taken(job)).toHaveLength(1);
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
    });

    it("media that cielo24 answered with an error is sent again after the same time", async () => {
      const job = careless.newJob();
      careless.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status: 503 });
      careless.run(first);
      await careless.drop(job);
      await careless.stack.drain();
      const { settledAt = 0 } = (await careless.row(job)) ?? {};
      careless.run(second);
      await careless.passWhole(settledAt - careless.stack.runtime.clock() - MINUTE_MS);
      expect(careless.posts(job)).toHaveLength(1);
      await careless.finish();
      expect(careless.taken(job)).toHaveLength(1);
      expect(await careless.row(job)).toMatchObject({ state: "DELIVERED", posts: 2 });
    });

    it("media that waits for cielo24 goes on", async () => {
      const job = local.newJob();
      local.run(first);
      local.cielo24.faults.add({ action: "*", jobId: job, kind: "away", times: 1_000 });
      await local.drop(job);
      await local.stack.drain();
      await local.passWhole(HOUR_MS);
      expect(await local.row(job)).toMatchObject({ state: "SENDING", waiting: { type: "CIELO24_UNAVAILABLE" } });
      local.cielo24.faults.clear();
      local.run(second);
      await local.finish();
      expect(local.taken(job)).toHaveLength(1);
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
    });

    it("media that was handed over is settled once cielo24 has pulled it", async () => {
      const job = pulled.newJob();
      pulled.run(first);
      await pulled.drop(job);
      await pulled.stack.drain();
      expect(await pulled.row(job)).toMatchObject({ state: "FINALIZING", handOver: true });
      await pulled.cielo24.settled();
      pulled.run(second);
      await pulled.finish();
      expect(pulled.taken(job)).toHaveLength(1);
      expect(await pulled.row(job)).toMatchObject({ state: "DELIVERED" });
    });

    it("media that was rejected is not sent again, and the job is free for other media", async () => {
      const job = local.newJob();
      const body = JSON.stringify({ ErrorType: "INVALID_OPTION", ErrorComment: "No." });
      local.cielo24.faults.add({ action: POST, jobId: job, kind: "answer", status: 400, body });
      local.run(first);
      const object = await local.drop(job, undefined, "a.mp4");
      await local.finish();
      expect(await local.row(job)).toMatchObject({ state: "REJECTED", announced: true });
      local.run(second);
      local.send(local.event(object));
      await local.finish();
      expect(local.posts(job)).toHaveLength(1);
      await local.drop(job, undefined, "b.mp4");
      await local.finish();
      expect(local.taken(job)).toHaveLength(1);
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED", rejected: [expect.any(String)] });
    });

    it("media that was delivered is not sent again, and other media is recorded as a conflict", async () => {
      const job = careless.newJob();
      careless.run(first);
      const object = await careless.drop(job, undefined, "a.mp4");
      await careless.finish();
      careless.run(second);
      careless.send(careless.event(object));
      await careless.drop(job, undefined, "b.mp4");
      await careless.finish();
      expect(careless.posts(job)).toHaveLength(1);
      expect(await careless.row(job)).toMatchObject({ state: "DELIVERED", conflictCount: 1 });
    });

    it("an end whose event was not out is announced", async () => {
      const job = local.newJob();
      local.run(first);
      local.stack.eventBus.refuseNext(100);
      await local.drop(job);
      // Until the first one has tried to announce it, and a minute more than any other leaves it to that one.
      await local.hurry(SECOND_MS, () => local.taken(job).length > 0);
      await local.stack.drain();
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
      expect(await local.row(job)).not.toHaveProperty("announced");
      local.stack.eventBus.refuseNext(0);
      local.run(second);
      await local.finish();
      expect(local.announced(job)).toEqual(["Media Delivered"]);
    });
  });

  describe.each(WAYS)(
    "while a worker of the %s one is in the middle of a body, and the %s one begins:",
    (first, second) => {
      const local = useReleases({ enforceOneMedia: false });
      const start = (release: Release, sleep?: () => Promise<void>) =>
        startWorker(local.stack, {
          env: { PREFLIGHT: "off" },
          ...(release === "last" ? { build: buildLast } : {}),
          ...(sleep ? { sleep } : {}),
        });

      /** A delivery that stops in the middle of its body until the test lets it go on. */
      const beginDelivery = async (object: DroppedObject) => {
        const { promise: gate, resolve: letGoOn } = Promise.withResolvers<undefined>();
        const { promise: paused, resolve: pause } = Promise.withResolvers<undefined>();
        const fault = { operation: "GetObject", key: object.key, kind: "resetAfterBytes", atByte: 100_000 } as const;
        local.stack.s3.faults.add(fault);
        const worker = start(first, async () => {
          pause(undefined);
          await gate;
        });
        const isGone = worker.take(local.event(object));
        await paused;
        return () => {
          letGoOn(undefined);
          return isGone;
        };
      };

      it("the same message, come twice, is left to it, and it finishes what it began", async () => {
        const job = local.newJob();
        const object = local.place(job, OBJECT_BYTES);
        const goOn = await beginDelivery(object);
        expect(await start(second).take(local.event(object))).toBe(false);
        expect(local.reasons(job)).toEqual(["underWay"]);
        expect(await goOn()).toBe(true);
        expect(local.posts(job)).toMatchObject([{ outcome: "accepted" }]);
        expect(await local.row(job)).toMatchObject({ state: "DELIVERED", claims: 1 });
      });

      it("fault 71: its claim is taken over once the lease is over, and then it never sends its last chunk", async () => {
        const job = local.newJob();
        const object = local.place(job, OBJECT_BYTES);
        const goOn = await beginDelivery(object);
        local.stack.advanceTime(LEASE_MS + SECOND_MS);
        local.run(second);
        local.send(local.event(object));
        await local.stack.drain();
        const delivered = await local.row(job);
        expect(delivered).toMatchObject({ state: "DELIVERED", claims: 2 });
        await goOn();
        expect(local.taken(job)).toHaveLength(1);
        expect(await local.row(job)).toEqual(delivered);
      });
    },
  );

  describe("the index of open rows", () => {
    const local = useReleases();
    const asAdmin = sendAs(local, { sub: "root", scope: "admin" });

    it("lacks what the last release left behind: the census finds that by its object, within a day", async () => {
      const job = local.newJob();
      local.run("last");
      local.cielo24.faults.add({ action: "*", jobId: job, kind: "away", times: 1_000 });
      await local.drop(job);
      await local.stack.drain();
      expect(await local.row(job)).toMatchObject({ state: "SENDING" });
      local.cielo24.faults.clear();
      local.stack.queue.purge();
      local.run("present");
      for (let quarters = 0; quarters < 97 && local.taken(job).length === 0; quarters += 1) {
        await local.pass(DAY_MS / 96);
        await local.stack.runCensus();
        await local.stack.drain();
      }
      await local.finish();
      expect(local.taken(job)).toHaveLength(1);
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED", announced: true });
    });

    it("keeps an entry of what the last release ended, which the census looks at and leaves alone", async () => {
      const job = local.newJob();
      await asAdmin("GET", `/api/job/request_upload_url?v=1&job_id=${job}&filename=a.mp4`);
      local.run("last");
      await local.drop(job);
      await local.finish();
      const ended = await local.row(job);
      expect(ended).toMatchObject({ state: "DELIVERED", announced: true });
      local.run("present");
      local.stack.advanceTime(10 * DAY_MS);
      const due: string[] = [];
      for await (const each of local.stack.ledger.listDue(local.stack.runtime.clock())) due.push(each);
      expect(due).toContain(job);
      const { findings } = await local.stack.runCensus();
      expect(findings.filter(({ jobId }) => jobId === job)).toEqual([]);
      expect(await local.row(job)).toEqual(ended);
    });
  });

  describe("what the last release cannot know", () => {
    const local = useReleases();
    const asAdmin = sendAs(local, { sub: "root", scope: "admin" });

    it("a cancellation: what arrives after a rollback is delivered, once, as docs/upgrading.md says", async () => {
      const job = local.newJob();
      await asAdmin("GET", `/api/job/request_upload_url?v=1&job_id=${job}&filename=a.mp4`);
      await asAdmin("DELETE", `/api/job/delivery?v=1&job_id=${job}`);
      expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "CANCELLED" } });
      local.run("last");
      await local.drop(job);
      await local.finish();
      expect(local.taken(job)).toHaveLength(1);
    });
  });
});
