import colors from "picocolors";

/** Lines for people: one a step, aligned, coloured where there is a terminal. */
export const createConsole = (out: NodeJS.WriteStream = process.stdout) => {
  const LABEL_WIDTH = 34;
  // Whoever reads the lines, `head` say, may have had enough.
  out.on("error", () => process.exit());
  const line = (text = "") => out.write(`${text}\n`);
  return {
    line,
    title: (text: string) => line(`\n${colors.bold(text)}`),
    passed: (label: string, text: string) => line(`${colors.green("  ok")}  ${label.padEnd(LABEL_WIDTH)} ${text}`),
    failed: (label: string, text: string) => line(`${colors.red("FAIL")}  ${label.padEnd(LABEL_WIDTH)} ${text}`),
    fact: (label: string, text: string) => line(`      ${colors.dim(label.padEnd(LABEL_WIDTH))} ${text}`),
    /** Overwrites one line on a terminal; elsewhere says nothing until the step is over. */
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

export const formatBytes = (bytes: number): string => {
  const units = ["B", "KiB", "MiB", "GiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ""}`;
};
