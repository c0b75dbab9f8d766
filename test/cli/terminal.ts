import { describe } from "@jest/globals";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { quoteCommand } from "../../cli/next-command.ts";
import { createTranscript } from "./transcript.ts";

/** Whether there is util-linux's `script`, which gives a program a terminal. That of other systems has other options. */
const canGiveTerminal = (): boolean => {
  try {
    return execFileSync("script", ["--version"], { encoding: "utf8", stdio: "pipe" }).includes("util-linux");
  } catch {
    return false;
  }
};

/** `describe`, but without a terminal the tests are skipped with a message. In CI they fail instead. */
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
  /** Resolves once this was shown. */
  readonly shows: (text: string) => Promise<void>;
}

/** Runs the command line on a terminal of this width. The output is stdout and stderr together. */
export const startOnTerminal = (
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  columns = 80,
): OnTerminal => startScriptOnTerminal("cli/cielo24-proxy.mjs", words, env, columns);

/** The same with another script of this repository. */
export const startScriptOnTerminal = (
  script: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  columns = 80,
): OnTerminal => {
  const command = quoteCommand([process.execPath, script, ...words]);
  const child = spawn("script", ["-qefc", `stty rows 24 cols ${columns}; exec ${command}`, "/dev/null"], {
    env: { PATH: process.env["PATH"], SHELL: "/bin/sh", TERM: "xterm", ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const transcript = createTranscript(child.stdout);
  // If a key is pressed too late, the exit code tells.
  child.stdin.on("error", () => undefined);
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, output: transcript.text() }));
  return {
    ended,
    type: (keys) => void child.stdin.write(keys),
    shows: (text) => transcript.shows(text, ended),
  };
};
