import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { bundleProgram } from "../bundled.ts";
import type { CpuShare } from "../cpu-share.ts";
import type { FirstCall } from "./first-call.ts";

/** A first call, from the process's start on. */
export interface StartedFunction extends FirstCall {
  /** From the start of the process to the end of the call. */
  readonly ms: number;
  /** What the function logged. */
  readonly lines: readonly string[];
}

/** What to start, and with what. */
export interface Start {
  /** The module's file; undefined for Node alone. */
  readonly file?: string | undefined;
  readonly event?: unknown;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Undefined for all that the machine has. */
  readonly share?: CpuShare | undefined;
}

/** Starts functions, each in a new process, for one call. Rejects if a process ends without its report. */
export const createStarter = async (): Promise<(start: Start) => Promise<StartedFunction>> => {
  const program = await bundleProgram(new URL("first-call.ts", import.meta.url));
  return async ({ file = "-", event = {}, env = {}, share }) => {
    const args = [program, file, JSON.stringify(event)];
    const [command, itsArgs] = share?.command(process.execPath, args) ?? [process.execPath, args];
    const startedAt = Date.now();
    const child = spawn(command, itsArgs, {
      env: { ...env, PATH: process.env["PATH"] },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [output] = await Promise.all([text(child.stdout), once(child, "close")]);
    const lines = output.trimEnd().split("\n");
    const call = JSON.parse(lines.pop() ?? "") as FirstCall;
    return { ...call, ms: call.endedAt - startedAt, lines };
  };
};
