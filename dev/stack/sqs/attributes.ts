import { AwsJsonError } from "../aws-json.ts";
import type { Queue, QueueSettings } from "./queue.ts";

/** A queue's attributes as SQS writes them. */
export type Attributes = Readonly<Record<string, string>>;

/** Least and most, in seconds. Source: the API reference, "CreateQueue". */
const SECONDS = { VisibilityTimeout: [0, 43_200], MessageRetentionPeriod: [60, 1_209_600] } as const;
const KNOWN = [...Object.keys(SECONDS), "RedrivePolicy"];

/** The settings that are among the attributes. */
export const readSettings = (
  attributes: Attributes,
  findByArn: (arn: string) => Queue | undefined,
): Partial<QueueSettings> => {
  const unknown = Object.keys(attributes).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) throw new AwsJsonError("InvalidAttributeName", `${unknown} is not simulated`);
  const visibilityTimeoutS = readSeconds(attributes, "VisibilityTimeout");
  const retentionS = readSeconds(attributes, "MessageRetentionPeriod");
  const redrive = readRedrive(attributes["RedrivePolicy"], findByArn);
  return {
    ...(visibilityTimeoutS !== undefined && { visibilityTimeoutS }),
    ...(retentionS !== undefined && { retentionS }),
    ...(redrive && { redrive }),
  };
};

const readSeconds = (attributes: Attributes, name: keyof typeof SECONDS): number | undefined => {
  const text = attributes[name];
  if (text === undefined) return undefined;
  const [min, max] = SECONDS[name];
  if (!/^\d+$/.test(text) || Number(text) < min || Number(text) > max)
    throw new AwsJsonError("InvalidAttributeValue", `${name} must be from ${min} to ${max}`);
  return Number(text);
};

const readRedrive = (text: string | undefined, findByArn: (arn: string) => Queue | undefined) => {
  if (text === undefined) return undefined;
  const { deadLetterTargetArn: arn, maxReceiveCount } = parse(text);
  const deadLetterQueue = typeof arn === "string" ? findByArn(arn) : undefined;
  if (!deadLetterQueue) throw new AwsJsonError("InvalidParameterValue", "There is no such dead-letter queue");
  return { deadLetterQueue, maxReceives: Number(maxReceiveCount) };
};

const parse = (text: string): { deadLetterTargetArn?: unknown; maxReceiveCount?: unknown } => {
  try {
    return JSON.parse(text) as object;
  } catch {
    throw new AwsJsonError("InvalidParameterValue", "RedrivePolicy must be JSON");
  }
};

export const showQueue = (queue: Queue, arnOf: (name: string) => string): Attributes => {
  const { visible, delayed, hidden } = queue.inspect();
  const { visibilityTimeoutS, retentionS, redrive } = queue.settings;
  return {
    ApproximateNumberOfMessages: String(visible.length),
    ApproximateNumberOfMessagesDelayed: String(delayed.length),
    ApproximateNumberOfMessagesNotVisible: String(hidden.length),
    VisibilityTimeout: String(visibilityTimeoutS),
    MessageRetentionPeriod: String(retentionS),
    QueueArn: arnOf(queue.name),
    ...(redrive && {
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: arnOf(redrive.deadLetterQueue.name),
        maxReceiveCount: redrive.maxReceives,
      }),
    }),
  };
};
