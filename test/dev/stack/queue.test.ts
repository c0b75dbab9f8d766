import { describe, expect, it } from "@jest/globals";
import { createStackClock } from "../../../dev/stack/clock.ts";
import { Queue } from "../../../dev/stack/sqs/queue.ts";
import { createSqs, queueArn, type Sqs } from "../../../dev/stack/sqs/service.ts";

const DAY_MS = 86_400_000;

const createQueues = () => {
  const time = { now: 1_000_000_000_000 };
  const clock = () => time.now;
  const deadLetterQueue = new Queue("dead", { visibilityTimeoutS: 30, retentionS: 14 * 86_400 }, clock);
  const queue = new Queue(
    "media",
    { visibilityTimeoutS: 5400, retentionS: 7 * 86_400, redrive: { deadLetterQueue, maxReceives: 1000 } },
    clock,
  );
  return { time, queue, deadLetterQueue };
};

describe("a queue", () => {
  it("shows a message again when its time is over, to the millisecond", () => {
    const { time, queue } = createQueues();
    queue.send("one");
    queue.receive(1);
    time.now += 5400_000 - 1;
    expect(queue.receive(1)).toEqual([]);
    time.now += 1;
    expect(queue.receive(1)).toMatchObject([{ body: "one", receiveCount: 2 }]);
  });

  it("counts a changed visibility from the change", () => {
    const { time, queue } = createQueues();
    queue.send("one");
    const [message] = queue.receive(1);
    time.now += 1000_000;
    queue.changeVisibility(message?.receiptHandle ?? "", 60);
    expect(queue.nextVisibleAt()).toBe(time.now + 60_000);
    expect(queue.inspect()).toMatchObject({ visible: [], hidden: [{ body: "one" }] });
  });

  it("hides a message for no more than twelve hours after its receive", () => {
    const { time, queue } = createQueues();
    queue.send("one");
    const [message] = queue.receive(1);
    time.now += 1_000;
    expect(() => {
      queue.changeVisibility(message?.receiptHandle ?? "", 43_200);
    }).toThrow("43200");
  });

  it("changes nothing by the receipt handle of an earlier receive, or of a message that is visible again", () => {
    const { time, queue } = createQueues();
    queue.send("one");
    const [first] = queue.receive(1, 60);
    time.now += 60_000;
    expect(() => {
      queue.changeVisibility(first?.receiptHandle ?? "", 60);
    }).toThrow("not in flight");
    queue.receive(1);
    queue.delete(first?.receiptHandle ?? "");
    expect(queue.inspect().hidden).toHaveLength(1);
  });

  it("forgets a message after seven days, however often it was received", () => {
    const { time, queue } = createQueues();
    queue.send("one");
    queue.receive(1, 60);
    time.now += 7 * DAY_MS + 1;
    expect(queue.receive(1)).toEqual([]);
    expect(queue.nextVisibleAt()).toBe(Infinity);
  });

  it("lets the dead-letter queue count a message's age from when it was first sent", () => {
    const { time, queue, deadLetterQueue } = createQueues();
    queue.send("one");
    const sentAt = time.now;
    for (let count = 0; count < 1000; count += 1) queue.receive(1, 0);
    time.now += 6 * DAY_MS;
    expect(queue.receive(1)).toEqual([]);
    expect(deadLetterQueue.inspect().visible).toMatchObject([{ body: "one", sentAt, receiveCount: 1000 }]);
    time.now += 8 * DAY_MS + 1;
    expect(deadLetterQueue.inspect().visible).toEqual([]);
  });

  it("shows delayed messages after their delay", () => {
    const { time, queue } = createQueues();
    queue.send("later", 900);
    expect(queue.inspect().delayed).toHaveLength(1);
    time.now += 900_000;
    expect(queue.receive(1)).toHaveLength(1);
    expect(() => queue.send("never", 901)).toThrow("DelaySeconds");
  });
});

describe("a redrive without a destination", () => {
  const region = "us-east-1";
  const start = () => {
    const sqs = createSqs(createStackClock(), region);
    const deadLetterQueue = sqs.createQueue("dead", { visibilityTimeoutS: 30, retentionS: 86_400 });
    const settings = { visibilityTimeoutS: 30, retentionS: 86_400, redrive: { deadLetterQueue, maxReceives: 1 } };
    return { sqs, deadLetterQueue, queue: sqs.createQueue("media", settings) };
  };
  const call = async ({ service }: Sqs, action: string, input: Readonly<Record<string, unknown>>) => {
    const signal = new AbortController().signal;
    const { body } = await service({ action, input, headers: {}, body: Buffer.alloc(0), signal });
    return JSON.parse(String(body)) as unknown;
  };

  it("fails, and leaves what somebody sent to the dead-letter queue by themselves", async () => {
    const { sqs, deadLetterQueue, queue } = start();
    deadLetterQueue.send("sent here");
    queue.send("given up");
    queue.receive(1, 0);
    queue.receive(1, 0);
    const SourceArn = queueArn(region, "dead");
    await call(sqs, "StartMessageMoveTask", { SourceArn });
    expect(await call(sqs, "ListMessageMoveTasks", { SourceArn })).toMatchObject({
      Results: [
        {
          Status: "FAILED",
          FailureReason: "CouldNotDetermineMessageSource",
          ApproximateNumberOfMessagesMoved: 1,
          ApproximateNumberOfMessagesToMove: 2,
        },
      ],
    });
    expect(deadLetterQueue.inspect().visible).toMatchObject([{ body: "sent here" }]);
    expect(queue.inspect().visible).toMatchObject([{ body: "given up", receiveCount: 0 }]);
  });
});
