import type { Context } from "aws-lambda";
import { randomUUID } from "node:crypto";
import type { FunctionHandler, Runtime } from "../../lib/runtime.ts";
import type { DeployedFunction } from "../gateway/deployment.ts";
import { InvocationTooLargeError } from "../gateway/server.ts";

export type Build = (runtime: Runtime) => FunctionHandler<never, unknown>;

export interface Lambda {
  /**
   * Invokes a function and resolves with its result. Event and result pass through JSON, as in AWS.
   * Rejects with what the function threw, with an error once it has run out of time, with InvocationTooLargeError, or with
   * TooManyRequestsError.
   */
  readonly invoke: (name: string, event: unknown, requestId?: string) => Promise<unknown>;
  /** Discards the built functions, so that the next invocations start cold, with nothing cached. */
  readonly coldStart: () => void;
  /** The number of running invocations, including those that ran out of time. */
  readonly running: () => number;
  /** Resolves once no invocation is running, including those that ran out of time. */
  readonly idle: () => Promise<void>;
}

/** How many invocations may run at once. */
export interface Concurrency {
  readonly account: number;
  /** What a function has for itself, which is also the most that it may run. */
  readonly reserved?: Readonly<Record<string, number>>;
}

/** Too many invocations run already: this one has not begun. */
export class TooManyRequestsError extends Error {
  override readonly name = "TooManyRequestsException";

  constructor() {
    super("Rate Exceeded.");
  }
}

/** How an invocation ended: with a result or an error. */
export type Outcome = { readonly result: unknown } | { readonly error: unknown };

/** Lambda's limit for requests and for responses, 6 MB. */
const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;
const REGION = "us-east-1";

/**
 * Runs functions in this process, each built once for the runtime. Timeouts follow the runtime's clock. Unlike in AWS, a
 * function that has run out of time is not stopped; its result is ignored.
 */
export const createLambda = ({
  runtime,
  functions,
  load,
  concurrency = { account: Infinity },
  onOutcome,
  writeAs = () => runtime.writeLine,
}: {
  runtime: Runtime;
  functions: readonly DeployedFunction[];
  load: (name: string) => Promise<Build>;
  concurrency?: Concurrency | undefined;
  /** Called with the outcome of every invocation, and how long it took. */
  onOutcome?: ((name: string, outcome: Outcome, durationMs: number) => void) | undefined;
  /** Where Lambda's own lines about a function go. */
  writeAs?: (name: string) => Runtime["writeLine"];
}): Lambda => {
  const handlers = new Map<string, Promise<FunctionHandler<never, unknown>>>();
  const running = new Set<Promise<unknown>>();
  const enter = createTurnstile(concurrency);

  const findHandler = (name: string): Promise<FunctionHandler<never, unknown>> => {
    const known = handlers.get(name);
    if (known) return known;
    const handler = load(name).then((build) => build(runtime));
    handlers.set(name, handler);
    return handler;
  };

  const run = async (deployed: DeployedFunction, event: unknown, requestId: string): Promise<unknown> => {
    const payload = JSON.stringify(event);
    if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES) throw new InvocationTooLargeError();
    const deadline = runtime.clock() + deployed.timeoutMs;
    const over = new AbortController();
    const tooLate = runtime.sleep(deployed.timeoutMs, over.signal).then(() => {
      throw new Error(`Task timed out after ${(deployed.timeoutMs / 1000).toFixed(2)} seconds`);
    });
    tooLate.catch(() => undefined);
    const handler = await findHandler(deployed.name);
    const work = handler(JSON.parse(payload) as never, makeContext(deployed.name, requestId, runtime, deadline));
    track(running, work);
    try {
      const result = JSON.stringify(await Promise.race([work, tooLate])) as string | undefined;
      if (result !== undefined && Buffer.byteLength(result) > MAX_PAYLOAD_BYTES)
        throw new Error("Response payload size exceeded maximum allowed payload size (6291556 bytes).");
      return result === undefined ? undefined : (JSON.parse(result) as unknown);
    } finally {
      over.abort(new Error("The invocation is over"));
    }
  };

  return {
    invoke: async (name, event, requestId = randomUUID()) => {
      const deployed = functions.find((each) => each.name === name);
      if (!deployed) throw new Error(`There is no function ${name}`);
      const leave = enter(name);
      const startedAt = runtime.clock();
      const end = (outcome: Outcome) => onOutcome?.(name, outcome, runtime.clock() - startedAt);
      try {
        const result = await run(deployed, event, requestId);
        end({ result });
        return result;
      } catch (error) {
        end({ error });
        if (!(error instanceof InvocationTooLargeError)) writeAs(name)(describeFailure(error, requestId));
        throw error;
      } finally {
        leave();
      }
    },
    coldStart: () => {
      handlers.clear();
    },
    running: () => running.size,
    idle: async () => {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
};

/** Lets invocations in, by function, and returns what lets each out again. @throws {TooManyRequestsError} */
const createTurnstile = ({ account, reserved = {} }: Concurrency) => {
  const shared = Object.values(reserved).reduce((left, count) => left - count, account);
  const free = new Map(Object.entries({ ...reserved, [SHARED]: shared }));
  return (name: string): (() => void) => {
    const pool = name in reserved ? name : SHARED;
    const move = (by: number) => free.set(pool, (free.get(pool) ?? 0) + by);
    if ((free.get(pool) ?? 0) <= 0) throw new TooManyRequestsError();
    move(-1);
    return () => move(1);
  };
};

/** The pool of all functions without a reservation. No function has this name. */
const SHARED = "";

const track = (running: Set<Promise<unknown>>, work: Promise<unknown>): void => {
  running.add(work);
  const forget = () => running.delete(work);
  work.then(forget, forget);
};

/** What Lambda's runtime logs about an error that a function throws: everything, including its own fields. */
const describeFailure = (error: unknown, requestId: string): string => {
  const known = error instanceof Error ? error : new Error(String(error));
  const { name, message, stack = "" } = known;
  const failure = {
    level: "ERROR",
    requestId,
    errorType: name,
    errorMessage: message,
    stack: stack.split("\n"),
  };
  try {
    return JSON.stringify({ ...Object.fromEntries(Object.entries(known)), ...failure });
  } catch {
    return JSON.stringify(failure);
  }
};

const makeContext = (name: string, requestId: string, runtime: Runtime, deadline: number): Context =>
  ({
    callbackWaitsForEmptyEventLoop: true,
    functionName: `cielo24-proxy-local-${name}`,
    functionVersion: "$LATEST",
    invokedFunctionArn: `arn:aws:lambda:${REGION}:000000000000:function:cielo24-proxy-local-${name}`,
    memoryLimitInMB: "512",
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/cielo24-proxy-local-${name}`,
    logStreamName: "local",
    getRemainingTimeInMillis: () => Math.max(deadline - runtime.clock(), 0),
  }) satisfies Partial<Context> as unknown as Context;
