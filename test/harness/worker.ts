import { makeRecord } from "../../dev/stack/event-source.ts";
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type { Build } from "../../dev/stack/lambda.ts";
import type { Stack } from "../../dev/stack.ts";
import type { Message } from "../../dev/stack/sqs/queue.ts";
import { build as buildPresent } from "../../functions/deliver-media/handler.ts";
import type { Runtime } from "../../lib/runtime.ts";

/** What a worker does not share with the stack's own. */
interface WorkerOptions extends Partial<Pick<Runtime, "clock" | "sleep">> {
  readonly env?: Runtime["env"];
  /** Of another release than this one. */
  readonly build?: Build;
}

/** A process of deliver-media apart from the stack's: nothing cached, and time, pauses and settings of its own. */
export interface Worker {
  /**
   * Puts a message into the stack's queue, and takes it before anybody else does.
   * @returns whether it is gone; otherwise it waits in the queue
   */
  readonly take: (message: unknown, timeLeftMs?: number) => Promise<boolean>;
  /** Lets time jump to when the next message becomes visible, and takes that before anybody else does. */
  readonly takeNext: (timeLeftMs?: number) => Promise<boolean>;
}

/** A message as Lambda hands it to a function. */
export const toRecord = (message: Message): SQSRecord =>
  makeRecord(message, { queueArn: "arn:aws:sqs:us-east-1:000000000000:media", region: "us-east-1" });

const WHOLE_TIME_MS = 900_000;

export const startWorker = (stack: Stack, { env = {}, build = buildPresent, ...own }: WorkerOptions = {}): Worker => {
  const runtime: Runtime = { ...stack.runtime, ...own, env: { ...stack.env, ...env } };
  const handle = build(runtime) as (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;

  const takeVisible = async (timeLeftMs: number): Promise<boolean> => {
    const [message] = stack.queue.receive(1);
    if (!message) throw new Error("There is no message to take");
    const deadline = runtime.clock() + timeLeftMs;
    const context = { awsRequestId: "worker", getRemainingTimeInMillis: () => deadline - runtime.clock() };
    const { batchItemFailures } = await handle({ Records: [toRecord(message)] }, context as unknown as Context);
    if (batchItemFailures.length > 0) return false;
    stack.queue.delete(message.receiptHandle ?? "");
    return true;
  };

  // Receive the message before any await: the stack's own poller wakes up one turn later.
  return {
    take: (message, timeLeftMs = WHOLE_TIME_MS) => {
      stack.queue.send(JSON.stringify(message));
      return takeVisible(timeLeftMs);
    },
    takeNext: (timeLeftMs = WHOLE_TIME_MS) => {
      stack.advanceTime(stack.queue.nextVisibleAt() - stack.runtime.clock() + 1);
      return takeVisible(timeLeftMs);
    },
  };
};
