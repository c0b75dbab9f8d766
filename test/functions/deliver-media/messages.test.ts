import { PutObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { objectId } from "../../../lib/media/key.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, useDrops } from "../../harness/drops.ts";
import { sha256 } from "../../harness/sha256.ts";
import { until } from "../../harness/until.ts";

const DOWN = { action: "job/info", kind: "answer", status: 503, times: Infinity } as const;
const bodiesOf = (messages: { body: string }[]) => messages.map(({ body }) => body);

describe("a message of the media queue", () => {
  const local = useDrops();
  const put = (key: string, body = "media") =>
    local.s3.send(new PutObjectCommand({ Bucket: local.stack.bucketName, Key: key, Body: Buffer.from(body) }));

  it.each(["media/lecture.mp4", "media/0123/lecture.mp4", "media/../x.mp4", `media/${"g".repeat(32)}/a.mp4`])(
    "fault 34: about the key %j is quarantined: an event, a metric, a record, and no POST",
    async (key) => {
      const posts = local.cielo24.posts.length;
      await put(key);
      await local.stack.drain();
      expect(local.events()).toMatchObject([{ detailType: "Media Quarantined", detail: { Key: key } }]);
      expect(local.counted("MediaQuarantined")).toBe(1);
      expect(local.records().filter(({ code }) => code === "KEY_QUARANTINED")).toHaveLength(1);
      expect(local.waiting()).toEqual([]);
      expect(local.cielo24.posts).toHaveLength(posts);
    },
  );

  it("fault 34, fault 35: about a key that is no UTF-8 is quarantined, and kept while the bus is down", async () => {
    const { Records } = local.event({ key: "x", versionId: "1", sizeBytes: 1 });
    const [record] = Records;
    const object = { ...record?.s3.object, key: "media/%FF" };
    local.stack.eventBus.refuseNext(1);
    local.send({ Records: [{ ...record, s3: { ...record?.s3, object } }] });
    await local.stack.drain();
    expect(local.events()).toEqual([]);
    expect(local.waiting()).toHaveLength(1);
    await local.finish();
    expect(local.events()).toMatchObject([{ detailType: "Media Quarantined", detail: { Key: "media/%FF" } }]);
  });

  it("fault 75: about an object in a bucket that was there before the stage brings it to cielo24, as EventBridge names it", async () => {
    const job = local.newJob();
    const { key, versionId, sizeBytes } = local.place(job, 1_000, "plus + and %20.mp4");
    local.send({
      version: "0",
      id: "17793124-05d4-b198-2fde-7ededc63b103",
      "detail-type": "Object Created",
      source: "aws.s3",
      account: "111122223333",
      time: new Date(local.stack.runtime.clock()).toISOString(),
      region: "us-east-1",
      resources: [`arn:aws:s3:::${local.stack.bucketName}`],
      detail: {
        version: "0",
        bucket: { name: local.stack.bucketName },
        object: { key, size: sizeBytes, "version-id": versionId },
        reason: "PutObject",
      },
    });
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", media: { key, versionId } });
  });

  it.each([
    "plus + space.mp4",
    "a%20b.mp4",
    "slash%2Fpercent%25.mp4",
    "%zz%.mp4",
    "..",
    "a/../b/./c.mp4",
    "🎬 emoji.mp4",
    "Größe.mp4".normalize("NFC"),
    "Größe.mp4".normalize("NFD"),
    "quotes'\"<&>.mp4",
    "x".repeat(1024 - "media//".length - 32),
  ])("fault 35: brings the object named %j to cielo24", async (name) => {
    const job = local.newJob();
    const bytes = randomBytes(1_000);
    const { key } = await local.drop(job, bytes, name);
    await local.stack.drain();
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(bytes) }]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", media: { key } });
  });

  it("fault 36: is acknowledged and counted where it is about nothing of ours", async () => {
    const job = local.newJob();
    const [record] = local.event(local.place(job)).Records;
    local.send({ Records: [{ ...record, eventName: "ObjectRemoved:Delete" }] });
    local.send({ Records: [{ ...record, s3: { ...record?.s3, bucket: { name: "another" } } }] });
    local.send({ Service: "Amazon S3", Event: "s3:TestEvent", Bucket: local.stack.bucketName });
    await put(`media/${job}/`, "");
    await local.stack.drain();
    expect(local.waiting()).toEqual([]);
    expect(local.stack.deadLetterQueue.inspect().visible).toEqual([]);
    expect(local.counted("RecordIgnored")).toBe(4);
    expect(await local.row(job)).toBeUndefined();
  });

  it("fault 37: goes to the dead-letter queue at once where nobody can read it", async () => {
    for (const body of ["{", "{}", '{"Records":[]}', '{"reconcile":"x"}']) local.send(body);
    await local.stack.drain();
    expect(bodiesOf(local.stack.deadLetterQueue.inspect().visible).sort()).toEqual(
      ["{", "{}", '{"Records":[]}', '{"reconcile":"x"}'].sort(),
    );
    expect(local.waiting()).toEqual([]);
    expect(local.counted("MessageUnreadable")).toBe(4);
  });

  it("fault 37: stays where the dead-letter queue does not take it", async () => {
    local.stack.aws.faults.add({ action: "SendMessage", kind: "unavailable", times: 3 });
    local.send("{");
    await local.stack.drain();
    expect(local.stack.deadLetterQueue.inspect().visible).toEqual([]);
    expect(local.waiting()).toHaveLength(1);
    await local.finish();
    expect(local.stack.deadLetterQueue.inspect().visible).toHaveLength(1);
  });

  it("fault 37: delivers each of several records once, and comes back for those that wait", async () => {
    const [one, other, down] = [local.newJob(), local.newJob(), local.newJob()];
    local.cielo24.faults.add({ ...DOWN, jobId: down, times: 1 });
    const objects = [one, down, other].map((job) => local.place(job));
    local.send(local.event(...objects, ...objects));
    await local.stack.drain();
    expect([one, down, other].map((job) => local.taken(job).length)).toEqual([1, 0, 1]);
    await local.finish();
    expect([one, down, other].map((job) => local.posts(job).length)).toEqual([1, 1, 1]);
  });

  it("is hidden until its invocation's end and a minute while that runs, so that a crash costs minutes", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: "POST job/add_media", jobId: job, kind: "slowAnswer", ms: 50 });
    await local.drop(job);
    await local.claimed(job);
    const [waitMs = 0] = local.waitsMs();
    expect(waitMs).toBeGreaterThan(955 * SECOND_MS);
    expect(waitMs).toBeLessThanOrEqual(961 * SECOND_MS);
  });

  it("is retried where its visibility cannot be set, with the queue's own", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ ...DOWN, jobId: job, times: 1 });
    local.stack.aws.faults.add({ action: "ChangeMessageVisibility", kind: "unavailable", times: 6 });
    await local.drop(job);
    await local.stack.drain();
    expect(local.waiting()).toHaveLength(1);
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
  });

  it("is worked on before its visibility is set, and held until that is", async () => {
    const job = local.newJob();
    local.stack.aws.faults.add({ action: "ChangeMessageVisibility", kind: "hang", times: 1 });
    await local.drop(job);
    await until(async () => ((await local.row(job))?.announced ? true : undefined));
    expect(local.stack.queue.inspect().hidden).toHaveLength(1);
    await local.stack.drain();
    expect(local.stack.queue.inspect().hidden).toEqual([]);
  });
});

