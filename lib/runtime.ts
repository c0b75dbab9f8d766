import type { Context } from "aws-lambda";
import { randomBytes } from "node:crypto";
import { assertNoNodeDebugging, processEnvironment, type Environment } from "./config.ts";

/**
 * What a function takes from the process it runs in. Lambda passes the real one; the local stack and the tests pass
 * their own, so that several deployments live in one process and time is theirs to move.
 */
export interface Runtime {
  /** Environment variables; only `lib/config.ts` reads them. */
  readonly env: Environment;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** 32 fresh lower-case hex characters. */
  readonly randomHex: () => string;
  /** Resolves after so many milliseconds of this runtime's time, or rejects as soon as the signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Takes one line of log or metric, without its line feed. */
  readonly writeLine: (line: string) => void;
}

export const randomHex = (): string => randomBytes(16).toString("hex");

/** Waits in real time. Rejects with the signal's reason when that aborts first. */
export const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });

/** The runtime of a deployed function. */
const lambdaRuntime = (): Runtime => {
  assertNoNodeDebugging(processEnvironment);
  return {
    env: processEnvironment,
    clock: Date.now,
    randomHex,
    sleep,
    writeLine: (line) => process.stdout.write(line + "\n"),
  };
};

/** What a function's `build` makes: its handler, wired to one runtime. */
export type FunctionHandler<Event, Result> = (event: Event, context: Context) => Promise<Result>;

/**
 * The `handler` export of a Lambda entry. Builds at the first call, so that a faulty configuration shows in that call's
 * log and importing the module does nothing.
 */
export const lambdaHandler = <Event, Result>(
  build: (runtime: Runtime) => FunctionHandler<Event, Result>,
): FunctionHandler<Event, Result> => {
  let built: FunctionHandler<Event, Result> | undefined;
  return (event, context) => (built ??= build(lambdaRuntime()))(event, context);
};
