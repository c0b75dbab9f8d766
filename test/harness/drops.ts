import { PutObjectCommand } from "@aws-sdk/client-s3";
import { SQSClient, StartMessageMoveTaskCommand } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach } from "@jest/globals";
import { randomBytes } from "node:crypto";
import type { StackOptions } from "../../dev/stack.ts";
import { queueArn } from "../../dev/stack/sqs/service.ts";
import type { Row } from "../../lib/delivery/machine/row.ts";
import { sendAs } from "./api.ts";
import { useStack } from "./stack.ts";
import { until } from "./until.ts";

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** So much of a body is held back until the row is FINALIZING. */
export const CHUNK_BYTES = 64 * 1024;

export interface DroppedObject {
  readonly key: string;
  readonly versionId: string;
  readonly sizeBytes: number;
}

/**
 * The local stack, for tests that drop files into the bucket as an operator does. After every test faults are switched off and
 * the queues are emptied, so that tests of one file may share a stack.
 */
export const useDrops = (options: StackOptions = {}) => {
  const local = useStack(options);
  let eventsBefore = 0;
  beforeEach(() => {
    eventsBefore = local.stack.events.length;
  });
  afterEach(async () => {
    const { aws, queue, deadLetterQueue, s3: bucket, eventBus } = local.stack;
    for (const { faults } of [aws, bucket, local.cielo24]) faults.clear();
    eventBus.refuseNext(0);
    await local.stack.drain();
    for (const each of [queue, deadLetterQueue]) each.purge();
  });
  const admin = sendAs(local, { sub: "root", scope: "admin" });
  const waiting = () => {
    const { hidden, delayed } = local.stack.queue.inspect();
    return [...hidden, ...delayed];
  };
  /** Moves time on to when the next message becomes visible, and waits until it was taken. */
  const passToNextMessage = async (): Promise<void> => {
    local.stack.advanceTime(Math.max(0, local.stack.queue.nextVisibleAt() - local.stack.runtime.clock() + 1));
    await local.stack.drain();
  };

  return Object.assign(local, {
    /** Puts an object into the bucket; S3 sends its event. Fewer than a hundred random bytes may be taken for a text. */
    drop: async (
      jobId: string,
      bytes: Uint8Array = randomBytes(1_000),
      name = "a.mp4",
      contentType?: string,
    ): Promise<DroppedObject> => {
      const key = `media/${jobId}/${name}`;
      const { VersionId = "" } = await local.s3.send(
        new PutObjectCommand({ Bucket: local.stack.bucketName, Key: key, Body: bytes, ContentType: contentType }),
      );
      return { key, versionId: VersionId, sizeBytes: bytes.length };
    },
    /** Puts an object into the bucket without an event. */
    place: (jobId: string, sizeBytes = 1_000, name = "a.mp4"): DroppedObject => {
      const key = `media/${jobId}/${name}`;
      const versionId = local.stack.s3.putVirtualObject(local.stack.bucketName, key, sizeBytes, 7);
      return { key, versionId, sizeBytes };
    },
    /** The event of these objects, as S3 sends it. */
    event: (...objects: DroppedObject[]) => ({
      Records: objects.map(({ key, versionId, sizeBytes }) => ({
        eventName: "ObjectCreated:Put",
        s3: {
          bucket: { name: local.stack.bucketName },
          object: { key: encodeURIComponent(key), versionId, size: sizeBytes },
        },
      })),
    }),
    send: (message: unknown) => local.stack.queue.send(typeof message === "string" ? message : JSON.stringify(message)),
    /** Sends the dead letters back, as `docs/operations.md` says it. */
    redrive: async () => {
      const region = "us-east-1";
      const credentials = { accessKeyId: "local", secretAccessKey: "local" };
      const { deadLetterQueueUrl, deadLetterQueue, queue } = local.stack;
      const client = new SQSClient({ region, endpoint: new URL(deadLetterQueueUrl).origin, credentials });
      const [SourceArn, DestinationArn] = [queueArn(region, deadLetterQueue.name), queueArn(region, queue.name)];
      await client.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn }));
      client.destroy();
    },
    row: (jobId: string): Promise<Row | undefined> => local.stack.ledger.read(jobId),
    /** What an operator says of the job's row as it is now. */
    decision: async (jobId: string) => {
      const { media, fence = 0 } = (await local.stack.ledger.read(jobId)) ?? {};
      return { job: jobId, object: media?.id ?? "", fence, by: "operator@example.org", why: "cielo24 was asked" };
    },
    /** What `/api/job/delivery` says of the job. */
    shown: async (jobId: string): Promise<Readonly<Record<string, unknown>>> => {
      const { body } = await admin("GET", `/api/job/delivery?v=1&job_id=${jobId}`);
      return body;
    },
    posts: (jobId: string) => local.cielo24.posts.filter((each) => each.jobId === jobId),
    /** Types of what was put on the bus about the job. */
    announced: (jobId: string) =>
      local.stack.events.filter(({ detail }) => detail["JobId"] === jobId).map(({ detailType }) => detailType),
    /** What was put on the bus during this test. */
    events: () => local.stack.events.slice(eventsBefore),
    /** Why runs of the job's deliveries ended, during this test. */
    reasons: (jobId: string) =>
      local
        .records()
        .filter((record) => record["service"] !== "census" && record["jobId"] === jobId)
        .filter((record) => record["level"] !== "debug" && record["reason"] !== undefined)
        .map(({ reason }) => reason),
    /** What was added to a metric during this test. */
    counted: (metric: string) => local.records().reduce((sum, record) => sum + Number(record[metric] ?? 0), 0),
    /** Messages that wait for their time. */
    waiting,
    waitsMs: () => waiting().map(({ visibleAt }) => visibleAt - local.stack.runtime.clock()),
    /** The job's row, as soon as its first worker has claimed it. */
    claimed: (jobId: string): Promise<Row> => until(() => local.stack.ledger.read(jobId)),
    /** Like `drain`, but time runs fast meanwhile, so that pauses in between end, until `isEnough`. */
    hurry: async (stepMs = SECOND_MS, isEnough: () => boolean = () => false): Promise<void> => {
      const timer = setInterval(() => {
        if (isEnough()) clearInterval(timer);
        else local.stack.advanceTime(stepMs);
      }, 10);
      await local.stack.drain();
      clearInterval(timer);
    },
    pass: async (ms: number): Promise<void> => {
      local.stack.advanceTime(ms);
      await local.stack.drain();
    },
    passToNextMessage,
    /** Lets so much time pass, message by message. @returns how often one was taken */
    passWhole: async (ms: number): Promise<number> => {
      const { queue, runtime } = local.stack;
      const until = runtime.clock() + ms;
      let taken = 0;
      for (; queue.nextVisibleAt() < until; taken += 1) await passToNextMessage();
      local.stack.advanceTime(Math.max(until - runtime.clock(), 0));
      return taken;
    },
    /** Takes message after message until none is left. @throws if that takes more than so many */
    finish: async (most = 20): Promise<void> => {
      await local.stack.drain();
      // One that has become visible since then waits no more, and is left all the same.
      const left = () => Object.values(local.stack.queue.inspect()).flat();
      for (let taken = 0; left().length > 0; taken += 1) {
        if (taken === most) throw new Error(`Messages are left after ${most} more: ${JSON.stringify(left())}`);
        await passToNextMessage();
      }
    },
  });
};
