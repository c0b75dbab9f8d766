import {
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { awsClientOptions } from "../../aws-client.ts";
import { readAwsEnvironment, readConfig } from "../../config.ts";
import type { Runtime } from "../../runtime.ts";

/** The queue between the bucket and deliver-media. Every method throws if SQS did not do it. */
export interface MediaQueue {
  /** Puts a message into the queue, visible after the delay (at most 900 s). */
  put(message: unknown, options: { delayS: number }): Promise<void>;
  /** Keeps a received message invisible until then (ms since the epoch). */
  hideUntil(receiptHandle: string, at: number): Promise<void>;
  /** Puts a message's body into the dead-letter queue. Only for the function that has `deadLetterQueueUrl`. */
  sendToDeadLetterQueue(body: string): Promise<void>;
  /** Messages in the queue, hidden and delayed ones included; an estimate, as SQS gives it. */
  countMessages(): Promise<number>;
}

/** SQS counts visibility from the receive, 12 hours at most; an invocation takes up to 15 minutes of them. */
const MAX_VISIBILITY_S = 12 * 3600 - 900;

export const connectMediaQueue = (
  { env, clock }: Pick<Runtime, "env" | "clock">,
  { deadLetterQueueUrl }: { deadLetterQueueUrl?: string } = {},
): MediaQueue => {
  const client = new SQSClient(awsClientOptions(readAwsEnvironment(env, "SQS")));
  const { queueUrl: QueueUrl } = readConfig(env, "queueUrl");
  return {
    put: async (message, { delayS }) => {
      await client.send(
        new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(message), DelaySeconds: delayS }),
      );
    },
    hideUntil: async (receiptHandle, at) => {
      const seconds = Math.ceil((at - clock()) / 1000);
      await client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl,
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: Math.min(Math.max(seconds, 0), MAX_VISIBILITY_S),
        }),
      );
    },
    sendToDeadLetterQueue: async (body) => {
      await client.send(new SendMessageCommand({ QueueUrl: deadLetterQueueUrl, MessageBody: body }));
    },
    countMessages: async () => {
      const { Attributes = {} } = await client.send(
        new GetQueueAttributesCommand({
          QueueUrl,
          AttributeNames: [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
          ],
        }),
      );
      return Object.values(Attributes).reduce((sum, value) => sum + Number(value), 0);
    },
  };
};
