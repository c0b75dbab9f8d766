import { PutObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect, it } from "@jest/globals";
import type { S3Event } from "aws-lambda";
import { randomBytes } from "node:crypto";
import { createQueueHandler, type Worker } from "../../../functions/deliver-media/worker.ts";
import { objectId } from "../../../lib/media/key.ts";
import { createObservability } from "../../../lib/observability.ts";
import { SECOND_MS, useDrops, type DroppedObject } from "../../harness/drops.ts";
import { lambdaContext } from "../../harness/http-event.ts";
import { memoryLedger } from "../../harness/memory-ports.ts";
import { testRuntime } from "../../harness/runtime.ts";
import { sha256 } from "../../harness/sha256.ts";

const idOf = ({ key, versionId }: DroppedObject) => objectId(key, versionId);

describe("an operator's object that is no media by its name", () => {
  const local = useDrops();

  it.each([".DS_Store", "._lecture.mp4", "lecture.mp4.part", ".lecture.mp4.Ab12Cd", "desktop.ini"])(
    "fault 61: is ignored, with a count and a record that does not repeat the name: %s",
    async (name) => {
      const job = local.newJob();
      await local.drop(job, randomBytes(1_000), name);
      await local.stack.drain();
      expect(local.waiting()).toEqual([]);
      expect(local.counted("ObjectIgnored")).toBe(1);
      expect(local.records()).toContainEqual(
        expect.objectContaining({ message: "an object's name says that it is no media; it is ignored", jobId: job }),
      );
      expect(JSON.stringify(local.records())).not.toContain(name);
      expect(await local.row(job)).toBeUndefined();
      expect(local.announced(job)).toEqual([]);
    },
  );

  it("is not quarantined beside the jobs' folders, either", async () => {
    await local.s3.send(
      new PutObjectCommand({ Bucket: local.stack.bucketName, Key: "media/.DS_Store", Body: Buffer.from("x") }),
    );
    await local.stack.drain();
    expect([local.counted("ObjectIgnored"), local.counted("MediaQuarantined")]).toEqual([1, 0]);
  });

  it("fault 61: does not take the job from the media that comes with it: a folder of a Mac", async () => {
    const job = local.newJob();
    const film = randomBytes(2_000);
    for (const name of [".DS_Store", "._lecture.mp4", "lecture.srt", "poster.jpg"])
      await local.drop(job, randomBytes(100), name);
    await local.drop(job, film, "lecture.mp4");
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(film) }]);
    expect(local.counted("MediaConflict")).toBe(0);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
  });
});

describe("a sidecar", () => {
  const local = useDrops();

  it("fault 61: of a job with media is marked on its row, which it leaves as it is", async () => {
    const job = local.newJob();
    await local.drop(job, randomBytes(1_000), "lecture.mp4");
    await local.stack.drain();
    const before = await local.row(job);
    const sidecars = [await local.drop(job, undefined, "lecture.srt"), await local.drop(job, undefined, "notes.pdf")];
    await local.finish();
    for (const each of sidecars) local.send(local.event(each));
    await local.finish();
    expect(await local.row(job)).toEqual({ ...before, sidecars: expect.any(Array) });
    expect([...((await local.row(job))?.sidecars ?? [])].sort()).toEqual(sidecars.map(idOf).sort());
    expect(local.taken(job)).toHaveLength(1);
    expect([local.counted("MediaConflict"), local.counted("SurplusObjects"), local.counted("MediaMissing")]).toEqual([
      0, 0, 0,
    ]);
    expect(local.announced(job)).toEqual(["Media Delivered"]);
  });

  it("is one of the last ten that the row names", async () => {
    const job = local.newJob();
    await local.drop(job);
    await local.stack.drain();
    const ids: string[] = [];
    for (let number = 0; number < 12; number += 1) {
      ids.push(idOf(await local.drop(job, undefined, `${number}.srt`)));
      await local.finish();
    }
    expect((await local.row(job))?.sidecars).toEqual(ids.slice(-10));
  });

  it("fault 61: alone raises an event, and gives the job no row", async () => {
    const job = local.newJob();
    const { key, versionId } = await local.drop(job, undefined, "lecture.srt");
    await local.stack.drain();
    expect(local.events()).toMatchObject([
      {
        detailType: "Media Missing",
        detail: { JobId: job, Key: key, VersionId: versionId, Reason: { ErrorType: "MEDIA_MISSING" } },
      },
    ]);
    expect(local.counted("MediaMissing")).toBe(1);
    expect(await local.row(job)).toBeUndefined();
    expect(local.waiting()).toEqual([]);
  });

  it("alone does not keep media from coming later", async () => {
    const job = local.newJob();
    await local.drop(job, undefined, "lecture.srt");
    await local.stack.drain();
    await local.drop(job);
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
  });

  it("comes back where the event bus does not take the event", async () => {
    const job = local.newJob();
    local.stack.eventBus.refuseNext(1);
    await local.drop(job, undefined, "lecture.srt");
    await local.stack.drain();
    expect([local.announced(job), local.counted("MediaMissing")]).toEqual([[], 0]);
    await local.finish();
    expect([local.announced(job), local.counted("MediaMissing")]).toEqual([["Media Missing"], 1]);
  });

  it.each(["GetItem", "UpdateItem"])("comes back where the ledger fails: %s", async (action) => {
    const job = local.newJob();
    await local.drop(job);
    await local.stack.drain();
    local.stack.aws.faults.add({ action, kind: "unavailable", times: 3 });
    const sidecar = await local.drop(job, undefined, "lecture.srt");
    await local.stack.drain();
    expect(local.waiting()).toHaveLength(1);
    await local.finish();
    expect(await local.row(job)).toMatchObject({ sidecars: [idOf(sidecar)] });
  });
});

