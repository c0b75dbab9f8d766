import { setTimeout as wait } from "node:timers/promises";
import type { CommandOptions, Context } from "../context.ts";
import { readJobId } from "../job-id.ts";
import { formatLine } from "../log-line.ts";
import { aboutJob, readLog, type LogLine } from "../log.ts";
import { EXIT_CODES } from "../outcome.ts";
import { note, visible } from "../print.ts";
import { formatTime } from "../quantities.ts";
import type { Stage } from "../stage.ts";

export interface TailOptions extends CommandOptions {
  readonly since?: number;
}

/** CloudWatch is asked so often. FilterLogEvents may be called five times a second in an account. */
const INTERVAL_MS = 3_000;
/** A local stack has no such limit, and a person waits. */
const LOCAL_INTERVAL_MS = 250;
/** A line may come so long after its time: CloudWatch takes them in batches. */
const LATE_MS = 30_000;
const DEFAULT_SINCE_MS = 60_000;

/** `ops tail`: the functions' lines as they come, of a job or of all, until Ctrl-C. @returns the exit code */
export const tail =
  (jobText: string | undefined) =>
  async (context: Context, stage: Stage, options: TailOptions): Promise<number> => {
    const jobId = jobText === undefined ? undefined : readJobId(jobText);
    const pattern = jobId === undefined ? {} : { pattern: aboutJob(jobId) };
    const signal = context.interruptible();
    const from = context.clock() - (options.since ?? DEFAULT_SINCE_MS);
    note(
      context,
      `Lines ${jobId === undefined ? "of all jobs" : `of job ${jobId}`} since ${formatTime(from)} UTC. Ctrl-C ends it.`,
    );
    let shown = new Map<string, number>();
    let since = from;
    try {
      for (;;) {
        const lines = await readLog(stage, { since, ...pattern, signal });
        const fresh = lines.filter(({ functionName, eventId }) => !shown.has(`${functionName} ${eventId}`));
        for (const { functionName, eventId, at } of fresh) shown.set(`${functionName} ${eventId}`, at);
        write(context, options, fresh, jobId === undefined);
        const latest = Math.max(from, ...shown.values());
        since = Math.max(from, latest - LATE_MS);
        shown = new Map([...shown].filter(([, at]) => at >= since));
        await wait(stage.isLocal ? LOCAL_INTERVAL_MS : INTERVAL_MS, undefined, { signal });
      }
    } catch (error) {
      // Ctrl-C is how it is meant to end.
      if (signal.aborted) return EXIT_CODES.done;
      throw error;
    }
  };

const write = ({ stdout }: Context, { json = false }: TailOptions, lines: readonly LogLine[], ofAll: boolean): void => {
  for (const line of lines) {
    const { at, functionName, fields, text } = line;
    const isRecord = Object.keys(fields).length > 0;
    const document = { at: new Date(at).toISOString(), functionName, ...(isRecord ? { fields } : { text }) };
    stdout.write(`${json ? JSON.stringify(document) : visible(formatLine(line, ofAll))}\n`);
  }
};
