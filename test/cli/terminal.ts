import { describe } from "@jest/globals";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { quoteCommand } from "../../cli/next-command.ts";
import { createTranscript } from "./transcript.ts";

/** Whether util-linux's `script` is there, which gives a program a terminal; other systems' takes other options. */
const canGiveTerminal = (): boolean => {
  try {
    return execFileSync("script", ["--version"], { encoding: "utf8", stdio: "pipe" }).includes("util-linux");
  } catch {
    return false;
  }
};

/** `describe`; but where no terminal can be had, the tests are left out with a word. In CI they fail instead. */
export const describeOnTerminal = (name: string, define: () => void): void => {
  if (canGiveTerminal() || process.env["CI"] === "true") {
    describe(name, define);
    return;
  }
  process.stderr.write("skipped: tests on a terminal, which util-linux's script gives\n");
  describe.skip(name, define);
};

export interface OnTerminal {
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
  /** Presses keys: `\u0003` is Ctrl-C. */
  readonly type: (keys: string) => void;
  /** Resolves once it was shown. */
  readonly shows: (text: string) => Promise<void>;
}

/** The command line on a terminal of so many columns, as people have it. What it shows is stdout and stderr in one. */
export const startOnTerminal = (
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  columns = 80,
): OnTerminal => {
  const command = quoteCommand([process.execPath, "cli/cielo24-proxy.mjs", ...words]);
  const child = spawn("script", ["-qefc", `stty rows 24 cols ${columns}; exec ${command}`, "/dev/null"], {
    env: { PATH: process.env["PATH"], SHELL: "/bin/sh", TERM: "xterm", ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const transcript = createTranscript(child.stdout);
  // Whoever presses a key too late learns from the exit code.
  child.stdin.on("error", () => undefined);
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, output: transcript.text() }));
  return {
    ended,
    type: (keys) => void child.stdin.write(keys),
    shows: (text) => transcript.shows(text, ended),
  };
};
