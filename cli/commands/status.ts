import { connect, type ConnectionOptions } from "../connection.ts";
import { describeDelivery, SILENT } from "../display/display.ts";
import { formatBytes } from "../display/units.ts";
import { readJobId } from "../jobs.ts";
import { reportError } from "../report.ts";
import type { Context } from "./context.ts";
import { reportDelivery, watchCommand, type Called } from "./delivery-report.ts";
import { print } from "./print.ts";

export interface StatusOptions extends ConnectionOptions {
  readonly watch?: boolean;
  readonly timeout?: number;
  readonly json?: boolean;
}

/** `cielo24-proxy status`: where a job's media is. @returns the exit code */
export const status = async (context: Context, job: string, options: StatusOptions): Promise<number> => {
  const note = (text: string) => void context.stderr.write(`${text}\n`);
  const interrupted = context.interruptible(SILENT);
  const { client } = connect(options, context.env, {
    patience: options.watch ? "long" : "short",
    note,
    signal: interrupted,
  });
  const jobId = readJobId(job);
  const signal =
    options.timeout === undefined ? interrupted : AbortSignal.any([interrupted, AbortSignal.timeout(options.timeout)]);
  const called = { program: context.program, options };
  let last = "";
  const show = (line: string) => {
    if (line !== last) context.stderr.write(`${line}\n`);
    last = line;
  };
  try {
    const delivery = options.watch
      ? await client.waitForDelivery({
          jobId,
          signal,
          onDelivery: ({ state, sentBytes, sizeBytes, waiting }) => {
            const sent = sizeBytes === undefined ? "" : `, ${formatBytes(sentBytes)} of ${formatBytes(sizeBytes)}`;
            show(`${describeDelivery({ state })}${sent}${waiting ? `; waits: ${waiting.comment}` : ""}`);
          },
        })
      : await client.getDelivery({ jobId, signal });
    return print(context, options, reportDelivery(delivery, called));
  } catch (error) {
    const report = { ...reportError(error), jobId };
    const goesOn = ["not_yet", "interrupted", "terminated"].includes(report.outcome);
    return print(context, options, goesOn ? { ...report, ...askAgain(jobId, called) } : report);
  }
};

const askAgain = (jobId: string, called: Called) => ({
  next: "The delivery goes on without this command; to watch it again:",
  command: watchCommand(jobId, called),
});
