import { reportError } from "../report.ts";
import { connectForJob, print, type CommandOptions, type Context } from "./command.ts";

/** `cielo24-proxy cancel`: an upload, or what has not gone to cielo24 yet. @returns the exit code */
export const cancel = async (context: Context, job: string, options: CommandOptions): Promise<number> => {
  using connection = connectForJob(context, options, job, "short");
  const { client, jobId, signal } = connection;
  try {
    const delivery = await client.cancelDelivery({ jobId, signal });
    const next = "Nothing more is sent for it. To upload for it after all: cielo24-proxy upload … --restart";
    return print(context, options, { outcome: "done", jobId, delivery, next });
  } catch (error) {
    return print(context, options, { ...reportError(error), jobId });
  }
};
