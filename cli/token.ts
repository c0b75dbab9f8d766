import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { TokenSource } from "../client/index.ts";
import { UsageError } from "./outcome.ts";

export interface TokenOptions {
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly tokenCommand?: string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

const COMMAND_TIMEOUT_MS = 60_000;

/**
 * Where the bearer token comes from: a flag, or else the environment. Files and commands are asked again when the API
 * refuses a token, so that they outlast its life.
 *
 * @throws {UsageError} where there is none, or more than one flag
 */
export const chooseToken = (options: TokenOptions, env: Env): TokenSource => {
  const flags = sourcesOf(options);
  if (flags.length > 1) throw new UsageError("Give one of --token, --token-file and --token-command.");
  const [source] = [
    ...flags,
    ...sourcesOf({
      token: env["CIELO24_PROXY_TOKEN"],
      tokenFile: env["CIELO24_PROXY_TOKEN_FILE"],
      tokenCommand: env["CIELO24_PROXY_TOKEN_COMMAND"],
    }),
  ];
  if (source) return source;
  throw new UsageError(
    "There is no token: set CIELO24_PROXY_TOKEN, or give --token-file FILE or --token-command COMMAND.",
  );
};

const sourcesOf = ({ token, tokenFile, tokenCommand }: TokenOptions): TokenSource[] => [
  ...(token ? [token] : []),
  ...(tokenFile ? [fromFile(tokenFile)] : []),
  ...(tokenCommand ? [fromCommand(tokenCommand)] : []),
];

const fromFile = (file: string): TokenSource =>
  cached(async () => {
    try {
      return await readFile(file, "utf8");
    } catch (error) {
      throw new UsageError(`The token file ${file} cannot be read (${codeOf(error)}).`);
    }
  });

const fromCommand = (command: string): TokenSource => cached(() => runCommand(command));

/** One question at a time, and its answer until the API refuses it. */
const cached = (ask: () => Promise<string>): TokenSource => {
  let token: Promise<string> | undefined;
  let value: string | undefined;
  return async ({ refused }) => {
    if (refused !== undefined && refused === value) token = undefined;
    token ??= ask().then((text) => (value = text.trim()));
    try {
      return await token;
    } catch (error) {
      token = undefined;
      throw error;
    }
  };
};

/** Runs it in the shell, as people write it. What it says on stderr is for the person, and goes there. */
const runCommand = (command: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, {
      shell: true,
      stdio: ["inherit", "pipe", "inherit"],
      timeout: COMMAND_TIMEOUT_MS,
    });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", (error) => {
      reject(new UsageError(`The token command cannot be run (${codeOf(error)}).`));
    });
    child.on("close", (code, signal) => {
      if (code === 0) resolve(Buffer.concat(chunks).toString("utf8"));
      else reject(new UsageError(`The token command failed (${signal ?? `exit code ${String(code)}`}).`));
    });
  });

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
