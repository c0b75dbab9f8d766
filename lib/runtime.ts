import type { Context } from "aws-lambda";
import { randomBytes } from "node:crypto";
import timers from "node:timers/promises";
import { assertNoNodeDebugging, processEnvironment, type Environment } from "./config.ts";

/**
 * What a function takes from the process that it runs in. Lambda passes the real process; the local stack and the tests
 * pass their own, so that one process can run several deployments, each with its own clock.
 */
export interface Runtime {
  /** Environment variables; only `lib/config.ts` reads them. */
  readonly env: Environment;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** 32 random lower-case hex characters. */
  readonly randomHex: () => string;
  /** Resolves after so many milliseconds of this runtime's time. Rejects as soon as the signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Takes one line of log or metrics, without a line feed. */
  readonly writeLine: (line: string) => void;
}

export const randomHex = (): string => randomBytes(16).toString("hex");

/** Waits in real time. Rejects with an AbortError if the signal aborts first. */
export const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  // Looked up at each call, so that fake timers can take its place.
  timers.setTimeout(ms, undefined, { signal });

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

/** What a function's `build` returns: its handler, wired to one runtime. */
export type FunctionHandler<Event, Result> = (event: Event, context: Context) => Promise<Result>;

/**
 * The `handler` export of a Lambda entry. It builds the function at the first call, so that importing the module does
 * nothing, and a configuration error shows in that call's log.
 */
export const lambdaHandler = <Event, Result>(
  build: (runtime: Runtime) => FunctionHandler<Event, Result>,
): FunctionHandler<Event, Result> => {
  let built: FunctionHandler<Event, Result> | undefined;
  return async (event, context) => {
    try {
      return await (built ??= build(lambdaRuntime()))(event, context);
    } catch (error) {
      throw nameForLog(error);
    }
  };
};

/** In its JSON format, Lambda's log names an error by its class, and bundling has shortened the names of classes. */
const nameForLog = (error: unknown): unknown =>
  error instanceof Error && Object.isExtensible(error)
    ? Object.defineProperty(error, "constructor", { value: { name: error.name }, configurable: true })
    : error;