describe("a sidecar, where drops have time to settle,", () => {
  const local = useDrops({ env: { DROP_SETTLE_S: "30" } });

  it("waits as long for the media that it goes with", async () => {
    const job = local.newJob();
    await local.drop(job, undefined, "lecture.srt");
    await local.stack.drain();
    expect(local.announced(job)).toEqual([]);
    expect(local.waitsMs()).toHaveLength(1);
    expect(local.waitsMs()[0]).toBeLessThanOrEqual(30 * SECOND_MS);
    await local.pass(29 * SECOND_MS);
    expect(local.announced(job)).toEqual([]);
    await local.pass(2 * SECOND_MS);
    expect(local.announced(job)).toEqual(["Media Missing"]);
  });

  it("waits from the event on, however late its message, and no longer whatever the event says", async () => {
    const [late, early] = [local.newJob(), local.newJob()];
    const eventOf = (job: string, afterMs: number) => {
      const { Records } = local.event(local.place(job, 100, "lecture.srt"));
      const eventTime = new Date(local.stack.runtime.clock() + afterMs).toISOString();
      return { Records: Records.map((record) => ({ ...record, eventTime })) };
    };
    local.send(eventOf(late, -31 * SECOND_MS));
    local.send(eventOf(early, 3_600 * SECOND_MS));
    await local.stack.drain();
    expect(local.announced(late)).toEqual(["Media Missing"]);
    await local.pass(31 * SECOND_MS);
    expect(local.announced(early)).toEqual(["Media Missing"]);
  });

  it("of an event that was replayed by hand waits, too, in the queue", async () => {
    const job = local.newJob();
    const event = local.event(local.place(job, 100, "lecture.srt"));
    await local.stack.invoke("deliver-media", event);
    expect(local.announced(job)).toEqual([]);
    await local.pass(31 * SECOND_MS);
    expect(local.announced(job)).toEqual(["Media Missing"]);
  });
});

describe("a sidecar whose job's row changes hands at the same moment", () => {
  it("comes back, and is marked then, without a word of missing media", async () => {
    const jobId = "0123456789abcdef0123456789abcdef";
    const ledger = memoryLedger({ jobId, state: "SENDING", fence: 4, updatedAt: 1 });
    ledger.beforeWrite = () => {
      const row = ledger.table.get(jobId);
      if (row) ledger.table.set(jobId, { ...row, fence: 5 });
      ledger.beforeWrite = () => undefined;
    };
    const runtime = testRuntime();
    const putBack: unknown[] = [];
    const missed: unknown[] = [];
    const handle = createQueueHandler({
      ports: {
        ledger,
        queue: { put: (message: unknown) => Promise.resolve(putBack.push(message)) },
        announceMissing: (sidecar: unknown) => Promise.resolve(missed.push(sidecar)),
        runtime,
        observability: createObservability(runtime, { service: "deliver-media", stage: "test" }),
      },
      bucketName: "media-bucket",
      maxReceives: 1_000,
      run: { settings: { dropSettleMs: 0 } },
    } as unknown as Worker);
    const key = `media/${jobId}/lecture.srt`;
    const record = { eventName: "ObjectCreated:Put", s3: { bucket: { name: "media-bucket" }, object: { key } } };
    const event = { Records: [record] } as unknown as S3Event;
    await handle(event, lambdaContext());
    expect(putBack).toEqual([event]);
    expect(ledger.table.get(jobId)).not.toHaveProperty("sidecars");
    await handle(event, lambdaContext());
    expect(putBack).toHaveLength(1);
    expect(ledger.table.get(jobId)?.sidecars).toHaveLength(1);
    expect(missed).toEqual([]);
  });
});
