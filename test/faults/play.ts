import { untilQuiet, realPause, virtualTime } from "./virtual-time.ts";
import { passOn } from "../../dev/stack/event-source.ts";
import type { Row } from "../../lib/delivery/row.ts";
import { httpEvent } from "../lib/http/http-event.ts";
import type { Instance } from "./instance.ts";
import type { Chunk, Treatment } from "./network.ts";
import type { Act, Fault, Schedule } from "./schedule.ts";
import { urlOfSize, type Theatre } from "./theatre.ts";

/** What was done for the job, as far as the judge needs it. */
export interface Performance {
  readonly schedule: Schedule;
  readonly jobId: string;
  /** The job's row at the end. */
  readonly row: Row | undefined;
  readonly drops: readonly Drop[];
  readonly calls: readonly Call[];
  /** Faults that hit. */
  readonly faults: number;
  /** Whether the drop came to its end without the census. */
  readonly neededCensus: boolean;
  /** Why it never came to rest; undefined where it did. */
  readonly restless: string | undefined;
}

export interface Drop {
  readonly key: string;
  readonly versionId: string;
  readonly sizeBytes: number;
  /** Another version, or a delete marker, lies over it. */
  isCovered: boolean;
}

export interface Call {
  readonly sizeBytes: number;
  /** The TaskId that the caller was told. */
  taskId?: string;
}

const MINUTE_MS = 60_000;
/** Longer than it takes until the census finds anything stuck. */
const CENSUS_MS = 2 * 60 * MINUTE_MS;
const MAX_CENSUSES = 5;
/** More steps of time than any schedule needs. */
const MAX_STEPS = 3_000;
/** What another process needs to react. */
const CHILD_PAUSE_MS = 25;
const CHILD_STEP_MS = 20_000;
/** What is sent to cielo24 arrives within the time that the delivery waits for it. */
const LONGEST_HOLD_MS: Readonly<Record<string, number>> = { cielo24: 10 * MINUTE_MS, s3: 5 * MINUTE_MS };

