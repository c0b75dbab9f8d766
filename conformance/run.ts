import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline/promises";
import { setTimeout as wait } from "node:timers/promises";
import { createConsole } from "../dev/console.ts";
import { readCredentials } from "../dev/cielo24/credentials.ts";
import type { FactsFile } from "../dev/cielo24/facts.ts";
import { parseSecret, SecretError } from "../lib/cielo24/credentials.ts";
import { createAccount, type Account } from "./account.ts";
import { ask, lacks, planOf, type Result } from "./ask.ts";
import { createHttp, Unreachable } from "./http.ts";
import { foreignMediaUrl, serveMediaUrl, type MediaUrl } from "./media-url.ts";
import { HELP, readOptions, UsageError, type Options } from "./options.ts";
import { renderReport, summarize } from "./report.ts";
import { makeTone } from "./sample.ts";
import { Interrupted, Unanswered } from "./unanswered.ts";

/** `npm run conformance`: asks an account at cielo24 what this project assumes of it. `options.ts` has its options. */

const EXIT_CODES = { asAssumed: 0, otherwise: 1, usage: 2, unreachable: 3, interrupted: 130 } as const;
const console_ = createConsole();
const isTerminal = process.stdin.isTTY && process.stdout.isTTY;

const interruption = new AbortController();
const { signal } = interruption;
for (const name of ["SIGINT", "SIGTERM"] as const)
  process.on(name, () => {
    if (signal.aborted) process.exit(EXIT_CODES.interrupted);
    console_.progressDone();
    console_.note("Ending, and writing what is known. Ctrl-C once more ends at once.");
    interruption.abort(new Interrupted("it was ended before"));
  });

const sleep = (ms: number): Promise<void> =>
  wait(ms, undefined, { signal }).catch(() => {
    throw signal.reason as Error;
  });

/** @returns whether the person at the terminal says yes; no once the program is to end */
const agrees = async (question: string, whenEnding = signal): Promise<boolean> => {
  console_.progressDone();
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // Readline takes Ctrl-C for itself.
  terminal.on("SIGINT", () => process.emit("SIGINT"));
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal: whenEnding })).trim());
  } catch {
    return false;
  } finally {
    terminal.close();
  }
};

const readAccount = ({ baseUrl, mediaUrl }: Options): Account => {
  const secret = readCredentials(process.env);
  if (!secret)
    throw new UsageError("Set CIELO24_USERNAME with CIELO24_SECUREKEY or CIELO24_PASSWORD, or CIELO24_API_TOKEN.");
  try {
    return createAccount({
      http: createHttp({ baseUrl, clock: Date.now, signal }),
      credentials: parseSecret(JSON.stringify(secret)),
      secretUrl: mediaUrl,
    });
  } catch (error) {
    if (!(error instanceof SecretError)) throw error;
    throw new UsageError("A variable with credentials has characters other than printable ASCII.");
  }
};

const openMediaUrl = async ({ mediaUrl, serve }: Options): Promise<MediaUrl | undefined> => {
  if (mediaUrl === undefined) return undefined;
  if (serve === undefined) return foreignMediaUrl(mediaUrl);
  return serveMediaUrl(mediaUrl, serve, makeTone(660)).catch((error: unknown) => {
    throw new UsageError(`Port ${serve} cannot be served (${(error as NodeJS.ErrnoException).code ?? "unknown"}).`);
  });
};

const jobsOf = (count: number): string => (count === 1 ? "1 job" : `${count} jobs`);

/** Says what will be made. @returns whether to begin */
const announce = async (options: Options, account: Account, mediaUrl: MediaUrl | undefined): Promise<boolean> => {
  const asked = options.questions.filter((question) => !lacks(question, { account, isLong: options.long, mediaUrl }));
  const { jobs, media } = planOf(asked);
  console_.title(`${asked.length} questions to ${options.baseUrl}`);
  console_.line(`They make up to ${jobsOf(jobs)}, and send media of 8 KB ${media} times.`);
  console_.line(
    "No transcription is ordered, so nothing should be charged; cielo24 publishes no price for jobs alone.",
  );
  for (const { id, takes } of asked) if (takes !== undefined) console_.fact(id, `takes ${takes}`);
  if (options.yes) return true;
  return agrees("Make these jobs?");
};

