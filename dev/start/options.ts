import { parseArgs } from "node:util";
import { FATES } from "../cielo24/fates.ts";

const DEFAULT_PORT = 4624;
/** What `npm start` serves at ports of its own, in their order from `--port` on. */
export const SERVED = ["page", "gateway", "s3", "docs", "cielo24", "operations"] as const;
const HIGHEST_PORT = 65_535 - SERVED.length + 1;

export interface StartOptions {
  readonly help: boolean;
  /** The first of the ports. */
  readonly port: number;
  /** Makes the ids of jobs, uploads and tasks repeatable. */
  readonly seed?: number;
  /** A file with what an account at cielo24 does, for the simulated one to do the same. */
  readonly factsFile?: string;
}

/** The command line cannot be understood. The message says why, and what is right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const HELP = `npm start [-- options]

Starts the whole system on this machine, with a simulated cielo24, delivers a sample file, and runs until Ctrl-C.

  --port N   the upload page is at port N, and at the next ones the API, the bucket, the API's description,
             cielo24 and the page for operators (default: ${DEFAULT_PORT}); if one of them is taken, a free port takes its place
  --seed N   the ids of jobs, uploads and tasks are the same at each start with this number
  --facts F  the simulated cielo24 does what an account did, as npm run conformance has written it to the file F
  --help     prints this

Addresses, tokens and a job are also written to .local/env:  set -a; . .local/env; set +a

A sample job has its fate when it is made:  curl -X POST "$PAGE/local/jobs?fate=NAME"

${Object.entries(FATES)
  .map(([name, meaning]) => `  ${name.padEnd(14)} ${meaning}`)
  .join("\n")}

Environment: CIELO24_BASE_URL, with CIELO24_API_TOKEN, or with CIELO24_USERNAME and CIELO24_SECUREKEY or
CIELO24_PASSWORD, uses the real cielo24; CIELO24_JOB_ID then names the job for the sample file.
`;

/**
 * @param environment npm itself takes options that stand before `--`, and leaves them there
 * @throws {UsageError}
 */
export const readOptions = (
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): StartOptions => {
  for (const [name, value] of [
    ["port", "N"],
    ["seed", "N"],
    ["facts", "FILE"],
  ] as const)
    if (environment[`npm_config_${name}`] !== undefined)
      throw new UsageError(`npm took --${name} for itself. Write: npm start -- --${name} ${value}`);
  const { port, seed, facts, help } = parse(args);
  if (facts !== undefined && environment["CIELO24_BASE_URL"])
    throw new UsageError("--facts is for the simulated cielo24. Unset CIELO24_BASE_URL, which names the real one.");
  return {
    help,
    port: port === undefined ? DEFAULT_PORT : wholeNumber("port", port, 1, HIGHEST_PORT),
    ...(seed === undefined ? {} : { seed: wholeNumber("seed", seed, 0, Number.MAX_SAFE_INTEGER) }),
    ...(facts === undefined ? {} : { factsFile: facts }),
  };
};

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: "string" },
        seed: { type: "string" },
        facts: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    // It says which option, and then much about how to write others.
    const [said = ""] = (error as Error).message.split(/\.\s/);
    throw new UsageError(`${said}. See npm start -- --help`);
  }
};

const wholeNumber = (name: string, text: string, least: number, most: number): number => {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most))
    throw new UsageError(`--${name} must be a whole number from ${least} to ${most}, not "${text}".`);
  return value;
};