describe("the event of a drop's end", () => {
  const local = useDrops();

  it("is out before the message is gone, and is made up for where the bus was down", async () => {
    const job = local.newJob();
    local.stack.aws.faults.add({ action: "PutEvents", kind: "unavailable", times: 3 });
    await local.drop(job);
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
    expect(await local.row(job)).not.toHaveProperty("announced");
    expect(local.reasons(job)).toEqual(["unannounced"]);
    expect(local.waiting()).toHaveLength(1);
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", announced: true });
    expect(local.announced(job)).toEqual(["Media Delivered"]);
    expect(local.posts(job)).toHaveLength(1);
    expect(local.counted("MediaDelivered")).toBe(1);
  });

  it("is not out where the bus refuses the entry inside of a 200", async () => {
    const job = local.newJob();
    local.stack.eventBus.refuseNext(1);
    await local.drop(job);
    await local.stack.drain();
    expect([local.announced(job), local.waiting().length]).toEqual([[], 1]);
    await local.finish();
    expect(local.announced(job)).toEqual(["Media Delivered"]);
  });

  it("tells what was delivered", async () => {
    const job = local.newJob();
    const { key, versionId } = await local.drop(job);
    await local.stack.drain();
    const { sha256, taskId } = (await local.row(job)) ?? {};
    expect(local.events()).toEqual([
      {
        busName: local.stack.env["EVENT_BUS_NAME"],
        source: "cielo24-proxy",
        detailType: "Media Delivered",
        detail: {
          JobId: job,
          State: "DELIVERED",
          TaskId: taskId,
          Key: key,
          SafeKey: key,
          VersionId: versionId,
          Via: "DROP",
          SizeBytes: 1_000,
          Sha256: sha256,
          Attempts: 1,
          MediaId: objectId(key, versionId),
          Fence: 1,
        },
      },
    ]);
  });
});

describe("a message near its end", () => {
  const local = useDrops({ env: { MAX_RECEIVES: "3" } });

  it("fault 38: is put before a person at the last receive, before the queue gives it up", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ ...DOWN, jobId: job });
    const object = await local.drop(job);
    await local.finish();
    expect(local.stack.deadLetterQueue.inspect().visible).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", error: { type: "GAVE_UP" } });
    expect(local.announced(job)).toEqual(["Media Needs Review"]);
    expect(local.posts(job)).toEqual([]);

    local.cielo24.faults.clear();
    local.send({ resend: await local.decision(job) });
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sizeBytes: object.sizeBytes }]);
  });

  it("fault 38: is delivered at its last receive where cielo24 is back by then", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ ...DOWN, jobId: job, times: 2 });
    await local.drop(job);
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
    expect(local.announced(job)).toEqual(["Media Delivered"]);
  });

  it("fault 38: goes to the dead-letter queue where not even that can be written, and a redrive delivers it", async () => {
    const job = local.newJob();
    local.stack.aws.faults.add({ action: "GetItem", kind: "unavailable", times: Infinity });
    await local.drop(job);
    await local.stack.drain();
    while (local.stack.queue.nextVisibleAt() < Infinity) await local.passToNextMessage();
    expect(local.stack.deadLetterQueue.inspect().visible).toHaveLength(1);

    local.stack.aws.faults.clear();
    await local.pass(6 * DAY_MS);
    await local.redrive();
    await local.stack.drain();
    expect(local.taken(job)).toHaveLength(1);
  });
});

