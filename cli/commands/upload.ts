import { connect } from "../connection.ts";
import { createBars } from "../display/bars.ts";
import { SILENT, type Display } from "../display/display.ts";
import { createLines } from "../display/lines.ts";
import { readTextFile } from "../files.ts";
import { assignJobs } from "../jobs.ts";
import { refusalOfName } from "../preflight.ts";
import type { Report } from "../report.ts";
import { recordsDirectory, removeOldRecords } from "../upload-record.ts";
import { print, type CommandOptions, type Context } from "./command.ts";
import { uploadFile } from "./upload-file.ts";

export interface UploadOptions extends CommandOptions {
  readonly jobId?: string;
  readonly jobs?: string;
  readonly contentType?: string;
  readonly partSize?: number;
  readonly parallel?: number;
  readonly preflight: boolean;
  readonly force?: boolean;
  readonly wait: boolean;
  readonly timeout?: number;
  readonly restart?: boolean;
  readonly quiet?: boolean;
}

/**
 * `cielo24-proxy upload`: uploads one file after the other, while the earlier ones are being delivered. Of several files,
 * those whose names say that they are no media are left out.
 *
 * @returns the exit code of the first file that did not end well
 * @throws {UsageError}
 */
export const upload = async (context: Context, files: readonly string[], options: UploadOptions): Promise<number> => {
  const { env, stdout, stderr, clock } = context;
  const display = chooseDisplay(context, options);
  const signal = context.interruptible({
    note: display.note,
    close: () => {
      display.close();
      stderr.write("Ended at once. The same command goes on where it was.\n");
    },
  });
  using connection = connect(options, env, { patience: "long", signal });
  const { client, baseUrl } = connection;
  const list = options.jobs === undefined ? undefined : await readTextFile(options.jobs, "The list");
  const assignments = assignJobs({ files, jobId: options.jobId, list });
  const directory = recordsDirectory(env);
  await removeOldRecords(directory, clock());

  const run = {
    client,
    baseUrl,
    invocation: { program: context.program, options },
    display,
    recordsDirectory: directory,
    signal,
    partBytes: options.partSize,
    parallelParts: options.parallel,
    contentType: options.contentType,
    restart: options.restart ?? false,
    preflight: options.preflight,
    force: options.force ?? false,
    wait: options.wait,
    timeoutMs: options.timeout,
    quiet: options.quiet ?? false,
  };
  const codes: number[] = [];
  const printNow = (report: Report) => codes.push(print(context, options, report));
  // On a terminal, results are printed once all bars have ended; failures are noted at once.
  const isLate = stdout.isTTY;
  const noteFailure = ({ file = "", error }: Report) => {
    if (error) display.note(error.comment.includes(file) ? error.comment : `${file}: ${error.comment}`);
  };
  const reports: Promise<Report>[] = [];
  for (const assignment of assignments) {
    const leftOut = !run.force && assignments.length > 1 ? refusalOfName(assignment.file) : undefined;
    const { delivered } =
      leftOut === undefined
        ? await uploadFile(run, assignment)
        : {
            delivered: Promise.resolve<Report>({
              outcome: "skipped",
              ...assignment,
              next: `${leftOut} Nothing was sent; --force sends it all the same.`,
            }),
          };
    reports.push(delivered);
    if (!isLate) void delivered.then(printNow);
    else if (assignments.length > 1) void delivered.then(noteFailure);
  }
  const ended = await Promise.all(reports);
  display.close();
  if (isLate) ended.forEach(printNow);
  return codes.find((code) => code !== 0) ?? 0;
};

const chooseDisplay = ({ env, stderr, clock }: Context, { quiet = false }: UploadOptions): Display => {
  if (quiet) return SILENT;
  // A dumb terminal cannot move the cursor back.
  if (stderr.isTTY && env["TERM"] !== "dumb") return createBars(stderr, clock);
  return createLines((line) => stderr.write(`${line}\n`), clock);
};
