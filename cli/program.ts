import { Command, CommanderError, Option } from "commander";
import manifest from "../package.json" with { type: "json" };
import { addUrl, metadata, type AddUrlOptions, type MetadataOptions } from "./commands/add-url-and-metadata.ts";
import { cancel } from "./commands/cancel.ts";
import { print, type CommandOptions, type Context } from "./commands/command.ts";
import { status, type StatusOptions } from "./commands/status.ts";
import { upload, type UploadOptions } from "./commands/upload.ts";
import { addUrlHelp, cancelHelp, mainHelp, metadataHelp, statusHelp, uploadHelp } from "./help.ts";
import { EXIT_CODES, UsageError } from "./outcome.ts";
import { parseDuration, parseMebibytes, parseParallel } from "./quantities.ts";
import { reportError } from "./report.ts";

/**
 * Runs a command line.
 * @param words the arguments, without Node and the script
 * @returns the exit code
 */
export const run = async (context: Context, words: readonly string[]): Promise<number> => {
  let code: number = EXIT_CODES.done;
  const end = async (command: Promise<number>): Promise<void> => {
    code = await command;
  };
  const program = new Command("cielo24-proxy")
    .description("Send media to cielo24 through cielo24-proxy, and check that it arrives.")
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
    .command("upload")
    .summary("upload files and wait until cielo24 has them")
    .description("Upload a file for a job, and wait until cielo24 has taken it. One job takes one file.")
    .argument("[files...]", "FILE with --job-id, or FILE=JOB for each of several")
    .option("-j, --job-id <job>", "job of the one file: 32 hex characters")
    .option("--jobs <list.csv>", "a line FILE,JOB for each file")
    .option("--content-type <type>", "such as video/mp4 (by the file's extension)")
    .option("--force", "send also what seems to be no media, or to be cut off")
    .option("--no-preflight", "do not look into files first: their names decide")
    .option("--no-wait", "end once it is uploaded; the proxy delivers it by itself")
    .option("--timeout <time>", "wait for the delivery for 90s, 10m or 2h at most (no limit)", parseDuration)
    .option("--restart", "start over instead of resuming an interrupted upload")
    .option("--part-size <MiB>", "larger files go in parts of this size, 5 to 100 (5 to 8)", parseMebibytes)
    .option("--parallel <parts>", "parts under way at a time, 1 to 16 (12)", parseParallel)
    .option("-q, --quiet", "show no progress")
    .addHelpText("after", uploadHelp)
    .action((files: string[], options: UploadOptions) => end(upload(context, files, options)));

  program
    .command("add-url")
    .summary("have cielo24 fetch a job's medium from a URL")
    .description("Have cielo24 fetch a job's medium from a public URL.")
    .argument("<url>", "public https URL of the media file itself")
    .requiredOption("-j, --job-id <job>", "32 hex characters")
    .option("--duplicate", "tell cielo24 that it is a duplicate (is_duplicate)")
    .addHelpText("after", addUrlHelp)
    .action((url: string, options: AddUrlOptions) => end(addUrl(context, url, options)));

  program
    .command("metadata")
    .summary("set a job's grouping metadata")
    .description("Set a job's grouping metadata at cielo24. Repeating it changes nothing.")
    .requiredOption("-j, --job-id <job>", "32 hex characters")
    .requiredOption("--reference-id <text>", "what the job belongs to, such as a course")
    .requiredOption("--requestor-id <text>", "who wants it")
    .addHelpText("after", metadataHelp)
    .action((options: MetadataOptions) => end(metadata(context, options)));

  program
    .command("status")
    .summary("where a job's medium is")
    .description("Tell where a job's medium is on its way to cielo24.")
    .argument("<job>", "32 hex characters")
    .option("-w, --watch", "until the delivery has ended")
    .option("--timeout <time>", "with --watch: for 90s, 10m or 2h at most (no limit)", parseDuration)
    .addHelpText("after", statusHelp)
    .action((job: string, options: StatusOptions) => end(status(context, job, options)));

  program
    .command("cancel")
    .summary("cancel an upload that cielo24 does not have yet")
    .description(
      "Cancel a job's upload, or the delivery of its medium while cielo24 cannot have it. Repeating it changes nothing.",
    )
    .argument("<job>", "32 hex characters")
    .addHelpText("after", cancelHelp)
    .action((job: string, options: CommandOptions) => end(cancel(context, job, options)));

  program.commands.forEach(addConnectionOptions);
  try {
    await program.parseAsync(words, { from: "user" });
    return code;
  } catch (error) {
    const json = words.includes("--json");
    if (!(error instanceof CommanderError)) return print(context, { json }, reportError(error));
    // Commander has written the help or the version already, and its errors for people.
    if (error.exitCode === 0) return EXIT_CODES.done;
    if (json) print(context, { json }, reportError(new UsageError(error.message.replace(/^error: /, ""))));
    return EXIT_CODES.usage;
  }
};

/** The options of every command: the address, the token and the output format. */
const addConnectionOptions = (command: Command): void => {
  command
    .addOption(new Option("--url <url>", "address of the stage, before /api (or CIELO24_PROXY_URL)"))
    .addOption(new Option("--token-file <file>", "file with the bearer token (or CIELO24_PROXY_TOKEN_FILE)"))
    .addOption(new Option("--token-command <command>", "prints the bearer token (or CIELO24_PROXY_TOKEN_COMMAND)"))
    .addOption(new Option("--token <token>", "the token itself: seen by others in `ps` (better CIELO24_PROXY_TOKEN)"))
    .option("--json", "print one line of JSON for each result");
};
