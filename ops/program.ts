import { Command, CommanderError, Option } from "commander";
import manifest from "../package.json" with { type: "json" };
import { addChanges } from "./changes.ts";
import { doctor, type DoctorOptions } from "./commands/doctor.ts";
import { list, type ListOptions } from "./commands/list.ts";
import { show, type ShowOptions } from "./commands/show.ts";
import { smoke, type SmokeOptions } from "./commands/smoke.ts";
import { tail, type TailOptions } from "./commands/tail.ts";
import type { CommandOptions, Context } from "./context.ts";
import { doctorHelp, listHelp, mainHelp, showHelp, smokeHelp, tailHelp } from "./help.ts";
import { EXIT_CODES, usageError } from "./outcome.ts";
import { printError } from "./print.ts";
import { parseDuration } from "./quantities.ts";
import { openStage, type Stage } from "./stage.ts";

/** A command on a stage. @returns the exit code */
type StageCommand<Options extends CommandOptions> = (
  context: Context,
  stage: Stage,
  options: Options,
) => Promise<number>;

/**
 * Runs a command line.
 * @param words the arguments behind `ops`
 * @returns the exit code
 */
export const run = async (context: Context, words: readonly string[]): Promise<number> => {
  let code: number = EXIT_CODES.done;
  const onStage = async <Options extends CommandOptions>(
    options: Options,
    command: StageCommand<Options>,
  ): Promise<void> => {
    using stage = await openStage(context, options);
    code = await command(context, stage, options);
  };
  const program = new Command("ops")
    .description("For operators: see what a stage does, and mend what needs a person.")
    .version(manifest.version)
    .helpCommand(false)
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
    .showHelpAfterError("Add --help for all options, with examples.")
    .exitOverride()
    .addHelpText("after", mainHelp);

  program
    .command("list")
    .summary("which jobs are under way, wait, or need a person")
    .description("List the jobs that are open or wait for a person; others by their state or their owner.")
    .addOption(
      new Option(
        "--state <states>",
        "such as SENDING or NEEDS_REVIEW,REJECTED (those that are open, and NEEDS_REVIEW)",
      ),
    )
    .option("--older <time>", "only those whose media came so long ago: 2h", parseDuration)
    .option("--owner <owner>", "only an owner's jobs")
    .option("--since <time>", "how far back the log is read for jobs that have ended (14d)", parseDuration)
    .option("--scan", "read the whole table instead of the log; says first what it costs")
    .addHelpText("after", listHelp)
    .action((options: ListOptions) => onStage(options, list));

  program
    .command("show")
    .summary("all about a job: row, objects, log, and what to do next")
    .description("Show all that the stage knows about a job, and what to do next.")
    .argument("<job>", "32 hex characters")
    .option("--since <time>", "how far back the log is read: 2d (since the job began)", parseDuration)
    .addHelpText("after", showHelp)
    .action((job: string, options: ShowOptions) => onStage(options, show(job)));

  program
    .command("tail")
    .summary("the log as it comes, of a job or of all")
    .description("Show the functions' log as it comes, until Ctrl-C.")
    .argument("[job]", "32 hex characters (all jobs)")
    .option("--since <time>", "begin so far back: 2h (60s)", parseDuration)
    .addHelpText("after", tailHelp)
    .action((job: string | undefined, options: TailOptions) => onStage(options, tail(job)));

  program
    .command("doctor")
    .summary("whether the stage is as it should be")
    .description("Check the stage, a line for each check, and say what to do about what is wrong. Changes nothing.")
    .option("--deep", "also the checks that send much: 35 MB to the API")
    .addHelpText("after", doctorHelp)
    .action((options: DoctorOptions) => onStage(options, doctor));

  program
    .command("smoke")
    .summary("a real small file through the stage, cleaned up after")
    .description("Drop a small file for a job into the bucket, follow it until its end, and delete the object.")
    .requiredOption("-j, --job-id <job>", "a job at cielo24 that is only for this: 32 hex characters")
    .option("--file <file>", "another file than the video of half a second")
    .option("--timeout <time>", "follow it so long at most (10m)", parseDuration)
    .option("--yes", "don't ask")
    .option("--confirm <stage>", "of a production stage: its name, in place of typing it")
    .addHelpText("after", smokeHelp)
    .action((options: SmokeOptions) => onStage(options, smoke));

  addChanges(program, onStage);
  program.commands.forEach(addStageOptions);
  try {
    await program.parseAsync(words, { from: "user" });
    return code;
  } catch (error) {
    const json = words.includes("--json");
    if (!(error instanceof CommanderError)) return printError(context, { json }, error);
    // Commander has written the help or the version already, and its errors for people.
    if (error.exitCode === 0) return EXIT_CODES.done;
    if (json) return printError(context, { json }, usageError(error.message.replace(/^error: /, "")));
    return EXIT_CODES.usage;
  }
};

/** The options of every command: which stage, whose credentials, and the output format. */
const addStageOptions = (command: Command): void => {
  command
    .addOption(new Option("--stage <name>", "the stage, or local for that of npm start (or CIELO24_PROXY_STAGE)"))
    .addOption(new Option("--region <region>", "where it is (or AWS_REGION, or the profile's)"))
    .addOption(new Option("--profile <name>", "credentials of the AWS configuration (or AWS_PROFILE)"))
    .option("--json", "print JSON, one line");
};
