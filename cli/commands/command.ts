import { connect, type ConnectionOptions, type Patience } from "../connection.ts";
import { SILENT, type Display } from "../display/display.ts";
import { readJobId } from "../jobs.ts";
import { EXIT_CODES } from "../outcome.ts";
import { renderJson, renderReport, type Report } from "../report.ts";

/** What a command gets from the process; commands read nothing else of it. */
export interface Context {
  /** How this program was called: the first words of the commands that are shown to the person. */
  readonly program: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly clock: () => number;
  /** Starts to listen for Ctrl-C, SIGTERM and SIGHUP, and tells the display about them. */
  readonly interruptible: (display: Pick<Display, "note" | "close">) => AbortSignal;
}

export interface CommandOptions extends ConnectionOptions {
  readonly json?: boolean;
}

/** Connects a command that is about one job and shows no progress bars. @throws {UsageError} */
export const connectForJob = (context: Context, options: CommandOptions, job: string, patience: Patience) => {
  const note = (text: string) => void context.stderr.write(`${text}\n`);
  const signal = context.interruptible(SILENT);
  // What takes longer tells of its waiting by itself.
  const connection = connect(options, context.env, { patience, ...(patience === "short" && { note }), signal });
  return { ...connection, jobId: readJobId(job), signal, note };
};

/** The signal, limited in time. */
export const within = (timeoutMs: number | undefined, signal: AbortSignal): AbortSignal =>
  timeoutMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);

/**
 * Prints a result on stdout; an error goes to stderr, unless it is JSON.
 * @returns the exit code
 */
export const print = (
  { stdout, stderr }: Pick<Context, "stdout" | "stderr">,
  { json = false }: Pick<CommandOptions, "json">,
  report: Report,
): number => {
  const code = EXIT_CODES[report.outcome];
  if (json) stdout.write(`${renderJson(report)}\n`);
  else (code === 0 ? stdout : stderr).write(`${renderReport(report)}\n`);
  return code;
};
