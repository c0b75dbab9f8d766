import { afterEach, describe, expect, it } from "@jest/globals";
import type { SQSEvent } from "aws-lambda";
import { createStackClock } from "../../../dev/stack/clock.ts";
import { startEventSource, type EventSource } from "../../../dev/stack/event-source.ts";
import { TooManyRequestsError } from "../../../dev/stack/lambda.ts";
import { Queue } from "../../../dev/stack/sqs/queue.ts";

let source: EventSource | undefined;
afterEach(async () => {
  await source?.close();
  source = undefined;
});

const QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:media";

/** A queue with a poller whose function is `work`; `invoked(n)` resolves with the n-th event, counted from 1. */
const start = ({
  maximumConcurrency = 2,
  maxReceives = 3,
  work,
}: {
  maximumConcurrency?: number;
  maxReceives?: number;
  work: (event: SQSEvent, queue: Queue) => unknown;
}) => {
  const clock = createStackClock();
  const deadLetterQueue = new Queue("dead", { visibilityTimeoutS: 30, retentionS: 1_209_600 }, clock.now);
  const redrive = { deadLetterQueue, maxReceives };
  const queue = new Queue("media", { visibilityTimeoutS: 600, retentionS: 604_800, redrive }, clock.now);
  const events: SQSEvent[] = [];
  const waiting: (() => void)[] = [];
  source = startEventSource({
    queue,
    queueArn: QUEUE_ARN,
    region: "us-east-1",
    clock,
    maximumConcurrency,
    invoke: async (event) => {
      events.push(event);
      for (const wake of waiting.splice(0)) wake();
      return await work(event, queue);
    },
  });
  const invoked = async (count: number): Promise<SQSEvent> => {
    while (events.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    // One turn of the event loop later, what the function returned has had its effect.
    await new Promise(setImmediate);
    return events[count - 1] as SQSEvent;
  };
  return { clock, queue, deadLetterQueue, events, invoked, source };
};

const failed = (event: SQSEvent) => ({
  batchItemFailures: event.Records.map(({ messageId }) => ({ itemIdentifier: messageId })),
});

describe("the event source", () => {
  it("hands messages over one at a time, in Lambda's form", async () => {
    const { queue, invoked } = start({ work: () => ({ batchItemFailures: [] }) });
    const before = Date.now();
    const { messageId } = queue.send('{"a":1}');
    queue.send("other");
    const { Records: records } = await invoked(1);
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      messageId,
      body: '{"a":1}',
      attributes: { ApproximateReceiveCount: "1" },
      messageAttributes: {},
      md5OfBody: "bb6cb5c68df4652941caf652a366f2d8",
      eventSource: "aws:sqs",
      eventSourceARN: QUEUE_ARN,
      awsRegion: "us-east-1",
    });
    expect(Number(records[0]?.attributes.SentTimestamp)).toBeGreaterThanOrEqual(before);
    await invoked(2);
  });

  it.each([
    ["an empty list", { batchItemFailures: [] }],
    ["nothing", undefined],
    ["an object without a list", {}],
  ])("deletes a message when the function answers with %s", async (_kind, result) => {
    const { queue, invoked } = start({ work: () => result });
    queue.send("one");
    await invoked(1);
    expect(queue.nextVisibleAt()).toBe(Infinity);
  });

  it.each([
    ["reports it as failed", failed],
    [
      "throws",
      () => {
        throw new Error("failed");
      },
    ],
  ])("leaves a message alone when the function %s", async (_kind, work) => {
    const { queue, invoked, events } = start({ work });
    queue.send("one");
    await invoked(1);
    expect(queue.inspect().hidden).toHaveLength(1);
    expect(events).toHaveLength(1);
  });

  it("tries again for as long as a message is hidden where Lambda has no room for its function", async () => {
    let refusals = 2;
    const { queue, clock, invoked } = start({
      work: () => {
        if (refusals-- > 0) throw new TooManyRequestsError();
      },
    });
    queue.send("one");
    for (const count of [1, 2]) {
      await invoked(count);
      clock.advance(1_000);
    }
    const { Records: records } = await invoked(3);
    expect(records[0]?.attributes.ApproximateReceiveCount).toBe("1");
    expect(queue.nextVisibleAt()).toBe(Infinity);
  });

  it("leaves a message for which there was no room in all that time", async () => {
    const { queue, clock, invoked } = start({
      work: () => {
        throw new TooManyRequestsError();
      },
    });
    queue.send("one");
    await invoked(1);
    clock.advance(599_500);
    await invoked(2);
    clock.advance(500);
    const { Records: records } = await invoked(3);
    expect(records[0]?.attributes.ApproximateReceiveCount).toBe("2");
  });

  it("delivers a failed message again when the visibility that the function chose is over", async () => {
    const { queue, clock, invoked, events } = start({
      work: (event, from) => {
        from.changeVisibility(event.Records[0]?.receiptHandle ?? "", 90);
        return failed(event);
      },
    });
    queue.send("one");
    await invoked(1);
    clock.advance(89_000);
    await new Promise(setImmediate);
    expect(events).toHaveLength(1);
    clock.advance(1_000);
    const { Records: records } = await invoked(2);
    expect(records[0]?.attributes.ApproximateReceiveCount).toBe("2");
  });

  it("gives a message up to the dead-letter queue after its last receive", async () => {
    const { queue, deadLetterQueue, invoked, events } = start({
      maxReceives: 3,
      work: (event, from) => {
        from.changeVisibility(event.Records[0]?.receiptHandle ?? "", 0);
        return failed(event);
      },
    });
    queue.send("one");
    await invoked(3);
    expect(events).toHaveLength(3);
    expect(queue.nextVisibleAt()).toBe(Infinity);
    expect(deadLetterQueue.inspect().visible).toMatchObject([{ body: "one" }]);
  });

  it("runs no more invocations at once than it may, and all that it may", async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const { queue, invoked, events, source: running } = start({ maximumConcurrency: 2, work: () => gate });
    for (const body of ["1", "2", "3"]) queue.send(body);
    await invoked(2);
    expect([events.length, running.running()]).toEqual([2, 2]);
    release();
    await invoked(3);
  });

  it("delivers a message a second time when its visibility ended before the function did", async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const { queue, clock, invoked, events } = start({ work: () => gate });
    queue.send("one");
    await invoked(1);
    clock.advance(600_000);
    await invoked(2);
    expect(events[0]?.Records[0]?.messageId).toBe(events[1]?.Records[0]?.messageId);
    release();
  });

  it("waits for what is running when it is closed, and takes nothing more", async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const { queue, invoked, events, source: running } = start({ maximumConcurrency: 1, work: () => gate });
    queue.send("one");
    await invoked(1);
    queue.send("two");
    let isClosed = false;
    const closing = running.close().then(() => (isClosed = true));
    await new Promise(setImmediate);
    expect(isClosed).toBe(false);
    release();
    await closing;
    expect(events).toHaveLength(1);
    expect(queue.inspect().visible).toMatchObject([{ body: "two" }]);
  });
});
