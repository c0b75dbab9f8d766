import { Option, type Command } from "commander";
import { resolveHelp } from "./changes-help.ts";
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
  ];
  for (const command of changes)
    command
      .option("--yes", "don't ask")
      .addOption(new Option("--confirm <stage>", "the name of a production stage, in place of typing it"));
};
