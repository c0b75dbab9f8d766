import type { CommandOptions, Context } from "./context.ts";
import { EXIT_CODES, tellError, type Outcome } from "./outcome.ts";

/** What a command has found or done. */
export interface Report {
  readonly outcome: Outcome;
  /** For people, line by line. */
  readonly text: readonly string[];
  /** For programs, beside `outcome` and `exitCode`. */
  readonly document: object;
}

type Outputs = Pick<Context, "stdout" | "stderr">;
type Format = Pick<CommandOptions, "json">;

/** Prints a result on stdout: as lines, or as one line of JSON. @returns the exit code */
export const print = ({ stdout }: Outputs, { json = false }: Format, report: Report): number => {
  const { outcome, text, document } = report;
  const code = EXIT_CODES[outcome];
  const lines = json ? [JSON.stringify({ outcome, exitCode: code, ...document })] : text.map(visible);
  stdout.write(lines.map((line) => `${line}\n`).join(""));
  return code;
};

/** Prints an error on stderr, or as JSON on stdout. @returns the exit code */
export const printError = ({ stdout, stderr }: Outputs, { json = false }: Format, error: unknown): number => {
  const { outcome, type, comment, next } = tellError(error);
  const code = EXIT_CODES[outcome];
  if (json) stdout.write(`${JSON.stringify({ outcome, exitCode: code, error: { errorType: type, comment }, next })}\n`);
  else
    stderr.write(
      [WORDS[outcome], `  ${comment} (${type})`, ...(next === undefined ? [] : [`  ${next}`])]
        .map((line) => `${visible(line)}\n`)
        .join(""),
    );
  return code;
};

/** Tells the person something that is no result, on stderr. */
export const note = ({ stderr }: Pick<Outputs, "stderr">, text: string): void => {
  stderr.write(`${visible(text)}\n`);
};

/** Keys, owners and comments are anybody's text: without what a terminal would obey. */
export const visible = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- that is the point
  text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, "0");
    return `\\u${code}`;
  });

const WORDS: Readonly<Record<Outcome, string>> = {
  done: "Done",
  failed: "Failed",
  usage: "Not possible",
  refused: "Refused",
  found_wrong: "Something is wrong",
  unauthorized: "Not authorized",
  unavailable: "Not reachable",
  rejected: "Rejected",
  needs_review: "Needs review",
  not_yet: "Not yet",
  not_confirmed: "Not confirmed: nothing was done",
  interrupted: "Interrupted",
  terminated: "Terminated",
};

/** Lines in which each column has its own width; the last one is as it is. */
export const alignColumns = (rows: readonly (readonly string[])[]): string[] => {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  return rows.map((row) =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
};