const showResult = ({ question: { id }, verdict, finding, why }: Result): void => {
  console_.progressDone();
  if (verdict === "not answered") {
    console_.fact(id, `not answered: ${why ?? ""}`);
    return;
  }
  const { answer = "", change, beyondSimulator } = finding ?? {};
  if (change === undefined) console_.passed(id, answer);
  else {
    console_.failed(id, answer);
    console_.note(`to change: ${change}`);
  }
  if (beyondSimulator !== undefined) console_.note(`the simulated cielo24 cannot do this: ${beyondSimulator}`);
};

/** Deletes the jobs that were made, if that is wanted, and names the rest. */
const cleanUp = async ({ yes }: Options, account: Account): Promise<void> => {
  const { created } = account;
  if (created.length === 0) return;
  console_.title(`Made for the questions: ${jobsOf(created.length)}`);
  const isWanted = !signal.aborted && (yes || (isTerminal && (await agrees("Delete them?"))));
  if (isWanted)
    for (const { jobId } of [...created]) {
      const isDeleted = await account.deleteJob(jobId).catch(() => false);
      if (!isDeleted) console_.note("A job could not be deleted.");
    }
  if (created.length === 0) {
    console_.line("All of them are deleted.");
    return;
  }
  for (const { jobId, name } of created) console_.line(`${jobId}  ${name}`);
  console_.line("cielo24 deletes a job by  GET /api/job/delete?v=1&api_token=…&job_id=…  or in its own interface.");
};

const run = async (options: Options): Promise<number> => {
  if (existsSync(options.out)) throw new UsageError(`${options.out} is there already. Name another file with --out.`);
  if (!options.yes && !isTerminal)
    throw new UsageError("It makes jobs at cielo24, and there is no terminal to ask at. Agree with --yes.");
  const account = readAccount(options);
  const mediaUrl = await openMediaUrl(options);
  await using open = new AsyncDisposableStack();
  if (mediaUrl) open.defer(mediaUrl.close);
  // The first request, before anything is promised.
  await account.check();
  if (!(await announce(options, account, mediaUrl))) {
    console_.line("Nothing was made.");
    return signal.aborted ? EXIT_CODES.interrupted : EXIT_CODES.asAssumed;
  }
  const date = new Date().toISOString();
  const { results, facts } = await ask({
    account,
    questions: options.questions,
    isLong: options.long,
    mediaUrl,
    clock: Date.now,
    sleep,
    signal,
    progress: (text) => {
      console_.progress("", text);
    },
    agrees: (question) => (options.yes ? Promise.resolve(true) : agrees(question)),
    onResult: showResult,
  });
  const { baseUrl, out } = options;
  await mkdir(dirname(out), { recursive: true });
  const file: FactsFile = { version: 1, date, baseUrl, facts };
  await writeFile(out, `${JSON.stringify(file, null, 2)}\n`);
  const report = out.replace(/(\.json)?$/, ".md");
  await writeFile(report, renderReport({ baseUrl, date, results }));
  await cleanUp(options, account);
  console_.title(summarize(results));
  console_.fact("facts, for npm start -- --facts", out);
  console_.fact("report", report);
  if (signal.aborted) return EXIT_CODES.interrupted;
  return results.some(({ verdict }) => verdict === "other than assumed") ? EXIT_CODES.otherwise : EXIT_CODES.asAssumed;
};

try {
  const options = readOptions(process.argv.slice(2), Date.now());
  if (options.help) process.stdout.write(HELP);
  else process.exitCode = await run(options);
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`npm run conformance: ${error.message}\n`);
    process.exitCode = EXIT_CODES.usage;
  } else if (error instanceof Unreachable || error instanceof Unanswered) {
    process.stderr.write(
      `npm run conformance: ${error.message}. Check --base, and that the credentials belong to it.\n`,
    );
    process.exitCode = EXIT_CODES.unreachable;
  } else if (error instanceof Interrupted) process.exitCode = EXIT_CODES.interrupted;
  else throw error;
}
