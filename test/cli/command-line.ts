import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTranscript } from "./transcript.ts";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly ended: Promise<Ended>;
  readonly signal: (name: NodeJS.Signals) => void;
  /** Resolves once it was said on stderr. */
  readonly says: (text: string) => Promise<void>;
  /** Nobody reads what it writes any more. */
  readonly close: (output: "stdout" | "stderr") => void;
  /** What `ps` shows of it. */
  readonly pid: number;
}

/** The command line as people run it: a process of its own, whose output is no terminal. */
export const startCommand = (words: readonly string[], env: Readonly<Record<string, string>>): Running => {
  const child = spawn(process.execPath, ["cli/cielo24-proxy.mjs", ...words], {
    env: { PATH: process.env["PATH"], NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stdout = createTranscript(child.stdout);
  const stderr = createTranscript(child.stderr);
  const ended = once(child, "close").then(([code]) => ({
    code: code as number | null,
    stdout: stdout.text(),
    stderr: stderr.text(),
  }));
  return {
    ended,
    signal: (name) => child.kill(name),
    says: (text) => stderr.shows(text, ended),
    close: (output) => {
      child[output].destroy();
    },
    pid: child.pid ?? 0,
  };
};

/** A folder for files and for what the command line remembers; gone afterwards. */
export const makeFolder = async () => {
  const path = await mkdtemp(join(tmpdir(), "command-line-"));
  return {
    path,
    file: (name: string) => join(path, name),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
};
