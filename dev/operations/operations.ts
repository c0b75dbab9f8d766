import { readStage } from "../../bench/scale/stage.ts";
import type { Snapshot } from "../../web/operations/snapshot.ts";
import { readDeployment } from "../gateway/deployment.ts";
import type { Stack, StackOptions } from "../stack.ts";
import { createCosts } from "./costs.ts";
import { createJobs } from "./jobs.ts";
import { createJournal } from "./journal.ts";
import { notificationOf } from "./notification-of.ts";

/** What an operator sees of a local stack: the same as CloudWatch's dashboard shows of a stage. */
export interface Operations {
  /** What the stack has to tell: options for `startStack`. */
  readonly hooks: Required<
    Pick<StackOptions, "onLine" | "onEvent" | "onResponse" | "onOutcome" | "onAnswered" | "onS3Request">
  >;
  /** What there is to see of the stack that has these hooks. @param jobId whose life is wanted, too */
  readonly look: (stack: WatchedStack, jobId?: string) => Promise<Snapshot>;
}

export type WatchedStack = Pick<Stack, "ledger" | "queue" | "deadLetterQueue" | "s3">;

/** Shown from the start, although they are zero. As on the dashboard. */
const RATES = [
  "MediaDelivered",
  "MediaRetried",
  "MediaRejected",
  "MediaNeedsReview",
  "MediaHandedOver",
  "MediaQuarantined",
  "BytesDelivered",
];

/** @param clock the time of the stack that is watched */
export const createOperations = async ({ clock }: { readonly clock: () => number }): Promise<Operations> => {
  const [stage, { functions }] = [readStage(), await readDeployment()];
  const memory = new Map(functions.map(({ name, memoryMb }) => [name, memoryMb ?? stage.memoryMb]));
  const journal = createJournal({ clock });
  const jobs = createJobs({ clock });
  const costs = createCosts({ clock, stage, memoryMb: (name) => memory.get(name) ?? stage.memoryMb });
  /** Jobs whose rows were written since they were last read. */
  const written = new Set<string>();
  const listened = new WeakSet<WatchedStack>();

  const listen = (stack: WatchedStack): void => {
    if (listened.has(stack)) return;
    listened.add(stack);
    stack.s3.onObjectCreated((event) => {
      jobs.arrived(event);
      for (const { s3 } of event.Records) costs.stored(s3.object.size);
    });
  };

  /** Reads the rows that were written. That costs nothing on AWS, where nobody does it. */
  const readRows = async ({ ledger }: WatchedStack): Promise<void> => {
    const changed = [...written];
    written.clear();
    for (const jobId of changed) {
      costs.call("GetItem", -1);
      const row = await ledger.read(jobId).catch(() => undefined);
      if (row) jobs.show(row);
      else written.add(jobId);
    }
  };

  return {
    hooks: {
      onLine: (line) => {
        journal.add(line);
        costs.logged(line);
      },
      onEvent: (event) => {
        const notification = notificationOf(event, clock());
        if (notification) journal.notify(notification);
      },
      onResponse: costs.answered,
      onOutcome: (name, _outcome, durationMs) => {
        costs.invoked(name, durationMs);
      },
      onAnswered: (action, body) => {
        costs.call(action);
        const jobId = action === "UpdateItem" ? JOB_KEY.exec(body)?.[1] : undefined;
        if (jobId !== undefined) written.add(jobId);
      },
      onS3Request: costs.requested,
    },
    look: async (stack, jobId) => {
      listen(stack);
      await readRows(stack);
      const { visible, delayed, hidden } = stack.queue.inspect();
      const messages = [...visible, ...delayed, ...hidden];
      const dead = stack.deadLetterQueue.inspect();
      return {
        now: clock(),
        states: jobs.states(),
        queue: {
          messages: messages.length,
          oldestAt: messages.length === 0 ? undefined : Math.min(...messages.map(({ sentAt }) => sentAt)),
          deadLetters: dead.visible.length + dead.hidden.length + dead.delayed.length,
        },
        ...jobs.open(),
        ended: jobs.ended(),
        rates: journal.rates(RATES),
        speeds: journal.speeds(),
        reasons: journal.reasons(),
        notifications: journal.notifications(),
        cost: costs.today(journal.metricCount()),
        life: jobId === undefined ? undefined : { ...journal.life(jobId), job: jobs.get(jobId) },
      };
    },
  };
};

/** The key of a row; those of owners begin with a word. */
const JOB_KEY = /"job_id":\{"S":"([0-9a-f]{32})"\}/;
