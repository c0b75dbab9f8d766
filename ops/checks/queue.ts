import { GetQueueAttributesCommand, type QueueAttributeName } from "@aws-sdk/client-sqs";
import { parseJson } from "../../lib/json.ts";
import type { Stage } from "../stage.ts";
import { DEPLOY, failed, ok, type Check, type Finding } from "./check.ts";

export const QUEUE_CHECKS: readonly Check[] = [
  {
    name: "queue-policy",
    isOnlyOnAws: true,
    look: async (stage) => {
      const { MediaQueueUrl, MediaQueueArn, MediaBucketName } = stage.outputs;
      const { Policy = "" } = await attributesOf(stage, MediaQueueUrl, ["Policy"]);
      return judgePolicy(parseJson(Policy), { bucket: MediaBucketName, queueArn: MediaQueueArn });
    },
  },
  {
    name: "queue-redrive",
    look: async (stage) => {
      const { MediaQueueUrl, DeadLetterQueueArn } = stage.outputs;
      const { RedrivePolicy = "" } = await attributesOf(stage, MediaQueueUrl, ["RedrivePolicy"]);
      const policy = parseJson(RedrivePolicy) as { readonly deadLetterTargetArn?: unknown } | undefined;
      return policy?.deadLetterTargetArn === DeadLetterQueueArn
        ? ok("what the queue gives up is kept among the dead letters")
        : failed("What the queue gives up is not kept among the dead letters.", DEPLOY);
    },
  },
  {
    name: "dead-letters",
    look: async (stage) => {
      const name = "ApproximateNumberOfMessages";
      const attributes = await attributesOf(stage, stage.outputs.DeadLetterQueueUrl, [name]);
      const count = Number(attributes[name] ?? 0);
      if (count === 0) return ok("there are none");
      return failed(
        `There ${count === 1 ? "is 1" : `are ${count}`}, and they expire after 14 days.`,
        "`redrive --dry-run` shows them: docs/operations.md#dead-letters.",
      );
    },
  },
];

const attributesOf = async ({ sqs }: Stage, QueueUrl: string, AttributeNames: QueueAttributeName[]) =>
  (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }))).Attributes ?? {};

interface Statement {
  readonly Effect?: string;
  readonly Principal?: { readonly Service?: string | readonly string[] };
  readonly Action?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** Whether S3 may send the bucket's events to the queue. */
export const judgePolicy = (
  policy: unknown,
  { bucket, queueArn }: { readonly bucket: string; readonly queueArn: string },
): Finding => {
  const { Statement: statements = [] } = (policy ?? {}) as { readonly Statement?: readonly Statement[] };
  const allows = statements.some(
    ({ Effect, Principal, Action, Resource, Condition }) =>
      Effect === "Allow" &&
      list(Principal?.Service).includes("s3.amazonaws.com") &&
      list(Action).some((action) => /^sqs:(\*|SendMessage)$/i.test(action)) &&
      list(Resource).some((resource) => resource === queueArn || resource === "*") &&
      isMet(Condition, bucket),
  );
  return allows
    ? ok(`S3 may send the events of ${bucket}`)
    : failed(`The queue's policy does not let S3 send the events of ${bucket}: they are lost.`, DEPLOY);
};

/** A condition about the source names the bucket; others are AWS's to judge. */
const isMet = (condition: Statement["Condition"] = {}, bucket: string): boolean =>
  Object.values(condition)
    .flatMap((test) => Object.entries(test))
    .filter(([key]) => key.toLowerCase() === "aws:sourcearn")
    .every(([, value]) => list(value).some((arn) => arn.endsWith(`:::${bucket}`) || arn === "*"));

const list = (value: string | readonly string[] | undefined): readonly string[] =>
  typeof value === "string" ? [value] : (value ?? []);
