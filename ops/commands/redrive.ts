import {
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  ReceiveMessageCommand,
  StartMessageMoveTaskCommand,
  type ListMessageMoveTasksResultEntry,
  type Message,
} from "@aws-sdk/client-sqs";
import { setTimeout as wait } from "node:timers/promises";
import { parseWork, UnreadableMessageError } from "../../functions/deliver-media/message.ts";
import { parseJson } from "../../lib/json.ts";
import { confirm, type ConfirmOptions } from "../confirm.ts";
import type { CommandOptions, Context } from "../context.ts";
import { OpsError } from "../outcome.ts";
import { alignColumns, note, print } from "../print.ts";
import { formatDuration } from "../quantities.ts";
import type { Stage } from "../stage.ts";

export interface RedriveOptions extends CommandOptions, ConfirmOptions {
  readonly dryRun?: boolean;
  /** Messages a second. */
  readonly rate?: number;
}

/** A dead letter, as far as a person needs it. */
interface DeadLetter {
  readonly is: string;
  readonly jobId: string | undefined;
  readonly ageMs: number;
  readonly isReadable: boolean;
}

/** So many are looked at: more tell nothing new, and each look hides them for a moment. */
const MOST_INSPECTED = 100;
/** A message that is looked at is hidden for so long, if this program ends before it shows it again. */
const LOOK_S = 30;
const POLL_MS = 1_000;

/** `ops redrive`: what is in the dead-letter queue, and its way back to the media queue. @returns the exit code */
export const redrive = async (context: Context, stage: Stage, options: RedriveOptions): Promise<number> => {
  const { DeadLetterQueueArn: SourceArn, MediaQueueArn: DestinationArn } = stage.outputs;
  const running = await latestTask(stage);
  if (running?.Status === "RUNNING" || running?.Status === "CANCELLING")
    throw new OpsError(
      "refused",
      "MOVE_IS_RUNNING",
      `Messages are being moved already: ${progress(running)}.`,
      "Wait until that has ended.",
    );
  const total = await countMessages(stage);
  const letters = await inspect(context, stage);
  const document = {
    stage: stage.name,
    source: SourceArn,
    destination: DestinationArn,
    messages: total,
    inspected: letters,
  };
  const text = tell(letters, total);
  if (letters.length === 0) return print(context, options, { outcome: "done", text, document });
  if (options.dryRun)
    return print(context, options, { outcome: "done", text: [...text, "", "Nothing was moved."], document });

  const rate = options.rate === undefined ? {} : { MaxNumberOfMessagesPerSecond: options.rate };
  for (const line of text) note(context, line);
  note(context, "");
  note(context, `All of them go to ${DestinationArn}, ${options.rate ?? "as many as SQS likes"} a second.`);
  note(context, "The ledger still decides, so nothing is sent twice. What cannot be read comes back here.");
  await confirm(context, { ...options, stage: stage.name, plan: [] });
  await stage.sqs.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn, ...rate }));
  const task = await follow(context, stage);
  const { Status: status = "UNKNOWN", ApproximateNumberOfMessagesMoved: moved = 0, FailureReason: failure } = task;
  if (status === "COMPLETED")
    return print(context, options, {
      outcome: "done",
      text: [`Moved ${moved} messages to ${DestinationArn}.`],
      document: { ...document, moved },
    });
  throw new OpsError(
    "failed",
    `MOVE_${status}`,
    `The move has ended as ${status} after ${progress(task)}${failure === undefined ? "" : `: ${failure}`}.`,
    "What is left is still in the dead-letter queue: run it again.",
  );
};

const countMessages = async ({ sqs, outputs }: Stage): Promise<number> => {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: outputs.DeadLetterQueueUrl,
      AttributeNames: ["ApproximateNumberOfMessages"],
    }),
  );
  return Number(Attributes["ApproximateNumberOfMessages"] ?? 0);
};

/** Reads messages without deleting them. Each is visible again at the end. */
const inspect = async ({ clock }: Context, { sqs, outputs }: Stage): Promise<DeadLetter[]> => {
  const { DeadLetterQueueUrl: QueueUrl, MediaBucketName } = outputs;
  const messages: Message[] = [];
  while (messages.length < MOST_INSPECTED) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: LOOK_S,
        // Without waiting, SQS asks some of its servers only.
        WaitTimeSeconds: 1,
        MessageSystemAttributeNames: ["SentTimestamp"],
      }),
    );
    if (Messages.length === 0) break;
    messages.push(...Messages);
  }
  for (const { ReceiptHandle } of messages)
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
  return messages.map(({ Body = "", Attributes = {} }) => ({
    ...read(Body, MediaBucketName),
    ageMs: Math.max(clock() - Number(Attributes["SentTimestamp"] ?? clock()), 0),
  }));
};

/** What deliver-media will make of a message. */
const read = (body: string, bucketName: string): Omit<DeadLetter, "ageMs"> => {
  try {
    const [first, ...others] = parseWork(parseJson(body), bucketName);
    const jobId = first && "jobId" in first ? first.jobId : undefined;
    const is = first === undefined ? "nothing" : first.is === "decide" ? first.decision.what : first.is;
    return { is: others.length > 0 ? `${is} and ${others.length} more` : is, jobId, isReadable: true };
  } catch (error) {
    if (!(error instanceof UnreadableMessageError)) throw error;
    // Anybody's text, of which this is enough to recognize its writer.
    const start = JSON.stringify(body.slice(0, 60));
    return { is: `cannot be read: ${start}`, jobId: undefined, isReadable: false };
  }
};

const tell = (letters: readonly DeadLetter[], total: number): string[] => {
  if (letters.length === 0)
    return [total === 0 ? "There are no dead letters." : `${total} dead letters, all of them hidden at present.`];
  const unreadable = letters.filter(({ isReadable }) => !isReadable).length;
  const seen = letters.length < total ? ` (the first ${letters.length} of about ${total})` : "";
  return [
    ...alignColumns([
      ["AGE", "JOB", "WHAT"],
      ...letters.map(({ is, jobId, ageMs }) => [formatDuration(ageMs), jobId ?? "-", is]),
    ]),
    "",
    `${letters.length} dead letters${seen}, of which ${unreadable} cannot be read.`,
  ];
};

const latestTask = async ({ sqs, outputs }: Stage): Promise<ListMessageMoveTasksResultEntry | undefined> => {
  const { Results = [] } = await sqs.send(
    new ListMessageMoveTasksCommand({ SourceArn: outputs.DeadLetterQueueArn, MaxResults: 1 }),
  );
  return Results[0];
};

/** Shows how far the move is, until it has ended. */
const follow = async (context: Context, stage: Stage): Promise<ListMessageMoveTasksResultEntry> => {
  const signal = context.interruptible();
  for (;;) {
    const task = (await latestTask(stage)) ?? {};
    if (task.Status !== "RUNNING" && task.Status !== "CANCELLING") return task;
    note(context, `moved ${progress(task)}; Ctrl-C leaves the rest to SQS`);
    await wait(POLL_MS, undefined, { signal }).catch(() => {
      throw signal.reason;
    });
  }
};

const progress = ({
  ApproximateNumberOfMessagesMoved: moved = 0,
  ApproximateNumberOfMessagesToMove: toMove,
}: ListMessageMoveTasksResultEntry): string => `${moved}${toMove === undefined ? "" : ` of ${toMove}`} messages`;
