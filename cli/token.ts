import { spawn } from "node:child_process";
import { once } from "node:events";
import { ProxyError, type TokenSource } from "../client/index.ts";
import { readTextFile } from "./files.ts";
import { UsageError } from "./outcome.ts";

export interface TokenOptions {
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly tokenCommand?: string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

const COMMAND_TIMEOUT_MS = 60_000;

/**
 * The source of the bearer token: a flag, or else the environment. When the API refuses a token, the file is read or the
 * command run again, so an upload may last longer than a token.
 *
 * @param signal ends a token command that is running
 * @throws {UsageError} if there is more than one flag
 * @throws {ProxyError} NO_TOKEN if there is no source
 */
export const chooseToken = (options: TokenOptions, env: Env, signal: AbortSignal): TokenSource => {
  const flags = sourcesOf(options, signal);
  if (flags.length > 1) throw new UsageError("Give one of --token, --token-file and --token-command.");
  const [source] = [
    ...flags,
    ...sourcesOf(
      {
        token: env["CIELO24_PROXY_TOKEN"],
        tokenFile: env["CIELO24_PROXY_TOKEN_FILE"],
        tokenCommand: env["CIELO24_PROXY_TOKEN_COMMAND"],
      },
      signal,
    ),
  ];
  if (source) return source;
  throw noToken("There is no token: set CIELO24_PROXY_TOKEN, or give --token-file FILE or --token-command COMMAND.");
};

const sourcesOf = ({ token, tokenFile, tokenCommand }: TokenOptions, signal: AbortSignal): TokenSource[] => [
  ...(token ? [token] : []),
  ...(tokenFile ? [fromFile(tokenFile)] : []),
  ...(tokenCommand ? [fromCommand(tokenCommand, signal)] : []),
];

const fromFile = (file: string): TokenSource => cached(() => readTextFile(file, "The token file"));

const fromCommand = (command: string, signal: AbortSignal): TokenSource =>
  cached(async () => {
    const token = await runCommand(command, signal);
    if (token.trim() === "") throw noToken("The token command printed nothing.");
    return token;
  });

const noToken = (comment: string) => new ProxyError({ source: "client", errorType: "NO_TOKEN", comment });

/** Asks for one token at a time, and keeps it until the API refuses it. */
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

/** Runs the command in the shell. Its stderr is the person's. */
const runCommand = async (command: string, signal: AbortSignal): Promise<string> => {
  const limit = AbortSignal.timeout(COMMAND_TIMEOUT_MS);
  const ending = AbortSignal.any([signal, limit]);
  ending.throwIfAborted();
  const child = spawn(command, { shell: true, stdio: ["inherit", "pipe", "inherit"] });
  const end = () => {
    child.kill();
    // Programs that the shell has started may keep the pipe open.
    child.stdout.destroy();
  };
  ending.addEventListener("abort", end, { once: true });
  try {
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    const [code, killedBy] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    signal.throwIfAborted();
    if (limit.aborted) throw noToken(`The token command printed no token for ${COMMAND_TIMEOUT_MS / 1000} s.`);
    if (code !== 0) throw noToken(`The token command failed (${killedBy ?? `exit code ${String(code)}`}).`);
    return Buffer.concat(chunks).toString("utf8");
  } finally {
    ending.removeEventListener("abort", end);
  }
};
