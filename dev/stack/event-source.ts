import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type { StackClock } from "./clock.ts";
import { TooManyRequestsError } from "./lambda.ts";
import { type Message, type Queue, waitForMessages } from "./sqs/queue.ts";

export interface EventSourceOptions {
  readonly queue: Queue;
  readonly queueArn: string;
  readonly region: string;
  readonly clock: StackClock;
  /** The maximum number of concurrent invocations. */
  readonly maximumConcurrency: number;
  readonly invoke: (event: SQSEvent) => Promise<unknown>;
}

export interface EventSource {
  /** The number of running invocations. */
  readonly running: () => number;
  /** Stops receiving, and resolves once the running invocations have ended. */
  readonly close: () => Promise<void>;
}

/**
 * Lambda's event source mapping of a queue, with a batch size of one and ReportBatchItemFailures. A message is deleted once
 * the function succeeds. If the function reports it as failed, or throws, the message is left with its current visibility.
 * If Lambda has no room for the invocation, it is tried again for as long as the message is hidden.
 */
export const startEventSource = (options: EventSourceOptions): EventSource => {
  const { queue, clock, maximumConcurrency } = options;
  const closing = new AbortController();
  const invocations = new Set<Promise<void>>();

  const invoke = async (event: SQSEvent, until: number): Promise<unknown> => {
    try {
      return await options.invoke(event);
    } catch (error) {
      if (!(error instanceof TooManyRequestsError) || clock.now() + THROTTLED_PAUSE_MS > until) throw error;
      await clock.sleep(THROTTLED_PAUSE_MS, closing.signal);
      return await invoke(event, until);
    }
  };

  const poll = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      if (invocations.size >= maximumConcurrency) {
        await Promise.race(invocations);
        continue;
      }
      const [message] = queue.receive(1);
      if (message) {
        const passed = { ...options, invoke: (event: SQSEvent) => invoke(event, message.visibleAt) };
        const invocation = passOn(passed, message).finally(() => invocations.delete(invocation));
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

const THROTTLED_PAUSE_MS = 1_000;

/** Invokes the function with a received message, and deletes the message if the function succeeds. */
export const passOn = async (
  options: Pick<EventSourceOptions, "queue" | "queueArn" | "region" | "invoke">,
  message: Message,
): Promise<void> => {
  const isTaken = await options.invoke({ Records: [makeRecord(message, options)] }).then(isSuccess, () => false);
  if (isTaken) options.queue.delete(message.receiptHandle ?? "");
};

/** As Lambda does: no list, or an empty one, is success. In a batch of one, any failure is that of the message. */
const isSuccess = (result: unknown): boolean => {
  const failures = (result as Partial<SQSBatchResponse> | null | undefined)?.batchItemFailures ?? [];
  return failures.length === 0;
};

/** A message as Lambda hands it to a function. */
export const makeRecord = (
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