/** Plays a schedule to its end: until nothing moves any more, and the census finds nothing more to do. */
export const play = async (
  theatre: Theatre,
  schedule: Schedule,
  {
    inChild,
    drops,
    isOver,
  }: {
    inChild: boolean;
    /** Gets what is dropped, as it is dropped. */
    drops: Drop[];
    isOver: (row: Row | undefined) => boolean;
  },
): Promise<Performance> => {
  const { stack, cielo24 } = theatre;
  const jobId = cielo24.addJob();
  const calls: Call[] = [];
  const running = new Set<Promise<void>>();
  const firstChunk = theatre.chunks();
  let acts = [...schedule.acts].sort((a, b) => a.after - b.after);
  let chunkFaults = schedule.faults.filter((fault) => "chunk" in fault);
  const chunksOf: Record<string, number> = {};
  let sendsAgain = schedule.sendsAgain;
  let faultHits = 0;
  let steps = 0;
  let restless: string | undefined;

  const hits = () => stack.aws.faults.hits() + stack.s3.faults.hits() + cielo24.faults.hits();
  const hitsBefore = hits();
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
      // Lambda ends what has run out of time.
      if (error instanceof Error && error.message.startsWith("Task timed out")) instance.kill();
      throw error;
    }
  };

  const sendEvent = ({ key, versionId, sizeBytes }: Drop, delayS: number) => {
    const object = { key, versionId, size: sizeBytes };
    const record = { eventName: "ObjectCreated:Put", s3: { bucket: { name: stack.bucketName }, object } };
    stack.queue.send(JSON.stringify({ Records: [record] }), delayS);
  };

  const call = async (medium: "url" | "body") => {
    const made: Call = { sizeBytes: 500 + calls.length };
    calls.push(made);
    const query = `v=1&job_id=${jobId}`;
    const url = `&media_url=${encodeURIComponent(urlOfSize(made.sizeBytes))}`;
    const event = httpEvent(
      medium === "url"
        ? { routeKey: "GET /api/job/add_media", query: query + url }
        : { routeKey: "POST /api/job/add_media", query, body: Buffer.alloc(made.sizeBytes) },
    );
    const answer = (await invoke(CALLER, "add-media", event)) as { statusCode: number; body: string };
    if (answer.statusCode === 200) made.taskId = (JSON.parse(answer.body) as { TaskId: string }).TaskId;
  };

  const perform = (act: Act): void => {
    switch (act.do) {
      case "drop": {
        const key = `media/${jobId}/${act.name}.mp4`;
        for (const earlier of drops) if (earlier.key === key) earlier.isCovered = true;
        // Of its own size, so that the acceptance log tells which one it was.
        const sizeBytes = act.sizeBytes === 0 ? 0 : act.sizeBytes + 7 * drops.length;
        const versionId = stack.s3.putVirtualObject(stack.bucketName, key, sizeBytes, drops.length + 1);
        const drop = { key, versionId, sizeBytes, isCovered: false };
        drops.push(drop);
        sendEvent(drop, 0);
        return;
      }
      case "call":
        track(call(act.media));
        return;
      case "repeatEvent":
        if (drops[0]) sendEvent(drops[0], act.delayS);
        return;
      case "removeObject": {
        const key = `media/${jobId}/${act.name}.mp4`;
        if (!drops.some((drop) => drop.key === key)) return;
        for (const drop of drops) if (drop.key === key) drop.isCovered = true;
        stack.s3.removeObject(stack.bucketName, key);
        return;
      }
      case "expireTokens":
        cielo24.expireTokens();
        return;
      case "rotateSecret":
        theatre.rotateSecret();
        return;
      case "takeCensus":
        track(stack.runCensus());
        return;
      case "rest":
        return;
    }
  };

  const treat = ({ upstream }: Chunk, instance: Instance | undefined): Treatment => {
    const passed = theatre.chunks() - firstChunk;
    chunksOf[upstream] = (chunksOf[upstream] ?? 0) + 1;
    while (acts[0] && acts[0].after <= passed && acts[0].do !== "rest") perform(acts.shift() as Act);
    const counts: Readonly<Record<string, number>> = { any: passed, ...chunksOf };
    const fault = chunkFaults.find(({ on, at }) => (on === "any" || on === upstream) && at === counts[on]);
    if (!fault) return { do: "pass" };
    faultHits += 1;
    const { chunk } = fault;
    const most = LONGEST_HOLD_MS[upstream] ?? Infinity;
    if (chunk.do === "hold") return { do: "hold", ms: Math.min(chunk.ms, most) };
    if (chunk.do === "cut") return { do: "cut", side: chunk.side, lateMs: 0 };
    setImmediate(() => instance?.kill());
    return { do: "cut", side: chunk.side, lateMs: chunk.side === "behind" ? Math.min(chunk.lateMs, most) : 0 };
  };

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
  const busy = Array.from({ length: schedule.workers }, () => false);

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

  /** Goes on until no message is left and nobody works. */
  const run = async (): Promise<void> => {
    while (!restless) {
      takeMessages();
      const size = running.size;
      await untilQuiet(activity, () => running.size < size);
      if (running.size < size) continue;
      const next = stack.queue.nextVisibleAt();
      if (running.size === 0) {
        if (next <= Date.now()) continue;
        const act = acts.shift();
        if (act?.do === "rest") await rest(act.minutes);
        else if (act) perform(act);
        if (act) continue;
        if (next === Infinity) {
          if (virtualTime.countTimers() > 0) await passTime(Infinity);
          else if (!(await sendAgain())) return;
          continue;
        }
      }
      await passTime(next <= Date.now() ? Infinity : next);
    }
  };

  const sendAgain = async (): Promise<boolean> => {
    if (sendsAgain === 0) return false;
    sendsAgain -= 1;
    const row = await stack.ledger.read(jobId);
    if (row?.state !== "NEEDS_REVIEW") return false;
    stack.queue.send(JSON.stringify({ resend: jobId }));
    return true;
  };

  theatre.setJobInfoLag(schedule.jobInfoLagMin * MINUTE_MS);
  theatre.setTreatment(treat);
  for (const fault of schedule.faults) addFault(theatre, fault);
  await run();
  theatre.setTreatment(() => ({ do: "pass" }));
  faultHits += hits() - hitsBefore;
  clearFaults(theatre);
  chunkFaults = [];
  acts = [];
  let censuses = 0;
  let row = await stack.ledger.read(jobId);
  while (!restless && !isOver(row) && censuses < MAX_CENSUSES) {
    censuses += 1;
    await rest(CENSUS_MS / MINUTE_MS);
    track(stack.runCensus());
    await run();
    row = await stack.ledger.read(jobId);
  }
  return { schedule, jobId, row, drops, calls, faults: faultHits, neededCensus: censuses > 0, restless };
};

/** The instance that answers HTTP calls. */
const CALLER = 7;
const QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:cielo24-proxy-local-media";

const addFault = ({ stack, cielo24 }: Theatre, fault: Fault): void => {
  if ("cielo24" in fault) cielo24.faults.add(fault.cielo24 as Parameters<typeof cielo24.faults.add>[0]);
  if ("s3" in fault) {
    const { fraction = 0, ...s3 } = fault.s3;
    stack.s3.faults.add({ ...s3, atByte: Math.floor(fraction * 65_536) });
  }
  if ("aws" in fault) stack.aws.faults.add(fault.aws);
  if ("refusedEntries" in fault) stack.eventBus.refuseNext(fault.refusedEntries);
};

const clearFaults = ({ stack, cielo24 }: Theatre): void => {
  stack.aws.faults.clear();
  stack.s3.faults.clear();
  cielo24.faults.clear();
  stack.eventBus.refuseNext(0);
};
