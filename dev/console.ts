import colors from "picocolors";

/** Prints one aligned line per step, in colour on a terminal. */
export const createConsole = (out: NodeJS.WriteStream = process.stdout) => {
  const LABEL_WIDTH = 34;
  // The reader of the output, such as `head`, may have stopped reading.
  out.on("error", () => process.exit());
  const line = (text = "") => out.write(`${text}\n`);
  return {
    line,
    title: (text: string) => line(`\n${colors.bold(text)}`),
    passed: (label: string, text: string) => line(`${colors.green("  ok")}  ${label.padEnd(LABEL_WIDTH)} ${text}`),
    failed: (label: string, text: string) => line(`${colors.red("FAIL")}  ${label.padEnd(LABEL_WIDTH)} ${text}`),
    note: (text: string) => line(colors.yellow(`      ${text}`)),
    fact: (label: string, text: string) => line(`      ${colors.dim(label.padEnd(LABEL_WIDTH))} ${text}`),
    /** Overwrites one line on a terminal. Prints nothing elsewhere. */
    progress: (label: string, text: string) => {
      if (out.isTTY) out.write(`\r      ${label.padEnd(LABEL_WIDTH)} ${text}\u001b[K`);
    },
    progressDone: () => {
      if (out.isTTY) out.write("\r\u001b[K");
    },
    command: (text: string) => line(colors.cyan(text)),
    dim: colors.dim,
    bold: colors.bold,
  };
};
