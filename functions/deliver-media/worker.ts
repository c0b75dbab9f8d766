import type { Context, S3Event, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type { EventPublisher } from "../../lib/delivery/aws/events.ts";
import { deliver, type DeliveryEnd, type DeliveryPorts, type DeliveryRun } from "../../lib/delivery/deliver.ts";
import type { Observability } from "../../lib/observability.ts";
import type { MediaQueue } from "../../lib/delivery/aws/queue.ts";
import type { Runtime } from "../../lib/runtime.ts";
import { parseEvent, parseMessage, UnreadableMessageError, type Task } from "./message.ts";

export interface DeliverMedia extends Omit<DeliveryPorts, "announce" | "announceDelay" | "runtime"> {
  readonly announcer: EventPublisher;
  readonly queue: MediaQueue;
  readonly runtime: Runtime;
  readonly bucketName: string;
  readonly maxReceives: number;
  readonly run: Pick<DeliveryRun, "settings" | "marginMs" | "idleTimeoutMs" | "capabilityUrl">;
}

/** What became of one task: done for good, or to be tried again at a time. */
type Outcome = "done" | { readonly at: number };

interface Delivery {
  readonly receiveCount: number;
  readonly lastChance: boolean;
  readonly deadline: number;
}

const MINUTE_MS = 60_000;
/** The queue keeps messages for seven days; a day before that, what is still open is put before a person. */
const MAX_AGE_MS = 6 * 24 * 60 * MINUTE_MS;
/** How long a message stays hidden beyond its invocation's deadline: a crash costs minutes, not hours. */
const VISIBILITY_MARGIN_MS = MINUTE_MS;
/** Where a task cannot be finished for a reason outside of the delivery machine. */
const RETRY_MS = MINUTE_MS;
/** SQS's limit. */
const MAX_DELAY_S = 900;

/**
 * Takes messages of the media queue (one at a time), or a bare S3 event as `aws lambda invoke` sends it to replay a
 * drop. A message that must come back is reported as a batch item failure, with its visibility set to when.
 */
export const createDeliverMedia = (parts: DeliverMedia) => {
  return async (event: SQSEvent | S3Event, context: Context): Promise<SQSBatchResponse> => {
    const deadline = parts.runtime.clock() + context.getRemainingTimeInMillis();
    const observability = parts.observability.with({ requestId: context.awsRequestId });
    const failures: SQSBatchResponse["batchItemFailures"] = [];
    if (isQueueEvent(event)) {
      for (const record of event.Records)
        if (!(await takeMessage({ ...parts, observability }, record, deadline)))
          failures.push({ itemIdentifier: record.messageId });
    } else {
      await replay({ ...parts, observability }, event, deadline);
    }
    return { batchItemFailures: failures };
  };
};

const isQueueEvent = (event: SQSEvent | S3Event): event is SQSEvent =>
  Array.isArray(event.Records) && event.Records.every((record) => "messageId" in record && "receiptHandle" in record);

/** @returns whether the message may go */
const takeMessage = async (parts: DeliverMedia, record: SQSRecord, deadline: number): Promise<boolean> => {
  const { queue, runtime, bucketName, maxReceives } = parts;
  const receiveCount = Number(record.attributes.ApproximateReceiveCount) || 1;
  const sentAt = Number(record.attributes.SentTimestamp) || runtime.clock();
  const observability = parts.observability.with({ messageId: record.messageId, receiveCount });
  await queue.hideUntil(record.receiptHandle, deadline + VISIBILITY_MARGIN_MS).catch(() => {
    observability.log.warn("the message's visibility could not be set");
  });

  let tasks: Task[];
  try {
    tasks = parseMessage(record.body, bucketName);
  } catch (error) {
    if (!(error instanceof UnreadableMessageError)) throw error;
    observability.log.error("the message cannot be read and goes to the dead-letter queue", { code: error.code });
    observability.count("MessageUnreadable");
    return queue.sendToDeadLetterQueue(record.body).then(
      () => true,
      () => false,
    );
  }
  const delivery: Delivery = {
    receiveCount,
    lastChance: receiveCount >= maxReceives || runtime.clock() - sentAt >= MAX_AGE_MS,
    deadline,
  };
  const outcomes: Outcome[] = [];
  for (const task of tasks) outcomes.push(await carryOut({ ...parts, observability }, task, delivery));
  const waits = outcomes.filter((outcome) => outcome !== "done");
  if (waits.length === 0) return true;
  const at = Math.min(...waits.map((wait) => wait.at));
  observability.log.info("the message comes back", { retryInS: Math.round((at - runtime.clock()) / 1000) });
  await queue.hideUntil(record.receiptHandle, at).catch(() => {
    observability.log.warn("the message's visibility could not be set");
  });
  return false;
};

/** A bare event has no queue behind it, so what must come back is put there. */
const replay = async (parts: DeliverMedia, event: unknown, deadline: number): Promise<void> => {
  const delivery: Delivery = { receiveCount: 1, lastChance: false, deadline };
  let isDone = true;
  for (const task of parseEvent(event, parts.bucketName))
    if ((await carryOut(parts, task, delivery)) !== "done") isDone = false;
  if (!isDone) await parts.queue.put(event, { delayS: 0 });
};

const carryOut = async (parts: DeliverMedia, task: Task, delivery: Delivery): Promise<Outcome> => {
  const { observability, announcer, runtime } = parts;
  switch (task.is) {
    case "ignore":
      observability.count("RecordIgnored");
      return "done";
    case "quarantine":
      observability.log.error("an object's key names no job; the object stays where it is", {
        code: "KEY_QUARANTINED",
      });
      observability.count("MediaQuarantined");
      return announcer.announceQuarantined(task).then(
        () => "done" as const,
        () => ({ at: runtime.clock() + RETRY_MS }),
      );
    case "drop": {
      const { command } = await runDelivery(parts, { role: "queue", jobId: task.jobId, media: task.media }, delivery);
      if (command.do === "later") return { at: command.at };
      if (command.reason === "conflict" || command.reason === "superseded") {
        observability.count("SurplusObjects");
        observability.count("SurplusBytes", task.sizeBytes);
      }
      return "done";
    }
    case "reconcile":
      return deliverJob(parts, { role: "reconcile", jobId: task.jobId }, delivery);
    case "decide":
      return decide(parts, task, delivery);
  }
};

/**
 * An operator's word counts once. Once the row is open, a message that only looks after it takes over: it is no decision
 * about what comes of it then.
 */
const decide = async (
  parts: DeliverMedia,
  { jobId, decision }: Extract<Task, { is: "decide" }>,
  delivery: Delivery,
): Promise<Outcome> => {
  const { command } = await runDelivery(parts, { role: "operator", jobId, decision }, delivery);
  if (command.do === "acknowledge") {
    if (command.reason === "notMeant")
      parts.observability.log.warn("an operator's decision is about another state of the row; nothing was done", {
        jobId,
        ...(command.row ? { state: command.row.state } : {}),
      });
    return "done";
  }
  const { at, row } = command;
  if (!row || row.fence === decision.fence) return { at };
  const delayS = Math.min(Math.max(Math.ceil((at - parts.runtime.clock()) / 1000), 0), MAX_DELAY_S);
  return parts.queue.put({ reconcile: jobId }, { delayS }).then(
    () => "done",
    () => ({ at }),
  );
};

const deliverJob = async (
  parts: DeliverMedia,
  drop: Pick<DeliveryRun["drop"], "role" | "jobId">,
  delivery: Delivery,
): Promise<Outcome> => {
  const { command } = await runDelivery(parts, drop, delivery);
  return command.do === "acknowledge" ? "done" : { at: command.at };
};

const runDelivery = (
  parts: DeliverMedia,
  drop: Pick<DeliveryRun["drop"], "role" | "jobId" | "media" | "decision">,
  { receiveCount, lastChance, deadline }: Delivery,
): Promise<DeliveryEnd> => {
  const observability: Observability = parts.observability.with({ jobId: drop.jobId });
  return deliver(
    { ...parts.run, drop: { ...drop, receiveCount, lastChance }, deadline },
    { ...parts, ...parts.announcer, observability },
  );
};
