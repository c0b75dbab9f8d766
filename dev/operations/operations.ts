import { readStage } from "../../bench/scale/stage.ts";
import type { Promised, Snapshot } from "../../web/operations/snapshot.ts";
import { readDeployment } from "../gateway/deployment.ts";
import type { Stack, StackOptions } from "../stack.ts";
import { readAlarms } from "./alarms.ts";
import { createCosts } from "./costs.ts";
import { createJobs } from "./jobs.ts";
import { createJournal, type Journal } from "./journal.ts";
import { notificationOf } from "./notification-of.ts";

/** What an operator sees of a local stack: the same as CloudWatch's dashboard shows of a stage. */
export interface Operations {
  /** What the stack has to tell: options for `startStack`. */
  readonly hooks: Required<
    Pick<StackOptions, "onLine" | "onNotice" | "onResponse" | "onOutcome" | "onAnswered" | "onS3Request">
  >;
  /** Begins to watch the stack that has these hooks. */
  readonly watch: (stack: WatchedStack) => Look;
}

/** What there is to see now. @param jobId whose life is wanted, too */
export type Look = (jobId?: string) => Promise<Snapshot>;

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

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** As in `resources/alarms.yml`. */
const OBJECTIVE = 0.99;

const promiseOf = ({ total }: Pick<Journal, "total">, now: number): Promised => {
  const since = (from: number) => ({ inTime: total("DropInTime", from), late: total("DropLate", from) });
  const hour = since(now - HOUR_MS);
  const lateShare = hour.late === 0 ? 0 : hour.late / (hour.late + hour.inTime);
  return { ...since(now - DAY_MS), objective: OBJECTIVE, burn: lateShare / (1 - OBJECTIVE) };
};

/** @param clock the time of the stack that is watched */
export const createOperations = async ({ clock }: { readonly clock: () => number }): Promise<Operations> => {
  const [stage, { functions }] = [readStage(), await readDeployment()];
  const memory = new Map(functions.map(({ name, memoryMb }) => [name, memoryMb ?? stage.memoryMb]));
  const journal = createJournal({ clock });
  const jobs = createJobs({ clock });
  const costs = createCosts({ clock, stage, memoryMb: (name) => memory.get(name) ?? stage.memoryMb });
  const alarms = await readAlarms({ clock, sumOf: journal.total });
  /** Jobs whose rows were written since they were last read. */
  const written = new Set<string>();

  /** Reads the rows that were written. That costs nothing on AWS, where nobody does it. */
  const readRows = async (ledger: WatchedStack["ledger"]): Promise<void> => {
    const changed = [...written];
    written.clear();
    for (const jobId of changed) {
      costs.call("GetItem", -1);
      try {
        const row = await ledger.read(jobId);
        if (row) jobs.show(row);
      } catch {
        written.add(jobId);
      }
    }
  };

  return {
    hooks: {
      onLine: (line) => {
        journal.add(line);
        costs.logged(line);
      },
      onNotice: (notice, event) => {
        journal.notify(notificationOf(notice, event, clock()));
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
    watch: ({ ledger, queue, deadLetterQueue, s3 }) => {
      s3.onObjectCreated((event) => {
        jobs.arrived(event);
        for (const record of event.Records) costs.stored(record.s3.object.size);
      });
      return async (jobId) => {
        await readRows(ledger);
        const messages = Object.values(queue.inspect()).flat();
        return {
          now: clock(),
          states: jobs.states(),
          queue: {
            messages: messages.length,
            oldestAt: messages.length === 0 ? undefined : Math.min(...messages.map(({ sentAt }) => sentAt)),
            deadLetters: Object.values(deadLetterQueue.inspect()).flat().length,
          },
          ...jobs.open(),
          ended: jobs.ended(),
          rates: journal.rates(RATES),
          speeds: journal.speeds(),
          promise: promiseOf(journal, clock()),
          reasons: journal.reasons(),
          notifications: journal.notifications(),
          alarms: alarms(),
          cost: costs.today(journal.metricCount()),
          life: jobId === undefined ? undefined : { ...journal.life(jobId), job: jobs.get(jobId) },
        };
      };
    },
  };
};

/** The key of a row; those of owners begin with a word. */
const JOB_KEY = /"job_id":\{"S":"([0-9a-f]{32})"\}/;
