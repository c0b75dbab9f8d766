import { untilQuiet, realPause, virtualTime, whileTimePasses } from "./virtual-time.ts";
import { passOn } from "../../dev/stack/event-source.ts";
import type { Row } from "../../lib/delivery/machine/row.ts";
import { createActor, type Call, type Drop } from "./acting.ts";
import type { Act, Schedule } from "./schedule.ts";
import { startStrikes } from "./striking.ts";
import type { Theatre } from "./theatre.ts";

/** What was done for the job, as far as the judge needs it. */
export interface Performance {
  readonly schedule: Schedule;
  readonly jobId: string;
  /** The job's row at the end. */
  readonly row: Row | undefined;
  readonly drops: readonly Drop[];
  readonly calls: readonly Call[];
  /** The row whenever a person was asked, its end included. */
  readonly reviews: readonly Row[];
  /** Faults that hit. */
  readonly faults: number;
  /** When the last fault, and the last time without a worker, was over. */
  readonly troubleUntil: number;
  readonly startedAt: number;
  /** Whether it ended only by the census. */
  readonly neededCensus: boolean;
  /** Why it never came to rest; undefined if it did. */
  readonly restless: string | undefined;
}

interface Direction {
  /** The functions run in a process of their own. */
  readonly inChild: boolean;
  readonly isOver: (row: Row | undefined, drops: readonly Drop[]) => boolean;
}

const MINUTE_MS = 60_000;
/** Longer than it takes until the census finds any stuck row. */
const STUCK_MIN = 2 * 60;
const CENSUS_MIN = 15;
const CENSUSES_A_DAY = 96;
const MAX_CENSUSES = 5;
/** More steps of time than any schedule needs. */
const MAX_STEPS = 20_000;
/** Until the census that looks for the job's older objects, which it does once a day. */
const minutesToCensus = (jobId: string): number => {
  const now = Date.now() / MINUTE_MS;
  const next = Math.ceil((now + STUCK_MIN) / CENSUS_MIN);
  const wait = (Number.parseInt(jobId.slice(0, 8), 16) % CENSUSES_A_DAY) - (next % CENSUSES_A_DAY);
  return (next + ((wait + CENSUSES_A_DAY) % CENSUSES_A_DAY)) * CENSUS_MIN - now;
};
/** What another process needs to react. */
const CHILD_PAUSE_MS = 25;
const CHILD_STEP_MS = 20_000;
/** The instance that answers HTTP calls. */
const CALLER = 7;
/** When an operator has looked, and when the queue repeats the message, in seconds. */
const DECIDED_AFTER_S = [600, 900];
const QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:cielo24-proxy-local-media";

/** Whether it takes no time. */
const isForActor = (act: Act): boolean => act.do !== "rest" && act.do !== "wait";

