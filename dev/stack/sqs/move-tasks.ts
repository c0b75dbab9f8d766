import { randomUUID } from "node:crypto";
import { AwsJsonError } from "../aws-json.ts";
import type { StackClock } from "../clock.ts";
import { checkRange, type Queue } from "./queue.ts";

export interface StartInput {
  readonly SourceArn: string;
  readonly DestinationArn?: string;
  readonly MaxNumberOfMessagesPerSecond?: number;
}
export interface ListInput {
  readonly SourceArn: string;
  readonly MaxResults?: number;
}
export interface CancelInput {
  readonly TaskHandle: string;
}

interface Task {
  readonly handle: string;
  readonly input: StartInput;
  readonly startedAt: number;
  readonly toMove: number;
  readonly cancelled: AbortController;
  status: "RUNNING" | "COMPLETED" | "CANCELLED" | "FAILED";
  moved: number;
  failure?: string;
}

const MAX_PER_SECOND = 500;
const MAX_RESULTS = 10;

/**
 * Tasks that move the messages of a dead-letter queue to a queue that is named, or to those that gave them up. A message
 * is sent anew: with another id, no receives, and all its retention ahead of it.
 * Source: the API reference, and the developer guide, "Learn how to configure a dead-letter queue redrive".
 */
export const createMoveTasks = (
  clock: StackClock,
  findByArn: (arn: string) => Queue | undefined,
  isDeadLetterQueue: (queue: Queue) => boolean,
) => {
  /** The latest first. */
  let tasks: Task[] = [];

  const find = (arn: string): Queue => {
    const queue = findByArn(arn);
    if (!queue) throw new AwsJsonError("ResourceNotFoundException", "There is no such queue");
    return queue;
  };

  const move = async (task: Task, source: Queue, destination: Queue | undefined) => {
    const { MaxNumberOfMessagesPerSecond: perSecond = MAX_PER_SECOND } = task.input;
    for (;;) {
      for (const message of source.take(perSecond)) {
        const queue = destination ?? message.source;
        if (queue) {
          queue.send(message.body);
          task.moved += 1;
        } else {
          // Whoever sent it sent it here.
          source.add(message);
          task.failure = "CouldNotDetermineMessageSource";
        }
      }
      if (task.failure !== undefined) task.status = "FAILED";
      else if (source.inspect().visible.length === 0) task.status = "COMPLETED";
      if (task.status !== "RUNNING") return;
      await clock.sleep(1_000, task.cancelled.signal);
    }
  };

  return {
    start: (input: StartInput) => {
      const source = find(input.SourceArn);
      const destination = input.DestinationArn === undefined ? undefined : find(input.DestinationArn);
      checkRange("MaxNumberOfMessagesPerSecond", input.MaxNumberOfMessagesPerSecond ?? 1, [1, MAX_PER_SECOND]);
      if (!isDeadLetterQueue(source))
        throw new AwsJsonError("InvalidParameterValue", "The source is no queue's dead-letter queue");
      if (tasks.some(({ input: { SourceArn: arn }, status }) => arn === input.SourceArn && status === "RUNNING"))
        throw new AwsJsonError("UnsupportedOperation", "A task of this queue is running");
      const task: Task = {
        handle: randomUUID(),
        input,
        startedAt: clock.now(),
        toMove: source.inspect().visible.length,
        cancelled: new AbortController(),
        status: "RUNNING",
        moved: 0,
      };
      tasks = [task, ...tasks];
      // A sleep ends early where the task is cancelled, or the stack is closed.
      void move(task, source, destination).catch(() => undefined);
      return { TaskHandle: task.handle };
    },

    list: ({ SourceArn: arn, MaxResults: count = 1 }: ListInput) => {
      find(arn);
      checkRange("MaxResults", count, [1, MAX_RESULTS]);
      return {
        Results: tasks
          .filter(({ input }) => input.SourceArn === arn)
          .slice(0, count)
          .map(showTask),
      };
    },

    cancel: ({ TaskHandle: handle }: CancelInput) => {
      const task = tasks.find((each) => each.handle === handle && each.status === "RUNNING");
      if (!task) throw new AwsJsonError("ResourceNotFoundException", "No such task is running");
      task.status = "CANCELLED";
      task.cancelled.abort();
      return { ApproximateNumberOfMessagesMoved: task.moved };
    },
  };
};

const showTask = ({ handle, input, startedAt, toMove, status, moved, failure }: Task) => ({
  ...(status === "RUNNING" ? { TaskHandle: handle } : {}),
  Status: status,
  ...input,
  ApproximateNumberOfMessagesMoved: moved,
  ApproximateNumberOfMessagesToMove: toMove,
  FailureReason: failure,
  StartedTimestamp: startedAt,
});
