import { InvalidArgumentError, Option, type Command } from "commander";
import { censusHelp, forgetHelp, ownerHelp, redriveHelp, replayHelp, resolveHelp } from "./changes-help.ts";
import { census } from "./commands/census.ts";
import { forget, type ForgetOptions } from "./commands/forget.ts";
import { owner, type OwnerOptions } from "./commands/owner.ts";
import { redrive, type RedriveOptions } from "./commands/redrive.ts";
import { replay, type ReplayOptions } from "./commands/replay.ts";
import { resolve, type ResolveOptions } from "./commands/resolve.ts";
import type { CommandOptions, Context } from "./context.ts";
import { parseDuration } from "./quantities.ts";
import type { Stage } from "./stage.ts";

/** Runs a command on the stage that its options name. */
type OnStage = <Options extends CommandOptions>(
  options: Options,
  command: (context: Context, stage: Stage, options: Options) => Promise<number>,
) => Promise<void>;

/** The commands that change something. */
export const addChanges = (program: Command, onStage: OnStage): void => {
  const changes = [
    program
      .command("resolve")
      .summary("decide about a job that needs a person")
      .description(
        "Decide about a job in NEEDS_REVIEW: delivered, send-again or close. REJECTED media can be sent again.",
      )
      .argument("<job>", "the job's id")
      .argument("<what>", "delivered, send-again or close")
      .requiredOption("--reason <text>", "why; it is kept on the job's row")
      .option("--by <name>", "who decides (whose credentials these are)")
      .option("--timeout <time>", "how long the outcome is waited for (2m)", parseDuration)
      .addHelpText("after", resolveHelp)
      .action((job: string, what: string, options: ResolveOptions) => onStage(options, resolve(job, what))),
    program
      .command("owner")
      .summary("whose job it is, or another owner for it")
      .description("Show a job's owner, name another one, or leave the job to the next owner that uses it.")
      .argument("<job>", "the job's id")
      .option("--set <owner>", "the new owner, as tokens name it")
      .option("--clear", "leave the job to the next owner that uses it")
      .addHelpText("after", ownerHelp)
      .action((job: string, options: OwnerOptions) => onStage(options, owner(job))),
    program
      .command("redrive")
      .summary("look at the dead letters, and send them back")
      .description("Show what is in the dead-letter queue, and move it back into the media queue.")
      .option("--dry-run", "only look")
      .option("--rate <number>", "messages a second, up to 500 (as many as SQS likes)", parseRate)
      .addHelpText("after", redriveHelp)
      .action((options: RedriveOptions) => onStage(options, redrive)),
    program
      .command("replay")
      .summary("put events of objects into the queue again")
      .description(
        "Have deliver-media look at an object, or at all that arrived since then, as if S3 had just told it.",
      )
      .argument("[url]", "an object: s3://BUCKET/media/JOB/NAME")
      .option("--version-id <version>", "a version of it (the current one)")
      .option("--since <time>", "all that arrived since then: 2h", parseDuration)
      .option("--dry-run", "only say how many, and what the ledger knows of them")
      .addHelpText("after", replayHelp)
      .action((url: string | undefined, options: ReplayOptions) => onStage(options, replay(url))),
    program
      .command("forget")
      .summary("delete a job's media and what is known of it, on request")
      .description("Delete all of a job's media in the bucket, and what the table knows of it and of its owner.")
      .argument("<job>", "the job's id")
      .addHelpText("after", forgetHelp)
      .action((job: string, options: ForgetOptions) => onStage(options, forget(job))),
  ];
  for (const command of changes)
    command
      .option("--yes", "don't ask")
      .addOption(new Option("--confirm <stage>", "the name of a production stage, in place of typing it"));
  program
    .command("census")
    .summary("compare bucket, ledger and queue now")
    .description("Run the census now. It puts back what was lost, and reports what was not delivered.")
    .addHelpText("after", censusHelp)
    .action((options: CommandOptions) => onStage(options, census));
};

/** SQS's limits. */
const parseRate = (text: string): number => {
  const rate = Number(text);
  if (!Number.isInteger(rate) || rate < 1 || rate > 500)
    throw new InvalidArgumentError("It must be a whole number from 1 to 500.");
  return rate;
};
