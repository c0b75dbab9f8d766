import { describeProgress, describeWaiting } from "../display/words.ts";
import { watchCommand } from "../next-command.ts";
import { reportDelivery, reportError } from "../report.ts";
import { connectForJob, print, within, type CommandOptions, type Context } from "./command.ts";

export interface StatusOptions extends CommandOptions {
  readonly watch?: boolean;
  readonly timeout?: number;
}

/** `cielo24-proxy status`: where a job's media is. @returns the exit code */
export const status = async (context: Context, job: string, options: StatusOptions): Promise<number> => {
  using connected = connectForJob(context, options, job, options.watch ? "long" : "short");
  const { client, jobId, note } = connected;
  const signal = within(options.timeout, connected.signal);
  const invocation = { program: context.program, options };
  let last = "";
  const show = (line: string) => {
    if (line !== last) note(line);
    last = line;
  };
  try {
    const delivery = options.watch
      ? await client.waitForDelivery({
          jobId,
          signal,
          onDelivery: (news) => {
            show(`${describeProgress(news)}${news.waiting ? `; waits: ${news.waiting.comment}` : ""}`);
          },
          onWaiting: (waiting) => {
            if (waiting) show(describeWaiting(waiting).comment);
          },
        })
      : await client.getDelivery({ jobId, signal });
    return print(context, options, reportDelivery(delivery, invocation));
  } catch (error) {
    const report = { ...reportError(error), jobId };
    const goesOn = ["not_yet", "interrupted", "terminated"].includes(report.outcome);
    const next = "The delivery goes on without this command; to watch it again:";
    return print(context, options, goesOn ? { ...report, next, command: watchCommand(jobId, invocation) } : report);
  }
};
