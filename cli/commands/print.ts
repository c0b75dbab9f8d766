import { EXIT_CODES } from "../outcome.ts";
import { renderJson, renderReport, type Report } from "../report.ts";
import type { Context } from "./context.ts";

export interface PrintOptions {
  readonly json?: boolean | undefined;
}

/**
 * Results go to stdout. Where nobody reads JSON, errors go to stderr, as everywhere.
 * @returns the exit code
 */
export const print = ({ stdout, stderr }: Context, { json = false }: PrintOptions, report: Report): number => {
  const code = EXIT_CODES[report.outcome];
  if (json) stdout.write(`${renderJson(report)}\n`);
  else (code === 0 ? stdout : stderr).write(`${renderReport(report)}\n`);
  return code;
};
