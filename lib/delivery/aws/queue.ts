import { ChangeMessageVisibilityCommand, SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Runtime } from "../../runtime.ts";

/** The queue between the bucket and deliver-media. Every call throws when SQS did not do it. */
export interface MediaQueue {
  /** Puts a message into the queue, visible after the delay (at most 900 s). */
  put(message: unknown, options: { delayS: number }): Promise<void>;
  /** Keeps a received message invisible until then. */
  hideUntil(receiptHandle: string, at: number): Promise<void>;
  /** Puts a body into the dead-letter queue. */
  sendToDeadLetterQueue(body: string): Promise<void>;
}

/** SQS counts visibility from the receive, 12 hours at most; an invocation takes up to 15 minutes of them. */
const MAX_VISIBILITY_S = 12 * 3600 - 900;

export const createMediaQueue = (
  client: SQSClient,
  { queueUrl, deadLetterQueueUrl }: { queueUrl: string; deadLetterQueueUrl?: string },
  { clock }: Pick<Runtime, "clock">,
): MediaQueue => ({
  put: async (message, { delayS }) => {
    await client.send(
      new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(message), DelaySeconds: delayS }),
    );
  },
  hideUntil: async (receiptHandle, at) => {
    const seconds = Math.ceil((at - clock()) / 1000);
    await client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queueUrl,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: Math.min(Math.max(seconds, 0), MAX_VISIBILITY_S),
      }),
    );
  },
  sendToDeadLetterQueue: async (body) => {
    await client.send(new SendMessageCommand({ QueueUrl: deadLetterQueueUrl, MessageBody: body }));
  },
});
