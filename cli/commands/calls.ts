import type { Client, Task } from "../../client/index.ts";
import { connect, type ConnectionOptions } from "../connection.ts";
import { checkJobId } from "../jobs.ts";
import { reportError } from "../report.ts";
import type { Context } from "./context.ts";
import { watchCommand } from "./delivery-report.ts";
import { print } from "./print.ts";

interface CallOptions extends ConnectionOptions {
  readonly jobId: string;
  readonly json?: boolean;
}

export interface AddUrlOptions extends CallOptions {
  readonly duplicate?: boolean;
}

export interface MetadataOptions extends CallOptions {
  readonly referenceId: string;
  readonly requestorId: string;
}

/** `cielo24-proxy add-url`. @returns the exit code */
export const addUrl = (context: Context, mediaUrl: string, options: AddUrlOptions): Promise<number> =>
  call(context, options, (client, signal) =>
    client.addMediaUrl({ jobId: options.jobId, mediaUrl, isDuplicate: options.duplicate ?? false, signal }),
  );

/** `cielo24-proxy metadata`. @returns the exit code */
export const metadata = (context: Context, options: MetadataOptions): Promise<number> => {
  const { jobId, referenceId, requestorId } = options;
  return call(context, options, (client, signal) => client.updateMetadata({ jobId, referenceId, requestorId, signal }));
};

const call = async (
  context: Context,
  options: CallOptions,
  make: (client: Client, signal: AbortSignal) => Promise<Task>,
): Promise<number> => {
  const note = (text: string) => void context.stderr.write(`${text}\n`);
  const { client } = connect(options, context.env, { patience: "short", note });
  const jobId = checkJobId(options.jobId);
  const signal = context.interruptible(() => undefined);
  try {
    const { taskId } = await make(client, signal);
    return print(context, options, { outcome: "done", jobId, taskId });
  } catch (error) {
    const report = { ...reportError(error), jobId };
    const command =
      report.outcome === "not_yet"
        ? { command: watchCommand(jobId, { program: context.program, url: options.url }) }
        : {};
    return print(context, options, { ...report, ...command });
  }
};
