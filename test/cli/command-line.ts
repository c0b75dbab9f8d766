import { beforeAll } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Stack } from "../../dev/stack.ts";
import { useFolder } from "../harness/folder.ts";
import { SCOPE } from "../client/media.ts";
import { createTranscript } from "./transcript.ts";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly ended: Promise<Ended>;
  readonly signal: (name: NodeJS.Signals) => void;
  /** Resolves once this was written to stderr. */
  readonly says: (text: string) => Promise<void>;
  /** Stops reading an output, as a closed pipe does. */
  readonly close: (output: "stdout" | "stderr") => void;
  /** For `ps`. */
  readonly pid: number;
}

/** Runs the command line as people do: in its own process, here without a terminal. */
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

/** A folder, a token of Alice's, and the environment that gives the command line both. Its state is kept in the folder. */
export const useCommandLine = (local: { readonly stack: Stack }) => {
  const folder = useFolder();
  let token: string;
  const renewToken = async () => {
    token = await local.stack.token({ sub: "alice", scope: SCOPE });
  };
  beforeAll(renewToken);
  return {
    folder,
    token: () => token,
    renewToken,
    /** The files that are kept of uploads which are not delivered yet, and locks. */
    openRecords: async (): Promise<string[]> => {
      const records = folder.file("cielo24-proxy/uploads");
      const names = await readdir(records);
      const texts = await Promise.all(names.map((name) => readFile(join(records, name), "utf8")));
      return texts.filter((text) => !text.includes('"isDelivered":true'));
    },
    environment: () => ({
      CIELO24_PROXY_URL: local.stack.apiUrl,
      CIELO24_PROXY_TOKEN: token,
      XDG_STATE_HOME: folder.path,
    }),
  };
};
