import { actionService, AwsJsonError, type AwsService } from "../aws-json.ts";
import type { StackClock } from "../clock.ts";
import { Queue, type Message, type QueueSettings, waitForMessages } from "./queue.ts";

const ACCOUNT_ID = "000000000000";

/** SQS with standard queues, without message attributes, as far as this project uses it. */
export interface Sqs {
  readonly service: AwsService;
  readonly createQueue: (name: string, settings: QueueSettings) => Queue;
}

type Attributes = Readonly<Record<string, string>>;
interface OnQueue {
  readonly QueueUrl?: string;
}
interface ReceiveInput extends OnQueue {
  readonly MaxNumberOfMessages?: number;
  readonly VisibilityTimeout?: number;
  readonly WaitTimeSeconds?: number;
  readonly AttributeNames?: string[];
  readonly MessageSystemAttributeNames?: string[];
}

export const queueArn = (region: string, name: string): string => `arn:aws:sqs:${region}:${ACCOUNT_ID}:${name}`;
export const queueUrl = (endpoint: string, name: string): string => `${endpoint}/${ACCOUNT_ID}/${name}`;

/** Queues and long polls follow the clock. */
export const createSqs = (clock: StackClock, region: string): Sqs => {
  const queues = new Map<string, Queue>();

  const find = (url: string | undefined): Queue => {
    const queue = queues.get(url?.split("/").at(-1) ?? "");
    if (!queue) throw new AwsJsonError("QueueDoesNotExist", "The specified queue does not exist.");
    return queue;
  };

  const createQueue = (name: string, settings: QueueSettings): Queue => {
    const queue = new Queue(name, settings, clock.now);
    queues.set(name, queue);
    return queue;
  };

  const readSettings = (attributes: Attributes): QueueSettings => {
    const policy = JSON.parse(attributes["RedrivePolicy"] ?? "null") as {
      deadLetterTargetArn: string;
      maxReceiveCount: number | string;
    } | null;
    return {
      visibilityTimeoutS: Number(attributes["VisibilityTimeout"] ?? 30),
      retentionS: Number(attributes["MessageRetentionPeriod"] ?? 345_600),
      ...(policy && {
        redrive: {
          deadLetterQueue: find(policy.deadLetterTargetArn.replaceAll(":", "/")),
          maxReceives: Number(policy.maxReceiveCount),
        },
      }),
    };
  };

  const receive = async (input: ReceiveInput, signal: AbortSignal) => {
    const queue = find(input.QueueUrl);
    const { MaxNumberOfMessages: count = 1, WaitTimeSeconds: waitS = 0 } = input;
    if (count < 1 || count > 10) throw new AwsJsonError("InvalidParameterValue", "MaxNumberOfMessages must be 1 to 10");
    const until = clock.now() + waitS * 1000;
    for (;;) {
      // A caller that has disconnected must not receive messages.
      const messages = signal.aborted ? [] : queue.receive(count, input.VisibilityTimeout);
      if (messages.length > 0 || signal.aborted || clock.now() >= until)
        return messages.length > 0 ? { Messages: messages.map((message) => showMessage(message, input)) } : {};
      await waitForMessages(queue, clock, { until, signal });
    }
  };

  const service = actionService({
    CreateQueue: (
      { QueueName: name, Attributes: attributes = {} }: { QueueName: string; Attributes?: Attributes },
      call,
    ) => {
      createQueue(name, readSettings(attributes));
      return { QueueUrl: queueUrl(`http://${call.headers.host ?? ""}`, name) };
    },
    SendMessage: (input: OnQueue & { MessageBody: string; DelaySeconds?: number }) => {
      const { messageId, md5 } = find(input.QueueUrl).send(input.MessageBody, input.DelaySeconds);
      return { MessageId: messageId, MD5OfMessageBody: md5 };
    },
    ReceiveMessage: (input: ReceiveInput, { signal }) => receive(input, signal),
    DeleteMessage: (input: OnQueue & { ReceiptHandle: string }) => {
      find(input.QueueUrl).delete(input.ReceiptHandle);
    },
    ChangeMessageVisibility: (input: OnQueue & { ReceiptHandle: string; VisibilityTimeout: number }) => {
      find(input.QueueUrl).changeVisibility(input.ReceiptHandle, input.VisibilityTimeout);
    },
    PurgeQueue: (input: OnQueue) => {
      find(input.QueueUrl).purge();
    },
    GetQueueAttributes: ({ QueueUrl: url, AttributeNames: names = [] }: OnQueue & { AttributeNames?: string[] }) => {
      const queue = find(url);
      const attributes = showQueue(queue, region);
      return {
        Attributes: Object.fromEntries(
          Object.entries(attributes).filter(([name]) => names.includes("All") || names.includes(name)),
        ),
      };
    },
  });
  return { service, createQueue };
};

const showQueue = (queue: Queue, region: string): Attributes => {
  const { visible, delayed, hidden } = queue.inspect();
  const { visibilityTimeoutS, retentionS, redrive } = queue.settings;
  return {
    ApproximateNumberOfMessages: String(visible.length),
    ApproximateNumberOfMessagesDelayed: String(delayed.length),
    ApproximateNumberOfMessagesNotVisible: String(hidden.length),
    VisibilityTimeout: String(visibilityTimeoutS),
    MessageRetentionPeriod: String(retentionS),
    QueueArn: queueArn(region, queue.name),
    ...(redrive && {
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: queueArn(region, redrive.deadLetterQueue.name),
        maxReceiveCount: redrive.maxReceives,
      }),
    }),
  };
};

const showMessage = (message: Message, input: ReceiveInput) => {
  const wanted = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])];
  const attributes = Object.entries({
    SenderId: ACCOUNT_ID,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
  }).filter(([name]) => wanted.includes("All") || wanted.includes(name));
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    MD5OfBody: message.md5,
    Body: message.body,
    ...(attributes.length > 0 ? { Attributes: Object.fromEntries(attributes) } : {}),
  };
};
