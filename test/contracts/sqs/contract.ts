import {
  CancelMessageMoveTaskCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
  type ReceiveMessageCommandInput,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, beforeEach, describe, expect } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { until } from "../../harness/until.ts";
import { testsWith, type Differences } from "../differences.ts";

interface SqsUnderTest {
  readonly endpoint: string;
  readonly close: () => Promise<void>;
}

const MIB = 1024 * 1024;
const MAX_VISIBILITY_S = 43_200;

/**
 * What this project rests on of SQS, through the SDK's own client, as its API reference and developer guide have it. Each
 * test has queues of its own. Starts the server once.
 */
export const sqsContract = (name: string, start: () => Promise<SqsUnderTest>, differences: Differences = {}): void => {
  describe(`the SQS of ${name}`, () => {
    const { it, unmet } = testsWith(differences);
    let sqs: SqsUnderTest;
    let client: SQSClient;
    let queueUrl = "";
    let deadLetterQueueUrl = "";

    beforeAll(async () => {
      sqs = await start();
      const credentials = { accessKeyId: "local", secretAccessKey: "local" };
      client = new SQSClient({ endpoint: sqs.endpoint, region: "us-east-1", credentials, maxAttempts: 1 });
    });
    afterAll(async () => {
      client.destroy();
      await sqs.close();
    });
    beforeEach(async () => {
      deadLetterQueueUrl = await create(newName("dead"), {});
      const deadLetterTargetArn = await arnOf(deadLetterQueueUrl);
      const attributes = { VisibilityTimeout: "600", ...redriveTo(deadLetterTargetArn) };
      queueUrl = await create(newName("media"), attributes);
    });

    const newName = (prefix: string): string => `${prefix}-${randomUUID()}`;
    const redriveTo = (deadLetterTargetArn: string) => ({
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 2 }),
    });
    const create = async (queue: string, attributes: Record<string, string>): Promise<string> => {
      const { QueueUrl: url = "" } = await client.send(
        new CreateQueueCommand({ QueueName: queue, Attributes: attributes }),
      );
      return url;
    };
    const arnOf = async (url: string): Promise<string> => {
      const { Attributes: attributes } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["QueueArn"] }),
      );
      return attributes?.QueueArn ?? "";
    };
    const send = (body: string, { url = queueUrl, delayS }: { url?: string; delayS?: number } = {}) =>
      client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body, DelaySeconds: delayS }));
    const receive = async (input: Partial<ReceiveMessageCommandInput> = {}) => {
      const { Messages: messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: 0,
          MessageSystemAttributeNames: ["All"],
          ...input,
        }),
      );
      return messages;
    };
    const hide = (receiptHandle = "", timeoutS = 0) =>
      client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: queueUrl,
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: timeoutS,
        }),
      );
    const remove = (receiptHandle = "") =>
      client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receiptHandle }));
    const countMessages = async (url = queueUrl) => {
      const { Attributes: attributes } = await client.send(
        new GetQueueAttributesCommand({
          QueueUrl: url,
          AttributeNames: [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
          ],
        }),
      );
      return [
        attributes?.ApproximateNumberOfMessages,
        attributes?.ApproximateNumberOfMessagesNotVisible,
        attributes?.ApproximateNumberOfMessagesDelayed,
      ].map(Number);
    };
    /** Receives a message as often as its queue allows, and once more. */
    const bury = async (body: string) => {
      await send(body);
      for (const count of ["1", "2"]) {
        const [message] = await receive();
        expect(message?.Attributes?.ApproximateReceiveCount).toBe(count);
        await hide(message?.ReceiptHandle);
      }
      expect(await receive()).toEqual([]);
    };

    describe("a message", () => {
      it("comes with its id, its text and what is known about it", async () => {
        const before = Date.now();
        const { MessageId: id } = await send("ünïcode");
        const [message] = await receive();
        expect(message).toMatchObject({ MessageId: id, Body: "ünïcode" });
        expect(message?.ReceiptHandle).toBeTruthy();
        expect(message?.Attributes).toMatchObject({ ApproximateReceiveCount: "1" });
        for (const name of ["SentTimestamp", "ApproximateFirstReceiveTimestamp"] as const) {
          const at = Number(message?.Attributes?.[name]);
          expect(at).toBeGreaterThanOrEqual(before - 1);
          expect(at).toBeLessThanOrEqual(Date.now() + 1);
        }
      });

      it("is hidden once it is received, and gone once it is deleted", async () => {
        await send("one");
        const [message] = await receive();
        expect(await receive()).toEqual([]);
        expect(await countMessages()).toEqual([0, 1, 0]);
        await remove(message?.ReceiptHandle);
        expect(await countMessages()).toEqual([0, 0, 0]);
      });

      it("can be deleted by the receipt handle of an earlier receive, which may do nothing, and is no error", async () => {
        await send("one");
        const [first] = await receive();
        await hide(first?.ReceiptHandle);
        await receive();
        await remove(first?.ReceiptHandle);
      });

      it("can be deleted twice", async () => {
        await send("one");
        const [message] = await receive();
        await remove(message?.ReceiptHandle);
        await remove(message?.ReceiptHandle);
      });

      it("shows again as soon as its visibility is set to nothing", async () => {
        await send("one");
        const [first] = await receive();
        await hide(first?.ReceiptHandle);
        const [second] = await receive();
        expect(second?.MessageId).toBe(first?.MessageId);
        expect(second?.ReceiptHandle).not.toBe(first?.ReceiptHandle);
        expect(second?.Attributes?.ApproximateReceiveCount).toBe("2");
      });

      it("stays hidden for longer where its visibility says so", async () => {
        await send("one");
        const [message] = await receive({ VisibilityTimeout: 1 });
        await hide(message?.ReceiptHandle, 3600);
        expect(await receive({ WaitTimeSeconds: 2 })).toEqual([]);
      });

      it("moves to the dead-letter queue at the receive after the last one that is allowed", async () => {
        await bury("one");
        expect(await receive({ QueueUrl: deadLetterQueueUrl })).toMatchObject([{ Body: "one" }]);
      });

      it("is held back for its delay", async () => {
        await send("later", { delayS: 900 });
        expect(await receive()).toEqual([]);
        expect(await countMessages()).toEqual([0, 0, 1]);
      });

      it("ends a long poll", async () => {
        const polled = receive({ WaitTimeSeconds: 20 });
        await send("one");
        expect(await polled).toMatchObject([{ Body: "one" }]);
      });

      it("has as many as were asked for beside it at most", async () => {
        for (const body of ["1", "2", "3"]) await send(body);
        expect(await receive({ MaxNumberOfMessages: 2 })).toHaveLength(2);
        expect(await receive({ MaxNumberOfMessages: 2 })).toHaveLength(1);
      });

      it("may have 1 MiB, tabs, line ends, and characters beyond the first plane", async () => {
        const bodies = ["x".repeat(MIB), "\t\n\r \ud7ff\ue000\ufffd\u{10000}\u{10ffff}"];
        for (const body of bodies) {
          await send(body);
          const [message] = await receive();
          expect(message?.Body === body).toBe(true);
        }
      });
    });

    const isRefused = async (call: Promise<unknown>, name: unknown = expect.any(String)) => {
      await expect(call).rejects.toMatchObject({ name, $metadata: { httpStatusCode: 400 } });
    };

    describe("refuses", () => {
      it("a queue that is not there", async () => {
        await isRefused(send("x", { url: `${queueUrl}-unknown` }), "QueueDoesNotExist");
      });

      it("a message without text", async () => {
        await isRefused(send(""));
      });

      it("a message of more than 1 MiB", async () => {
        await isRefused(send("x".repeat(MIB + 1)));
      });

      it("a message of fewer characters than 1 MiB has bytes, which are more bytes", async () => {
        await isRefused(send("ü".repeat(MIB / 2) + "x"));
      });

      it("a message with a character that XML cannot say", async () => {
        for (const character of ["\0", "\u001f", "\ufffe", "\uffff"]) await isRefused(send(`a${character}b`));
      });

      it("such a character as InvalidMessageContents", async () => {
        await isRefused(send("\0"), "InvalidMessageContents");
      });

      const hideOne = async (timeoutS: number) => {
        await send("one");
        const [message] = await receive();
        await hide(message?.ReceiptHandle, timeoutS);
      };
      const numbers: Record<string, [call: (value: number) => Promise<unknown>, values: number[]]> = {
        "a DelaySeconds": [(delayS) => send("x", { delayS }), [-1, 901]],
        "a MaxNumberOfMessages": [(count) => receive({ MaxNumberOfMessages: count }), [0, 11]],
        "a WaitTimeSeconds": [
          async (waitS) => {
            // Where it is taken, nobody has to wait.
            await send("x");
            return receive({ WaitTimeSeconds: waitS });
          },
          [-1, 21],
        ],
        "a received message's VisibilityTimeout": [
          (timeoutS) => receive({ VisibilityTimeout: timeoutS }),
          [-1, MAX_VISIBILITY_S + 1],
        ],
        "a changed VisibilityTimeout": [hideOne, [-1, MAX_VISIBILITY_S + 1]],
      };
      for (const [parameter, [call, values]] of Object.entries(numbers))
        for (const value of values)
          it(`${parameter} of ${value}`, async () => {
            await isRefused(call(value));
          });

      it("to hide a message for longer than what is left of 12 hours since its receive", async () => {
        await send("one");
        const [message] = await receive();
        await until(() => Date.now() - Number(message?.Attributes?.ApproximateFirstReceiveTimestamp) > 1_100);
        await isRefused(hide(message?.ReceiptHandle, MAX_VISIBILITY_S));
      });

      it("to hide a message that is not hidden any more", async () => {
        await send("one");
        const [message] = await receive();
        await hide(message?.ReceiptHandle);
        await isRefused(hide(message?.ReceiptHandle, 60), "MessageNotInflight");
      });

      it("a receipt handle that it has not given", async () => {
        await isRefused(remove("no-handle"), "ReceiptHandleIsInvalid");
        await isRefused(hide("no-handle", 60), "ReceiptHandleIsInvalid");
      });
    });

    describe("a queue", () => {
      it("is made once: its name and its attributes give the same URL again", async () => {
        const queue = newName("again");
        const attributes = { VisibilityTimeout: "60", MessageRetentionPeriod: "86400" };
        expect(await create(queue, attributes)).toBe(await create(queue, attributes));
      });

      it("is not made anew with other attributes", async () => {
        const queue = newName("again");
        await create(queue, { VisibilityTimeout: "60" });
        await isRefused(create(queue, { VisibilityTimeout: "61" }), "QueueNameExists");
      });

      for (const [attribute, values] of Object.entries({
        VisibilityTimeout: ["-1", "43201", "soon"],
        MessageRetentionPeriod: ["59", "1209601"],
      }))
        for (const value of values)
          it(`is not made with a ${attribute} of ${value}`, async () => {
            await isRefused(create(newName("wrong"), { [attribute]: value }), "InvalidAttributeValue");
          });

      it("is not made with an attribute that there is not", async () => {
        await isRefused(create(newName("wrong"), { Colour: "red" }), "InvalidAttributeName");
      });

      it("is not made with a name of other characters than letters, digits, - and _, or of more than 80", async () => {
        for (const queue of ["me dia", "media.queue", "mediä", "m".repeat(81), ""]) await isRefused(create(queue, {}));
      });

      it("is not made with a dead-letter queue that is not there", async () => {
        await isRefused(create(newName("wrong"), redriveTo(`${await arnOf(queueUrl)}-unknown`)));
      });

      it("is not made with a redrive policy that cannot be read", async () => {
        await isRefused(create(newName("wrong"), { RedrivePolicy: "dead" }));
      });
    });

    describe("a task that moves messages", () => {
      const startTask = async (input: { to?: string; perSecond?: number; from?: string } = {}) => {
        const { TaskHandle: handle } = await client.send(
          new StartMessageMoveTaskCommand({
            SourceArn: input.from ?? (await arnOf(deadLetterQueueUrl)),
            DestinationArn: input.to,
            MaxNumberOfMessagesPerSecond: input.perSecond,
          }),
        );
        return handle;
      };
      const listTasks = async (count?: number) => {
        const { Results: results = [] } = await client.send(
          new ListMessageMoveTasksCommand({ SourceArn: await arnOf(deadLetterQueueUrl), MaxResults: count }),
        );
        return results;
      };
      const cancel = (handle: string | undefined) =>
        client.send(new CancelMessageMoveTaskCommand({ TaskHandle: handle }));
      /** All tasks, the latest first, once so many are listed and none runs any more. A server may list a new one late. */
      const ended = (count = 1) =>
        until(async () => {
          const tasks = await listTasks(10);
          const isOver = tasks.every(({ Status: status }) => status !== "RUNNING" && status !== "CANCELLING");
          return isOver && tasks.length >= count && tasks;
        });

      it("moves those of the dead-letter queue to the queue that is named", async () => {
        const otherUrl = await create(newName("other"), {});
        for (const body of ["one", "two"]) await send(body, { url: deadLetterQueueUrl });
        const handle = await startTask({ to: await arnOf(otherUrl) });
        expect(handle).toBeTruthy();
        expect(await ended()).toMatchObject([
          {
            Status: "COMPLETED",
            SourceArn: await arnOf(deadLetterQueueUrl),
            DestinationArn: await arnOf(otherUrl),
            ApproximateNumberOfMessagesMoved: 2,
            StartedTimestamp: expect.any(Number),
          },
        ]);
        expect(await countMessages(deadLetterQueueUrl)).toEqual([0, 0, 0]);
        const moved = await receive({ QueueUrl: otherUrl });
        expect(moved.map(({ Body: body }) => body).sort()).toEqual(["one", "two"]);
      });

      it("sends a message anew: with another id and age, and no receives", async () => {
        await bury("one");
        const [dead] = await receive({ QueueUrl: deadLetterQueueUrl, VisibilityTimeout: 0 });
        await startTask({ to: await arnOf(queueUrl) });
        await ended();
        const [moved] = await receive();
        expect(moved?.Attributes?.ApproximateReceiveCount).toBe("1");
        expect(moved?.MessageId).not.toBe(dead?.MessageId);
        expect(Number(moved?.Attributes?.SentTimestamp)).toBeGreaterThan(Number(dead?.Attributes?.SentTimestamp));
      });

      it("sends a message back to the queue that it came from, where none is named", async () => {
        await bury("one");
        await startTask();
        const [task] = await ended();
        expect(task).toMatchObject({ Status: "COMPLETED", ApproximateNumberOfMessagesMoved: 1 });
        expect(task?.DestinationArn).toBeUndefined();
        expect(await receive()).toMatchObject([{ Body: "one", Attributes: { ApproximateReceiveCount: "1" } }]);
      });

      /** A task that has five messages to move, one a second. */
      const startSlowTask = async () => {
        for (const body of ["1", "2", "3", "4", "5"]) await send(body, { url: deadLetterQueueUrl });
        return startTask({ to: await arnOf(queueUrl), perSecond: 1 });
      };

      it("is told by its handle while it runs, and how many messages it has to move", async () => {
        const handle = await startSlowTask();
        const listed = await until(async () => {
          const tasks = await listTasks();
          return tasks.length > 0 && tasks;
        });
        expect(listed).toMatchObject([
          {
            TaskHandle: handle,
            Status: "RUNNING",
            MaxNumberOfMessagesPerSecond: 1,
            ApproximateNumberOfMessagesToMove: 5,
          },
        ]);
        await cancel(handle);
      });

      it("is the only one of its queue that runs", async () => {
        const handle = await startSlowTask();
        await isRefused(startTask({ to: await arnOf(queueUrl) }));
        await cancel(handle);
      });

      it("leaves the others where they are once it is cancelled", async () => {
        const handle = await startSlowTask();
        const { ApproximateNumberOfMessagesMoved: moved = 0 } = await cancel(handle);
        expect(moved).toBeLessThan(5);
        // A server that does not list it fails here, and is not waited for.
        const [task] = await ended(0);
        expect(task).toMatchObject({ Status: "CANCELLED" });
        expect(task?.TaskHandle).toBeUndefined();
        const [left = 0] = await countMessages(deadLetterQueueUrl);
        expect(left).toBeGreaterThan(0);
        expect((await countMessages())[0]).toBe(5 - left);
      });

      it("is listed after its end, the latest alone or several of them", async () => {
        const to = await arnOf(queueUrl);
        for (const count of [1, 2]) {
          await startTask({ to });
          await ended(count);
        }
        expect(await listTasks()).toHaveLength(1);
        expect(await listTasks(10)).toHaveLength(2);
      });

      it("is refused for queues that are not there", async () => {
        const unknown = `${await arnOf(queueUrl)}-unknown`;
        await isRefused(startTask({ from: unknown }), "ResourceNotFoundException");
        await isRefused(startTask({ to: unknown }), "ResourceNotFoundException");
      });

      it("is refused for a queue that is no other's dead-letter queue", async () => {
        await isRefused(startTask({ from: await arnOf(queueUrl) }));
      });

      it("is refused for more than 500 messages a second", async () => {
        await isRefused(startTask({ to: await arnOf(queueUrl), perSecond: 501 }));
      });

      it("cannot be cancelled once it has ended", async () => {
        const handle = await startTask({ to: await arnOf(queueUrl) });
        await ended();
        await isRefused(cancel(handle), "ResourceNotFoundException");
      });
    });

    if (unmet().length > 0) throw new Error(`The contract has no such tests: ${unmet().join("; ")}`);
  });
};
