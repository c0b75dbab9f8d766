import type { ConnectionOptions } from "./connection.ts";

/** How this command was called, for the commands that are shown as the next step. */
export interface Invocation {
  readonly program: readonly string[];
  /** The options that a command for the same stage and person needs again, without those that are or may hold a secret. */
  readonly options: Pick<ConnectionOptions, "url" | "tokenFile"> & { readonly json?: boolean };
}

/** The command that watches a job's delivery. */
export const watchCommand = (jobId: string, invocation: Invocation): string =>
  commandLine(invocation, ["status", jobId, "--watch"]);

/** A command with the same program name, stage, token file and output format as this one. */
export const commandLine = ({ program, options }: Invocation, words: readonly string[]): string =>
  quoteCommand([
    ...program,
    ...words,
    ...flag("--url", options.url),
    ...flag("--token-file", options.tokenFile),
    ...flag("--json", options.json),
  ]);

/** An option with its value; one without a value stands alone where that is true. */
export const flag = (name: string, value: string | number | boolean | undefined): string[] => {
  if (value === undefined || value === false) return [];
  return value === true ? [name] : [name, String(value)];
};

/** Quotes a command line for the shell. */
export const quoteCommand = (words: readonly string[]): string =>
  words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ");
