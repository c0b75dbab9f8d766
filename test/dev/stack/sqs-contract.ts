import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";

export interface SqsUnderTest {
  readonly endpoint: string;
  readonly close: () => Promise<void>;
}

/** What this project rests on of SQS, through the SDK's own client. */
export const sqsContract = (name: string, start: () => Promise<SqsUnderTest>): void => {
  describe(`the SQS of ${name}`, () => {
    let sqs: SqsUnderTest;
    let client: SQSClient;
    let queueUrl = "";
    let deadLetterQueueUrl = "";

    beforeAll(async () => {
      sqs = await start();
      const credentials = { accessKeyId: "local", secretAccessKey: "local" };
      client = new SQSClient({ endpoint: sqs.endpoint, region: "us-east-1", credentials });
      deadLetterQueueUrl = await create("dead", {});
      const { Attributes: attributes } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl: deadLetterQueueUrl, AttributeNames: ["QueueArn"] }),
      );
      const redrive = { deadLetterTargetArn: attributes?.QueueArn, maxReceiveCount: 2 };
      queueUrl = await create("media", { VisibilityTimeout: "600", RedrivePolicy: JSON.stringify(redrive) });
    });
    afterAll(async () => {
      client.destroy();
      await sqs.close();
    });
    beforeEach(async () => {
      for (const url of [queueUrl, deadLetterQueueUrl]) await client.send(new PurgeQueueCommand({ QueueUrl: url }));
    });

    const create = async (queue: string, attributes: Record<string, string>): Promise<string> => {
      const { QueueUrl: url = "" } = await client.send(
        new CreateQueueCommand({ QueueName: queue, Attributes: attributes }),
      );
      return url;
    };
    const send = (body: string, delayS?: number) =>
      client.send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: body,
          ...(delayS === undefined ? {} : { DelaySeconds: delayS }),
        }),
      );
    const receive = async (options: { url?: string; waitS?: number; count?: number } = {}) => {
      const { url = queueUrl, waitS = 0, count = 10 } = options;
      const { Messages: messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: url,
          MaxNumberOfMessages: count,
          WaitTimeSeconds: waitS,
          MessageSystemAttributeNames: ["All"],
        }),
      );
      return messages;
    };
    const show = (receiptHandle = "", timeoutS = 0) =>
      client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: queueUrl,
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: timeoutS,
        }),
      );
    const countMessages = async () => {
      const { Attributes: attributes } = await client.send(
        new GetQueueAttributesCommand({
          QueueUrl: queueUrl,
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

    it("gives a message with its id, its text and what is known about it", async () => {
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

    it("hides a received message, and forgets a deleted one", async () => {
      await send("one");
      const [message] = await receive();
      expect(await receive()).toEqual([]);
      expect(await countMessages()).toEqual([0, 1, 0]);
      await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: message?.ReceiptHandle }));
      expect(await countMessages()).toEqual([0, 0, 0]);
    });

    it("shows a message again as soon as its visibility is set to nothing", async () => {
      await send("one");
      const [first] = await receive();
      await show(first?.ReceiptHandle);
      const [second] = await receive();
      expect(second?.MessageId).toBe(first?.MessageId);
      expect(second?.ReceiptHandle).not.toBe(first?.ReceiptHandle);
      expect(second?.Attributes?.ApproximateReceiveCount).toBe("2");
    });

    it("keeps a message hidden for longer where its visibility says so", async () => {
      await send("one");
      const [message] = await receive();
      await show(message?.ReceiptHandle, 3600);
      expect(await receive()).toEqual([]);
    });

    it("moves a message to the dead-letter queue at the receive after the last one that is allowed", async () => {
      const { MessageId: id } = await send("one");
      for (const count of ["1", "2"]) {
        const [message] = await receive();
        expect(message?.Attributes?.ApproximateReceiveCount).toBe(count);
        await show(message?.ReceiptHandle);
      }
      expect(await receive()).toEqual([]);
      expect(await receive({ url: deadLetterQueueUrl })).toMatchObject([{ MessageId: id, Body: "one" }]);
    });

    it("holds a delayed message back", async () => {
      await send("later", 900);
      expect(await receive()).toEqual([]);
      expect(await countMessages()).toEqual([0, 0, 1]);
    });

    it("ends a long poll with the first message", async () => {
      const polled = receive({ waitS: 20 });
      await send("one");
      expect(await polled).toMatchObject([{ Body: "one" }]);
    });

    it("gives no more than was asked for", async () => {
      for (const body of ["1", "2", "3"]) await send(body);
      expect(await receive({ count: 2 })).toHaveLength(2);
      expect(await receive({ count: 2 })).toHaveLength(1);
    });

    it("refuses what SQS refuses", async () => {
      const unknown = new SendMessageCommand({ QueueUrl: `${queueUrl}-unknown`, MessageBody: "x" });
      await expect(client.send(unknown)).rejects.toMatchObject({ name: "QueueDoesNotExist" });
      await expect(receive({ count: 11 })).rejects.toThrow();
      await send("one");
      const [message] = await receive();
      await expect(show(message?.ReceiptHandle, 43_201)).rejects.toThrow();
    });
  });
};
