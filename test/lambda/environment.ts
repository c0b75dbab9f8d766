import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";

/** A function as Lambda is given it. */
export interface DeployedCode {
  /** Holds `handler.js`, as the zip does. */
  readonly directory: string;
  readonly functionName: string;
  readonly memoryMiB: number;
  readonly timeoutS: number;
  /** The function's variables, and those that Lambda adds: region and credentials. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface EnvironmentOptions {
  /** What `scripts/lambda-engine.sh` prints. */
  readonly engine: string;
  /** Further arguments of node, before the runtime. */
  readonly nodeArguments?: readonly string[];
  /** Called with every one of `lines`. */
  readonly onLine?: (line: string) => void;
}

/**
 * One execution environment of Lambda: AWS's runtime interface emulator, and AWS's Node runtime with a packaged function.
 * It takes one invocation at a time.
 */
export interface Environment {
  /** The runtime starts with the first invocation, and again after one that timed out or in which it ended. @throws {FunctionError} */
  readonly invoke: (event: unknown, requestId?: string) => Promise<unknown>;
  /** How long each start of the runtime took, until it asked for an invocation: Lambda's "Init Duration". */
  readonly initsMs: () => readonly number[];
  /** The lines that the function and its runtime wrote, without the emulator's START, END and REPORT. */
  readonly lines: readonly string[];
  /** What the emulator says of its doings, and whatever was written to standard error. */
  readonly platformLines: readonly string[];
  /** The memory of the process that the function runs in. */
  readonly rssBytes: () => number;
  /** The most that it has been since it started, or since `resetPeak`. */
  readonly peakRssBytes: () => number;
  readonly resetPeak: () => void;
  /** Stops the process between two machine instructions, as Lambda does between invocations. Its connections stay open. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** Sends SIGTERM to the process. */
  readonly terminate: () => void;
  /** Ends everything, as Lambda does with an environment that it needs no more. */
  readonly stop: () => Promise<void>;
}

/** The invocation failed: the function threw, ran out of time, or its process ended. */
export class FunctionError extends Error {
  override readonly name = "FunctionError";
  /** As Lambda tells it: the error's name, `Sandbox.Timedout` or `Runtime.ExitError`. */
  readonly errorType: string;

  constructor(errorType: string, message: string) {
    super(`${errorType}: ${message}`);
    this.errorType = errorType;
  }
}

/** Those that run. They end with this process. */
const emulators = new Set<ChildProcess>();
process.on("exit", () => {
  for (const emulator of emulators) emulator.kill();
});

/** Starts the emulator, and resolves once it takes invocations. */
export const startEnvironment = async (code: DeployedCode, options: EnvironmentOptions): Promise<Environment> => {
  const [apiPort, invokePort] = await Promise.all([freePort(), freePort()]);
  const emulator = spawn(
    join(options.engine, "aws-lambda-rie"),
    [
      ...["--log-level", "info", "--runtime-api-address", `127.0.0.1:${apiPort}`],
      ...["--runtime-interface-emulator-address", `127.0.0.1:${invokePort}`],
      ...[process.execPath, ...memoryArguments(code.memoryMiB), ...(options.nodeArguments ?? [])],
      ...[join(options.engine, "node_modules/aws-lambda-ric/index.mjs"), "handler.handler"],
    ],
    { cwd: code.directory, env: variablesOf(code), stdio: ["ignore", "pipe", "pipe"] },
  );
  emulators.add(emulator);
  const ended = once(emulator, "exit").then(() => emulators.delete(emulator));
  const lines: string[] = [];
  const platformLines: string[] = [];
  createInterface({ input: emulator.stdout }).on("line", (line) => {
    if (/^(START|END|REPORT) RequestId: /.test(line)) return;
    lines.push(line);
    options.onLine?.(line);
  });
  createInterface({ input: emulator.stderr }).on("line", (line) => platformLines.push(line));
  await Promise.race([
    answers(invokePort),
    ended.then(() => {
      throw new Error(`The emulator has ended: ${platformLines.join("\n")}`);
    }),
  ]);

  const pid = () => runtimeOf(emulator);
  const url = `http://127.0.0.1:${invokePort}/2015-03-31/functions/function/invocations`;
  return {
    invoke: async (event, requestId) => {
      const headers = requestId === undefined ? {} : { "x-amzn-requestid": requestId };
      const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(event) });
      return readResult(response.status, await response.text());
    },
    initsMs: () =>
      platformLines.flatMap((line) => {
        const [, durationMs] = /INIT REPORT\(durationMs: ([\d.]+)/.exec(line) ?? [];
        return durationMs === undefined ? [] : [Number(durationMs)];
      }),
    lines,
    platformLines,
    rssBytes: () => memoryOf(pid(), "VmRSS"),
    peakRssBytes: () => memoryOf(pid(), "VmHWM"),
    resetPeak: () => {
      writeFileSync(`/proc/${pid()}/clear_refs`, "5");
    },
    freeze: () => process.kill(pid(), "SIGSTOP"),
    thaw: () => process.kill(pid(), "SIGCONT"),
    terminate: () => process.kill(pid(), "SIGTERM"),
    stop: async () => {
      emulator.kill();
      await ended;
    },
  };
};

/** The emulator reports errors of functions, and timeouts, with status 200. */
const readResult = (status: number, text: string): unknown => {
  if (/^Task timed out after /.test(text)) throw new FunctionError("Sandbox.Timedout", text);
  const result = text === "" ? undefined : (JSON.parse(text) as unknown);
  const failure = (result ?? {}) as { errorType?: string; errorMessage?: string; trace?: unknown };
  if (status !== 200 || failure.trace !== undefined)
    throw new FunctionError(failure.errorType ?? `status ${status}`, failure.errorMessage ?? text);
  return result;
};

/** Lambda's own, and nothing of this machine's. */
const variablesOf = ({ directory, functionName, memoryMiB, timeoutS, variables }: DeployedCode) => ({
  PATH: "/usr/local/bin:/usr/bin:/bin",
  LANG: "en_US.UTF-8",
  TZ: ":UTC",
  LAMBDA_TASK_ROOT: directory,
  AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
  AWS_LAMBDA_FUNCTION_NAME: functionName,
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMiB),
  AWS_LAMBDA_FUNCTION_TIMEOUT: String(timeoutS),
  ...variables,
});

/** Lambda's Node runtimes divide the function's memory like this. */
const memoryArguments = (memoryMiB: number): readonly string[] => {
  const newMiB = Math.floor(memoryMiB / 10);
  return [`--max-semi-space-size=${Math.floor(newMiB / 2)}`, `--max-old-space-size=${memoryMiB - newMiB}`];
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
};

const POLL_MS = 10;

/** Resolves once somebody listens. */
const answers = async (port: number): Promise<void> => {
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    if (answer) return;
    await wait(POLL_MS);
  }
};

/** The emulator's only child: the function's process. @throws unless it runs */
const runtimeOf = ({ pid }: ChildProcess): number => {
  const tasks = `/proc/${pid ?? ""}/task`;
  const children = readdirSync(tasks).flatMap((task) => readFileSync(join(tasks, task, "children"), "utf8").split(" "));
  const child = children.map(Number).findLast((each) => each > 0);
  if (child === undefined) throw new Error("The function's process does not run: it starts with the first invocation");
  return child;
};

const memoryOf = (pid: number, field: "VmRSS" | "VmHWM"): number => {
  const [, kib] = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) * 1024;
};
