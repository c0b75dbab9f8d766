import * as v from "valibot";
import { parseJson } from "../../lib/json.ts";
import type { Context, S3Event, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type { EventPublisher } from "../../lib/delivery/aws/events.ts";
import type { MediaQueue } from "../../lib/delivery/aws/queue.ts";
import { deliver, type DeliveryEnd, type DeliveryPorts, type DeliveryRun } from "../../lib/delivery/deliver.ts";
import type { Observability } from "../../lib/observability.ts";
import { markSidecar } from "../../lib/delivery/sidecar.ts";
import { parseWork, UnreadableMessageError, type WorkItem } from "./message.ts";

/** What works on items, and its limits. */
export interface Worker {
  readonly ports: DeliveryPorts &
    Pick<EventPublisher, "announceQuarantined" | "announceMissing"> & { readonly queue: MediaQueue };
  readonly bucketName: string;
  /** At this receive, the queue gives a message up. */
  readonly maxReceives: number;
  readonly run: Pick<DeliveryRun, "settings" | "marginMs" | "idleTimeoutMs" | "capabilityUrl">;
}

/** One try at a message's items. */
interface Attempt {
  readonly receiveCount: number;
  /** When the message was put into the queue, or, of a bare event, when the invocation began (ms since the epoch). */
  readonly sentAt: number;
  /** The queue gives the message up after this attempt. */
  readonly lastChance: boolean;
  /** When the invocation ends (ms since the epoch). */
  readonly deadline: number;
  readonly observability: Observability;
}

/** When an item is due again (ms since the epoch); undefined once it is done for good. */
type DueAt = number | undefined;

const MINUTE_MS = 60_000;
/** The queue keeps messages for seven days. A day before that, a person gets to see what is still open. */
const MAX_AGE_MS = 6 * 24 * 60 * MINUTE_MS;
/** How long a message stays hidden beyond its invocation's deadline: a crash costs minutes, not hours. */
const VISIBILITY_MARGIN_MS = MINUTE_MS;
/** When to try again an item that failed outside of the delivery machine. */
const RETRY_MS = MINUTE_MS;
/** SQS's limit. */
const MAX_DELAY_S = 900;

/**
 * Works on messages of the media queue (one at a time), or on a bare S3 event, as `aws lambda invoke` sends it to replay
 * what S3 said. Reports a message that must come back as a batch item failure, and sets when it becomes visible.
 */
export const createQueueHandler =
  (worker: Worker) =>
  async (event: SQSEvent | S3Event, context: Context): Promise<SQSBatchResponse> => {
    const deadline = worker.ports.runtime.clock() + context.getRemainingTimeInMillis();
    const observability = worker.ports.observability.with({ requestId: context.awsRequestId });
    const batchItemFailures: SQSBatchResponse["batchItemFailures"] = [];
    if (isQueueEvent(event)) {
      for (const record of event.Records)
        if (!(await handleMessage(worker, record, deadline, observability)))
          batchItemFailures.push({ itemIdentifier: record.messageId });
    } else {
      const attempt = {
        receiveCount: 1,
        sentAt: worker.ports.runtime.clock(),
        lastChance: false,
        deadline,
        observability,
      };
      const dueAt = await workOn(worker, readBareEvent(worker, event, observability), attempt);
      // No queue holds a bare event, so one that must come back is put there.
      if (dueAt !== undefined) await worker.ports.queue.put(event, { delayS: 0 });
    }
    return { batchItemFailures };
  };

const QueueEvent = v.object({
  Records: v.array(
    v.object({ messageId: v.string(), receiptHandle: v.string(), body: v.string(), attributes: v.object({}) }),
  ),
});

/** Whoever may invoke the function may send it anything, `null` included. */
const isQueueEvent = (event: unknown): event is SQSEvent => v.is(QueueEvent, event);

/** @throws {UnreadableMessageError} which the log tells of, too */
const readBareEvent = (worker: Worker, event: unknown, { log }: Observability): WorkItem[] => {
  try {
    return parseWork(event, worker.bucketName);
  } catch (error) {
    if (error instanceof UnreadableMessageError)
      log.error("the event is neither the queue's nor S3's, and nothing was done", { code: error.code });
    throw error;
  }
};

/** @returns whether the message is done and may be deleted */
const handleMessage = async (
  worker: Worker,
  { messageId, receiptHandle, body, attributes }: SQSRecord,
  deadline: number,
  ofInvocation: Observability,
): Promise<boolean> => {
  const { clock } = worker.ports.runtime;
  const receiveCount = Number(attributes.ApproximateReceiveCount) || 1;
  const sentAt = Number(attributes.SentTimestamp) || clock();
  const observability = ofInvocation.with({ messageId, receiveCount });
  const { log, count } = observability;
  const hideUntil = (at: number) =>
    worker.ports.queue.hideUntil(receiptHandle, at).catch(() => {
      log.warn("the message's visibility could not be set");
    });
  const work = async (): Promise<DueAt | "kept"> => {
    let items: WorkItem[];
    try {
      items = parseWork(parseJson(body), worker.bucketName);
    } catch (error) {
      if (!(error instanceof UnreadableMessageError)) throw error;
      log.error("the message cannot be read and goes to the dead-letter queue", { code: error.code });
      count("MessageUnreadable");
      return worker.ports.queue.sendToDeadLetterQueue(body).then(
        () => undefined,
        () => "kept",
      );
    }
    const lastChance = receiveCount >= worker.maxReceives || clock() - sentAt >= MAX_AGE_MS;
    return workOn(worker, items, { receiveCount, sentAt, lastChance, deadline, observability });
  };
  const working = work();
  // The work need not wait for this. It has ended before the next change, and before this function returns.
  const hidden = hideUntil(deadline + VISIBILITY_MARGIN_MS);
  const dueAt = await working.finally(() => hidden);
  if (dueAt === undefined) return true;
  if (dueAt === "kept") return false;
  log.info("the message comes back", { retryInS: Math.round((dueAt - clock()) / 1000) });
  await hideUntil(dueAt);
  return false;
};

/** Works on the items one after another. @returns when the first of them is due again */
const workOn = async (worker: Worker, items: readonly WorkItem[], attempt: Attempt): Promise<DueAt> => {
  let first: DueAt;
  for (const item of items) {
    const dueAt = await workOnItem(worker, item, attempt);
    if (dueAt !== undefined) first = Math.min(dueAt, first ?? dueAt);
  }
  return first;
};

const workOnItem = async (worker: Worker, item: WorkItem, attempt: Attempt): Promise<DueAt> => {
  const { log, count } = attempt.observability;
  switch (item.is) {
    case "ignore":
      count("RecordIgnored");
      return undefined;
    case "quarantine":
      log.error("an object's key names no job; the object stays where it is", { code: "KEY_QUARANTINED" });
      count("MediaQuarantined");
      return worker.ports.announceQuarantined(item).then(
        () => undefined,
        () => worker.ports.runtime.clock() + RETRY_MS,
      );
    case "drop": {
      const { jobId, media, isOperators, isCopy } = item;
      const arrivedAt = arrivalOf(item, attempt);
      const command = await runMachine(
        worker,
        { role: "queue", jobId, media, arrivedAt, isOperators, isCopy },
        attempt,
      );
      if (command.reason === "conflict" || command.reason === "superseded") {
        count("SurplusObjects");
        count("SurplusBytes", item.sizeBytes);
      }
      return dueTime(command);
    }
    case "sidecar":
      return attend(worker, item, attempt);
    case "ignoreObject":
      log.info("an object's name says that it is no media; it is ignored", { jobId: item.jobId });
      count("ObjectIgnored");
      return undefined;
    case "reconcile":
      return dueTime(await runMachine(worker, { role: "reconcile", jobId: item.jobId }, attempt));
    case "decide":
      return decide(worker, item, attempt);
  }
};

/**
 * When an object came. A message without that time, or with a later one than its own, would wait for ever, or for as long as
 * its writer likes; so its own time bounds it.
 */
const arrivalOf = ({ arrivedAt }: { arrivedAt: number | undefined }, { sentAt }: Attempt): number =>
  Math.min(arrivedAt ?? sentAt, sentAt);

/**
 * A sidecar is never sent. It waits until its job has had time to get the media, and is then marked on the job's row. If
 * the job has no row by then, nothing came that could be delivered.
 */
const attend = async (
  { ports, run }: Worker,
  item: Extract<WorkItem, { is: "sidecar" }>,
  attempt: Attempt,
): Promise<DueAt> => {
  const { clock } = ports.runtime;
  const { log, count } = attempt.observability.with({ jobId: item.jobId });
  const settledAt = arrivalOf(item, attempt) + run.settings.dropSettleMs;
  if (clock() < settledAt) return settledAt;
  try {
    const found = await markSidecar(ports.ledger, item);
    if (found !== "noRow") return found === "marked" ? undefined : clock() + RETRY_MS;
    await ports.announceMissing(item);
  } catch {
    log.warn("a sidecar's job could not be looked at, or the event is not out");
    return clock() + RETRY_MS;
  }
  log.warn("only a sidecar has come for the job, and no media");
  count("MediaMissing");
  return undefined;
};

/**
 * An operator's decision counts once. After it has reopened the row, a reconcile message takes over, since the decision
 * does not cover what happens to the row later.
 */
const decide = async (
  worker: Worker,
  { jobId, decision }: Extract<WorkItem, { is: "decide" }>,
  attempt: Attempt,
): Promise<DueAt> => {
  const command = await runMachine(worker, { role: "operator", jobId, decision }, attempt);
  const { row } = command;
  if (command.reason === "notMeant")
    attempt.observability.log.warn("an operator's decision is about another state of the row; nothing was done", {
      jobId,
      state: row?.state,
    });
  const dueAt = dueTime(command);
  if (dueAt === undefined || !row || row.fence === decision.fence) return dueAt;
  const delayS = Math.min(Math.max(Math.ceil((dueAt - worker.ports.runtime.clock()) / 1000), 0), MAX_DELAY_S);
  return worker.ports.queue.put({ reconcile: jobId }, { delayS }).then(
    () => undefined,
    () => dueAt,
  );
};

const runMachine = async (
  { run, ports }: Worker,
  drop: Omit<DeliveryRun["drop"], "receiveCount" | "lastChance">,
  { receiveCount, lastChance, deadline, observability }: Attempt,
): Promise<DeliveryEnd["command"]> => {
  const end = await deliver(
    { ...run, drop: { ...drop, receiveCount, lastChance }, deadline },
    { ...ports, observability: observability.with({ jobId: drop.jobId }) },
  );
  return end.command;
};

const dueTime = (command: DeliveryEnd["command"]): DueAt => (command.do === "later" ? command.at : undefined);
