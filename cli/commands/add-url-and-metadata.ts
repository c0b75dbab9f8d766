import type { Client, Task } from "../../client/index.ts";
import { watchCommand } from "../next-command.ts";
import { reportError, type Report } from "../report.ts";
import { connectForJob, print, type CommandOptions, type Context } from "./command.ts";

interface CallOptions extends CommandOptions {
  readonly jobId: string;
}

export interface AddUrlOptions extends CallOptions {
  readonly duplicate?: boolean;
}

export interface MetadataOptions extends CallOptions {
  readonly referenceId: string;
  readonly requestorId: string;
}

/** `cielo24-proxy add-url`. @returns the exit code */
export const addUrl = (context: Context, mediaUrl: string, options: AddUrlOptions): Promise<number> => {
  const { duplicate: isDuplicate = false } = options;
  return call(context, options, {
    make: (client, jobId, signal) => client.addMediaUrl({ jobId, mediaUrl, isDuplicate, signal }),
    afterError: ({ outcome, error }, jobId) => {
      const command = watchCommand(jobId, { program: context.program, options });
      if (outcome === "interrupted" || outcome === "terminated")
        return { next: "cielo24 may have been asked all the same; to see:", command };
      return outcome === "not_yet" || error?.errorType === "JOB_HAS_MEDIA" ? { command } : {};
    },
  });
};

/** `cielo24-proxy metadata`. @returns the exit code */
export const metadata = (context: Context, options: MetadataOptions): Promise<number> => {
  const { referenceId, requestorId } = options;
  return call(context, options, {
    make: (client, jobId, signal) => client.updateMetadata({ jobId, referenceId, requestorId, signal }),
    afterError: ({ outcome }) =>
      outcome === "interrupted" || outcome === "terminated" ? { next: "Repeating it does no harm." } : {},
  });
};

const call = async (
  context: Context,
  options: CallOptions,
  {
    make,
    afterError,
  }: {
    readonly make: (client: Client, jobId: string, signal: AbortSignal) => Promise<Task>;
    readonly afterError: (report: Pick<Report, "outcome" | "error">, jobId: string) => Pick<Report, "next" | "command">;
  },
): Promise<number> => {
  using connection = connectForJob(context, options, options.jobId, "short");
  const { client, jobId, signal } = connection;
  try {
    const { taskId } = await make(client, jobId, signal);
    return print(context, options, { outcome: "done", jobId, taskId });
  } catch (error) {
    const report = reportError(error);
    return print(context, options, { ...report, jobId, ...afterError(report, jobId) });
  }
};
