import { isDeepStrictEqual } from "node:util";
import { actionService, AwsJsonError, type AwsService } from "../aws-json.ts";
import type { StackClock } from "../clock.ts";
import { createMoveTasks, type CancelInput, type ListInput, type StartInput } from "./move-tasks.ts";
import { checkRange, Queue, type Message, type QueueSettings, waitForMessages } from "./queue.ts";
import { type Attributes, readSettings, showQueue } from "./attributes.ts";

const ACCOUNT_ID = "000000000000";
const MAX_WAIT_S = 20;
const QUEUE_NAME = /^[\w-]{1,80}$/;
const DEFAULTS: QueueSettings = { visibilityTimeoutS: 30, retentionS: 345_600 };

/** SQS with standard queues, without message attributes, as far as this project uses it. */
export interface Sqs {
  readonly service: AwsService;
  readonly createQueue: (name: string, settings: QueueSettings) => Queue;
}

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

  const findByArn = (arn: string): Queue | undefined => {
    const queue = queues.get(arn.split(":").at(-1) ?? "");
    return queue && queueArn(region, queue.name) === arn ? queue : undefined;
  };

  const tasks = createMoveTasks(clock, findByArn, (queue) =>
    [...queues.values()].some(({ settings: { redrive } }) => redrive?.deadLetterQueue === queue),
  );

  const receive = async (input: ReceiveInput, signal: AbortSignal) => {
    const queue = find(input.QueueUrl);
    const { MaxNumberOfMessages: count = 1, WaitTimeSeconds: waitS = 0 } = input;
    checkRange("MaxNumberOfMessages", count, [1, 10]);
    checkRange("WaitTimeSeconds", waitS, [0, MAX_WAIT_S]);
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
      if (!QUEUE_NAME.test(name)) throw new AwsJsonError("InvalidParameterValue", "The queue's name is not allowed");
      const settings = readSettings(attributes, findByArn);
      const present = queues.get(name);
      if (!present) createQueue(name, { ...DEFAULTS, ...settings });
      else if (!isDeepStrictEqual(present.settings, { ...present.settings, ...settings }))
        throw new AwsJsonError("QueueNameExists", "There is a queue of this name, with other attributes");
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
    GetQueueAttributes: ({ QueueUrl: url, AttributeNames: names = [] }: OnQueue & { AttributeNames?: string[] }) => {
      const queue = find(url);
      const attributes = showQueue(queue, (name) => queueArn(region, name));
      return {
        Attributes: Object.fromEntries(
          Object.entries(attributes).filter(([name]) => names.includes("All") || names.includes(name)),
        ),
      };
    },
    StartMessageMoveTask: (input: StartInput) => tasks.start(input),
    ListMessageMoveTasks: (input: ListInput) => tasks.list(input),
    CancelMessageMoveTask: (input: CancelInput) => tasks.cancel(input),
  });
  return { service, createQueue };
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