/** Plays a schedule to its end: until nothing moves any more, and the census finds nothing more to do. */
export const play = async (
  theatre: Theatre,
  schedule: Schedule,
  { inChild, isOver }: Direction,
): Promise<Performance> => {
  const { stack, cielo24 } = theatre;
  const jobId = cielo24.addJob();
  const running = new Set<Promise<void>>();
  const busy = Array.from({ length: schedule.workers }, () => false);
  const firstChunk = theatre.chunks();
  const acts = schedule.acts.toSorted((a, b) => a.after - b.after);
  const decisions = [...schedule.decisions];
  const reviews: Row[] = [];
  const startedAt = Date.now();
  let restedUntil = startedAt;
  let nextActAt = startedAt;
  let steps = 0;
  let restless: string | undefined;

  const activity = () =>
    theatre.chunks() + stack.aws.calls.length + stack.logs.length + stack.s3.requests.length + cielo24.posts.length;

  const track = (work: Promise<unknown>) => {
    const settled: Promise<void> = work
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => running.delete(settled));
    running.add(settled);
  };

  const invoke = async (number: number, name: string, event: unknown): Promise<unknown> => {
    const instance = await theatre.instance(schedule, number, { inProcess: !inChild });
    try {
      return await instance.invoke(name, event);
    } catch (error) {
      // Lambda ends an invocation that has run out of time.
      if (error instanceof Error && error.message.startsWith("Task timed out")) instance.kill();
      throw error;
    }
  };

  const actor = createActor({ theatre, jobId, track, callApi: (event) => invoke(CALLER, "add-media", event) });

  const takeMessages = () => {
    while (running.size < schedule.workers) {
      const number = busy.indexOf(false);
      const [message] = number === -1 || number >= schedule.workers ? [] : stack.queue.receive(1);
      if (!message) return;
      busy[number] = true;
      track(
        passOn(
          {
            queue: stack.queue,
            queueArn: QUEUE_ARN,
            region: "us-east-1",
            invoke: (event) => invoke(number, "deliver-media", event),
          },
          message,
        ).finally(() => (busy[number] = false)),
      );
    }
  };
  /** Lets time go on to the next timer, or to that time if it is sooner. */
  const passTime = async (until: number): Promise<void> => {
    if (running.size > 0 && inChild) {
      await theatre.tellTime();
      const before = activity();
      await realPause(CHILD_PAUSE_MS);
      if (activity() !== before) return;
    }
    const limit = running.size > 0 && inChild ? Math.min(until, Date.now() + CHILD_STEP_MS) : until;
    const mark = Number.isFinite(limit) ? setTimeout(() => undefined, Math.max(limit - Date.now(), 0)) : undefined;
    virtualTime.next();
    clearTimeout(mark);
    if (inChild) await theatre.tellTime();
    steps += 1;
    if (steps > MAX_STEPS) restless = "time passes and nothing comes to an end";
  };

  const rest = async (minutes: number): Promise<void> => {
    const until = Date.now() + minutes * MINUTE_MS;
    while (Date.now() < until && !restless) {
      await passTime(until);
      await untilQuiet(activity, () => false);
    }
  };

  /** Takes no messages for so long. Meanwhile the census looks for the job once a day, as on any stage. */
  const restFor = async (minutes: number): Promise<void> => {
    const until = Date.now() + minutes * MINUTE_MS;
    for (;;) {
      const left = (until - Date.now()) / MINUTE_MS;
      const wait = minutesToCensus(jobId);
      await rest(Math.min(left, wait));
      if (left <= wait || restless) return;
      // To its end: days must not pass while it waits for an answer.
      await whileTimePasses(
        stack.runCensus().catch(() => undefined),
        activity,
      );
    }
  };

  /** Whatever is to happen while a drop is delivered does not happen while it settles. */
  const nextActTime = (nextMessageAt: number): number => {
    const settledAt = Math.max(...actor.drops.map(({ at }) => at)) + schedule.dropSettleS * 1000;
    const isForLater = (acts[0]?.after ?? 0) > theatre.chunks() - firstChunk;
    return isForLater && nextMessageAt <= settledAt ? nextMessageAt : nextActAt;
  };

  /** Goes on until no message is left and no instance works. */
  const run = async (): Promise<void> => {
    while (!restless) {
      takeMessages();
      const size = running.size;
      await untilQuiet(activity, () => running.size < size);
      if (running.size < size) continue;
      const next = stack.queue.nextVisibleAt();
      if (running.size === 0) {
        if (next <= Date.now()) continue;
        const dueAt = nextActTime(next);
        if (acts.length > 0 && Date.now() < dueAt) {
          await passTime(Math.min(next, dueAt));
          continue;
        }
        const act = acts.shift();
        if (act?.do === "wait") nextActAt = Date.now() + act.seconds * 1000;
        else if (act?.do === "rest") {
          await restFor(act.minutes);
          restedUntil = Date.now();
        } else if (act) actor.perform(act);
        if (act) continue;
        if (next === Infinity) {
          if (virtualTime.countTimers() > 0) await passTime(Infinity);
          else if (!(await decide())) return;
          continue;
        }
      }
      await passTime(next <= Date.now() ? Infinity : next);
    }
  };

  /** The faults hit this read, too; undefined if it fails. */
  const readRow = (): Promise<Row | undefined> =>
    whileTimePasses(
      stack.ledger.read(jobId).catch(() => undefined),
      activity,
    );

  /** Says what an operator says of a row that has come to its end. @returns whether there is anything more to do */
  const decide = async (): Promise<boolean> => {
    const what = decisions.shift();
    if (what === undefined) return false;
    const row = await readRow();
    const isMeant = row?.state === "NEEDS_REVIEW" || (row?.state === "REJECTED" && what === "resend");
    if (!isMeant || !row.media) return false;
    if (row.state === "NEEDS_REVIEW") reviews.push(row);
    const decision = { job: jobId, object: row.media.id, fence: row.fence, by: "somebody", why: "to see what happens" };
    // A queue may repeat a message: by the second delivery, the row has changed.
    for (const delayS of DECIDED_AFTER_S) stack.queue.send(JSON.stringify({ [what]: decision }), delayS);
    return true;
  };

  theatre.setJobInfoLag(schedule.jobInfoLagMin * MINUTE_MS);
  const strikes = startStrikes(theatre, schedule.faults);
  theatre.setTreatment((chunk, instance) => {
    const number = theatre.chunks() - firstChunk;
    while (acts[0] && acts[0].after <= number && isForActor(acts[0]) && Date.now() >= nextActAt)
      actor.perform(acts.shift() as Act);
    return strikes.treat(chunk, number, instance);
  });
  await run();
  theatre.setTreatment(() => ({ do: "pass" }));
  const { hits: faults, troubleUntil } = strikes.end();

  const { drops, calls } = actor;
  let censuses = 0;
  let row = await readRow();
  while (!restless && !isOver(row, drops) && censuses < MAX_CENSUSES) {
    censuses += 1;
    await rest(minutesToCensus(jobId));
    track(stack.runCensus());
    await run();
    row = await readRow();
  }
  if (row?.state === "NEEDS_REVIEW") reviews.push(row);
  return {
    schedule,
    jobId,
    row,
    drops,
    calls,
    reviews,
    faults,
    troubleUntil: Math.max(troubleUntil, restedUntil),
    startedAt,
    neededCensus: censuses > 0,
    restless,
  };
};
