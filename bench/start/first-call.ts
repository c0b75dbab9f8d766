import type { Context } from "aws-lambda";
import { createRequire } from "node:module";

/**
 * What Lambda does in a new environment: loads a function's module and calls its handler once. Its arguments are the module's
 * file, or `-` for none, and the event as JSON. The last line of its output is a {@link FirstCall}. It is bundled, so that
 * nothing else is loaded.
 */

/** What became of the call, and what it cost. */
export interface FirstCall {
  /** The handler's result, or the error that it threw. */
  readonly result?: unknown;
  readonly error?: string;
  /** When the call had ended, in ms since the epoch. */
  readonly endedAt: number;
  /** CPU time of the process until the module was loaded. */
  readonly importCpuMs: number;
  /** CPU time of the process until the call had ended. */
  readonly cpuMs: number;
  /** Whether Node's own HTTP client behind `fetch` was loaded. It costs as much as a small function. */
  readonly hasUndici: boolean;
}

/** The longest that Lambda gives. */
const TIMEOUT_MS = 900_000;

const [, own = "", file = "-", event = "{}"] = process.argv;

const run = async (): Promise<FirstCall> => {
  const { handler } = file === "-" ? { handler: () => undefined } : (createRequire(own)(file) as Module);
  const importCpuMs = readCpuMs();
  const until = Date.now() + TIMEOUT_MS;
  const context = { awsRequestId: "first-call", getRemainingTimeInMillis: () => until - Date.now() } as Context;
  const outcome = await call(() => handler(JSON.parse(event), context));
  const endedAt = Date.now();
  const cpuMs = readCpuMs();
  const { moduleLoadList } = process as unknown as { moduleLoadList: readonly string[] };
  const hasUndici = moduleLoadList.some((name) => name.includes("undici"));
  return { ...outcome, endedAt, importCpuMs, cpuMs, hasUndici };
};

const call = async (run: () => unknown): Promise<Pick<FirstCall, "result" | "error">> => {
  try {
    return { result: await run() };
  } catch (error) {
    return { error: String(error) };
  }
};

const readCpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

interface Module {
  readonly handler: (event: unknown, context: Context) => unknown;
}

void run().then((call) => process.stdout.write(`${JSON.stringify(call)}\n`, () => process.exit(0)));
