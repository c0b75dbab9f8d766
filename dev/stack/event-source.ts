import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type { StackClock } from "./clock.ts";
import type { Message, Queue } from "./sqs/queue.ts";
import { waitForMessages } from "./sqs/wait.ts";

export interface EventSourceOptions {
  readonly queue: Queue;
  readonly queueArn: string;
  readonly region: string;
  readonly clock: StackClock;
  /** Invocations at once, at most. */
  readonly maximumConcurrency: number;
  readonly invoke: (event: SQSEvent) => Promise<unknown>;
}

export interface EventSource {
  /** Invocations that are running. */
  readonly running: () => number;
  /** Takes no more messages, and resolves once the running invocations have ended. */
  readonly close: () => Promise<void>;
}

/**
 * Lambda's event source mapping of a queue, with a batch size of one and ReportBatchItemFailures: a message is deleted
 * once the function has taken it, and left alone, with whatever visibility it has by then, where the function reports
 * it as failed or throws.
 */
export const startEventSource = (options: EventSourceOptions): EventSource => {
  const { queue, clock, maximumConcurrency } = options;
  const closing = new AbortController();
  const invocations = new Set<Promise<void>>();

  const poll = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      if (invocations.size >= maximumConcurrency) {
        await Promise.race(invocations);
        continue;
      }
      const [message] = queue.receive(1);
      if (message) {
        const invocation = passOn(options, message).finally(() => invocations.delete(invocation));
        invocations.add(invocation);
      } else await waitForMessages(queue, clock, { until: Infinity, signal: closing.signal });
    }
  };

  const polling = poll();
  return {
    running: () => invocations.size,
    close: async () => {
      closing.abort();
      await polling;
      await Promise.all(invocations);
    },
  };
};

/** Invokes the function with a message that was received, and deletes the message where the function took it. */
export const passOn = async (
  options: Pick<EventSourceOptions, "queue" | "queueArn" | "region" | "invoke">,
  message: Message,
): Promise<void> => {
  const isTaken = await options.invoke({ Records: [makeRecord(message, options)] }).then(isSuccess, () => false);
  if (isTaken) options.queue.delete(message.receiptHandle ?? "");
};

/** As Lambda reads the answer: nothing, or an empty list, is success. In a batch of one, any failure is the batch's. */
const isSuccess = (result: unknown): boolean => {
  const failures = (result as Partial<SQSBatchResponse> | null | undefined)?.batchItemFailures ?? [];
  return failures.length === 0;
};

const makeRecord = (
  message: Message,
  { queueArn, region }: Pick<EventSourceOptions, "queueArn" | "region">,
): SQSRecord => ({
  messageId: message.messageId,
  receiptHandle: message.receiptHandle ?? "",
  body: message.body,
  attributes: {
    ApproximateReceiveCount: String(message.receiveCount),
    SentTimestamp: String(message.sentAt),
    SenderId: "000000000000",
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
  },
  messageAttributes: {},
  md5OfBody: message.md5,
  eventSource: "aws:sqs",
  eventSourceARN: queueArn,
  awsRegion: region,
});
