import { parseArgs } from "node:util";
import { ConfigError, readConfig } from "../lib/config.ts";
import { QUESTIONS } from "./questions.ts";
import type { Question } from "./question.ts";

export interface Options {
  readonly help: boolean;
  readonly baseUrl: string;
  /** Where the facts go; the report goes beside them. */
  readonly out: string;
  readonly yes: boolean;
  readonly long: boolean;
  readonly mediaUrl: string | undefined;
  /** The port at which this program serves `mediaUrl`. */
  readonly serve: number | undefined;
  readonly questions: readonly Question[];
}

/** The command line cannot be understood. The message says why, and what is right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const HELP = `npm run conformance -- --base URL [options]

Asks an account at cielo24 what this project assumes of it, and writes what it did to a file, which npm start and the
simulated cielo24 load. It makes jobs and sends media of 8 KB, orders no transcription, and asks before it begins.

  --base URL       cielo24's API: https://sandbox.cielo24.com, for example
  --out FILE       the facts go there, the report beside them as .md (default: conformance/facts-DATE-NAME.json)
  --yes            makes jobs, waits and deletes its jobs without asking
  --long           also waits for an hour to see whether a token expires
  --media-url URL  a file of media that cielo24 can fetch, to be added to a job that has media
  --serve PORT     serves --media-url by itself: the URL leads to this port of this machine
  --only ID        asks this question alone; may be repeated
  --help           prints this

Credentials: CIELO24_USERNAME with CIELO24_SECUREKEY or CIELO24_PASSWORD, or CIELO24_API_TOKEN.

Exit codes: 0 as assumed, as far as it was answered; 1 something is other than assumed; 2 wrong usage; 3 cielo24 cannot be
reached, or refuses the credentials; 130 ended by Ctrl-C.

Questions:

${QUESTIONS.map(({ id, asks }) => `  ${id.padEnd(18)} ${asks}`).join("\n")}
`;

/**
 * @param now milliseconds since the epoch, for the name of the file
 * @throws {UsageError}
 */
export const readOptions = (args: readonly string[], now: number): Options => {
  const { base, out, yes, long, help, only, serve, "media-url": mediaUrl } = parse(args);
  if (help) return { help, baseUrl: "", out: "", yes, long, mediaUrl, serve: undefined, questions: [] };
  if (base === undefined) throw new UsageError("--base is missing: --base https://sandbox.cielo24.com, for example.");
  const baseUrl = readBase(base);
  if (mediaUrl !== undefined && !/^https?:\/\//.test(mediaUrl))
    throw new UsageError("--media-url must be an http or https URL.");
  if (serve !== undefined && mediaUrl === undefined)
    throw new UsageError("--serve needs --media-url: the URL under which cielo24 reaches this port.");
  return {
    help,
    baseUrl,
    out: out ?? `conformance/facts-${new Date(now).toISOString().slice(0, 10)}-${nameOf(baseUrl)}.json`,
    yes,
    long,
    mediaUrl,
    serve: serve === undefined ? undefined : readPort(serve),
    questions: only === undefined ? QUESTIONS : only.map(find),
  };
};

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        base: { type: "string" },
        out: { type: "string" },
        yes: { type: "boolean", default: false },
        long: { type: "boolean", default: false },
        "media-url": { type: "string" },
        serve: { type: "string" },
        only: { type: "string", multiple: true },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    // It says which option, and then much about how to write others.
    const [said = ""] = (error as Error).message.split(/\.\s/);
    throw new UsageError(`${said}. See npm run conformance -- --help`);
  }
};

/** By the rule for a stage's `cielo24BaseUrl`. */
const readBase = (base: string): string => {
  try {
    return readConfig({ CIELO24_BASE_URL: base }, "cielo24BaseUrl").cielo24BaseUrl;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new UsageError(error.message.replace("Environment variable CIELO24_BASE_URL", "--base"));
  }
};

const nameOf = (baseUrl: string): string => new URL(baseUrl).hostname.replace(/\.cielo24\.com$/, "").replace(/:/g, "-");

const readPort = (text: string): number => {
  const port = /^\d+$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new UsageError(`--serve must be a port from 1 to 65535, not "${text}".`);
  return port;
};

const find = (id: string): Question => {
  const question = QUESTIONS.find((each) => each.id === id);
  if (!question)
    throw new UsageError(`There is no question "${id}". They are: ${QUESTIONS.map((each) => each.id).join(", ")}.`);
  return question;
};