describe("a message that comes back from the dead-letter queue after 13 days", () => {
  const local = useDrops({ env: { MAX_RECEIVES: "3" } });
  /** Lets a drop's message die while nothing can be written down, and 13 days pass. */
  const letDie = async (job: string, firstDay = () => local.pass(DAY_MS)): Promise<void> => {
    const unavailable = { kind: "unavailable", times: Infinity } as const;
    for (const action of ["GetItem", "UpdateItem"]) local.stack.aws.faults.add({ action, ...unavailable });
    await local.drop(job);
    await local.stack.drain();
    while (local.stack.queue.nextVisibleAt() < Infinity) await local.passToNextMessage();
    local.stack.aws.faults.clear();
    await firstDay();
    await local.pass(12 * DAY_MS);
    expect(local.stack.deadLetterQueue.inspect().visible).toHaveLength(1);
  };

  it("fault 38: is delivered where nobody has delivered its drop meanwhile", async () => {
    const job = local.newJob();
    await letDie(job);
    await local.redrive();
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1 });
  });

  it("fault 38: is acknowledged without a POST where the census had its drop delivered meanwhile", async () => {
    const job = local.newJob();
    // Each object has its turn once a day, in the first eight days.
    await letDie(job, async () => {
      let requeued = 0;
      for (let run = 0; run < 96; run += 1) {
        await local.passWhole(15 * MINUTE_MS);
        requeued += (await local.stack.runCensus()).requeued;
      }
      expect(requeued).toBe(1);
    });
    expect(local.taken(job)).toHaveLength(1);
    await local.redrive();
    await local.finish();
    expect(local.posts(job)).toHaveLength(1);
    expect(local.reasons(job).at(-1)).toBe("delivered");
  });

  it("fault 38: is acknowledged without a POST where a person has to decide", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ ...DOWN, jobId: job });
    const object = await local.drop(job);
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", error: { type: "GAVE_UP" } });
    local.cielo24.faults.clear();
    await local.pass(13 * DAY_MS);
    local.send(local.event(object));
    await local.finish();
    expect(local.posts(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW" });
    // The alarm is raised again, since somebody has sent it again.
    expect(local.announced(job)).toEqual(["Media Needs Review", "Media Needs Review"]);
  });
});

describe("a message that is six days old", () => {
  const local = useDrops();

  it("fault 38: is put before a person, a day before the queue drops it", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ ...DOWN, jobId: job });
    await local.drop(job);
    await local.stack.drain();
    await local.pass(5 * DAY_MS + 23 * HOUR_MS);
    expect(await local.row(job)).toMatchObject({ state: "SENDING", waiting: { type: "CIELO24_UNAVAILABLE" } });
    await local.pass(HOUR_MS + MINUTE_MS);
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", error: { type: "GAVE_UP" } });
    expect(local.waiting()).toEqual([]);
  });

  it("fault 38: still obeys the ledger where its job has its media meanwhile", async () => {
    const job = local.newJob();
    const object = await local.drop(job);
    await local.stack.drain();
    local.send(local.event(object));
    // Before anybody takes it.
    await local.pass(6 * DAY_MS);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
    expect(local.posts(job)).toHaveLength(1);
  });
});

describe("a bare S3 event", () => {
  const local = useDrops();
  const invoke = (event: unknown) => local.stack.invoke("deliver-media", event);

  it("replays a drop that was never announced", async () => {
    const job = local.newJob();
    await expect(invoke(local.event(local.place(job)))).resolves.toEqual({ batchItemFailures: [] });
    expect(local.taken(job)).toHaveLength(1);
    expect(local.announced(job)).toEqual(["Media Delivered"]);
  });

  it("fault 1: does nothing where the job has its media", async () => {
    const job = local.newJob();
    const object = await local.drop(job);
    await local.stack.drain();
    await invoke(local.event(object));
    expect(local.posts(job)).toHaveLength(1);
  });

  it("is put into the queue where it has to wait", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ ...DOWN, jobId: job, times: 2 });
    await invoke(local.event(local.place(job)));
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
  });

  it("fails the invocation where nobody can read it", async () => {
    await expect(invoke({ Records: [{}] })).rejects.toThrow("no S3 event");
    const [record] = local.event(local.place(local.newJob())).Records;
    await expect(invoke({ Records: [{ messageId: "1", receiptHandle: "1", ...record, s3: null }] })).rejects.toThrow();
  });
});
