import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { DeployedFunction } from "../../dev/gateway/deployment.ts";
import { createLambda } from "../../dev/stack/lambda.ts";
import { loadFunction } from "../../dev/stack/load.ts";
import type { Runtime } from "../../lib/runtime.ts";
import { startNetwork, type Chunk, type Network, type Treatment } from "../harness/network.ts";

/** A running copy of the functions, as Lambda keeps them, with a network and a clock of its own. It may be killed. */
export interface Instance {
  /** Rejects if the instance is killed meanwhile. */
  readonly invoke: (name: string, event: unknown) => Promise<unknown>;
  /** Ends it at once: no code of it has any effect from here on. Invocations that run reject. */
  readonly kill: () => void;
  readonly isKilled: () => boolean;
  /** Tells another process what time it is. */
  readonly tell: (now: number) => void;
  readonly close: () => Promise<void>;
}

/** What an instance is made of. */
export interface InstanceParts {
  readonly env: Runtime["env"];
  readonly functions: readonly DeployedFunction[];
  readonly upstreams: Readonly<Record<string, string>>;
  /** How far its clock is ahead of the others'. */
  readonly clockOffsetMs: number;
  readonly writeLine: (line: string) => void;
  readonly randomHex: () => string;
  readonly onChunk: (chunk: Chunk) => Treatment;
}

class KilledError extends Error {
  override readonly name = "KilledError";
}

const throughNetwork = (env: Runtime["env"], upstreams: Readonly<Record<string, string>>, network: Network) =>
  Object.fromEntries(
    Object.entries(env).map(([name, value]) => [
      name,
      Object.entries(upstreams).reduce(
        (text, [upstream, origin]) => text?.replace(origin, network.addresses[upstream] ?? origin),
        value,
      ),
    ]),
  );

/**
 * An instance in this process. Killing cuts its network and ends its sleep: what it still does has no effect outside, as
 * if it had really ended.
 */
export const startInstance = async (parts: InstanceParts): Promise<Instance> => {
  const network = await startNetwork(parts.upstreams, parts.onChunk);
  const killed = new AbortController();
  const runtime: Runtime = {
    env: throughNetwork(parts.env, parts.upstreams, network),
    clock: () => Date.now() + parts.clockOffsetMs,
    randomHex: parts.randomHex,
    sleep: (ms, signal) => sleepUnlessKilled(ms, signal ? AbortSignal.any([signal, killed.signal]) : killed.signal),
    writeLine: (line) => {
      if (!killed.signal.aborted) parts.writeLine(line);
    },
  };
  const lambda = createLambda({ runtime, functions: parts.functions, load: loadFunction });
  return {
    invoke: async (name, event) => {
      const result = await lambda.invoke(name, event);
      if (killed.signal.aborted) throw new KilledError("The instance was killed");
      return result;
    },
    kill: () => {
      killed.abort();
      network.cutOff();
    },
    isKilled: () => killed.signal.aborted,
    tell: () => undefined,
    close: async () => {
      await lambda.idle();
      await network.close();
    },
  };
};

const sleepUnlessKilled = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(new KilledError("The instance was killed"));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });

/** What is said between an instance's process and this one. */
export type ToChild =
  | ({ readonly say: "start"; readonly now: number } & Pick<InstanceParts, "env" | "functions" | "clockOffsetMs">)
  | {
      readonly say: "invoke";
      readonly id: number;
      readonly name: string;
      readonly event: unknown;
      readonly now: number;
    }
  | { readonly say: "time"; readonly now: number };
export type FromChild =
  | { readonly say: "started" }
  | { readonly say: "line"; readonly line: string }
  | { readonly say: "result"; readonly id: number; readonly result: unknown }
  | { readonly say: "failure"; readonly id: number };

/**
 * An instance in a process of its own, which `kill` ends with SIGKILL.
 *
 * @param program `instance-process.ts`, bundled
 */
export const forkInstance = async (program: string, parts: InstanceParts): Promise<Instance> => {
  const network = await startNetwork(parts.upstreams, parts.onChunk);
  const child = fork(program, { stdio: ["ignore", "pipe", "pipe", "ipc"], execArgv: [] });
  for (const output of [child.stdout, child.stderr])
    output?.setEncoding("utf8").on("data", (text: string) => {
      parts.writeLine(text);
    });
  const pending = new Map<number, PromiseWithResolvers<unknown>>();
  let isKilled = false;
  let invocations = 0;
  const say = (message: ToChild) => {
    if (child.connected) child.send(message, () => undefined);
  };
  const started = Promise.withResolvers<undefined>();
  child.on("message", (message: FromChild) => {
    if (isKilled) return;
    if (message.say === "started") started.resolve(undefined);
    if (message.say === "line") parts.writeLine(message.line);
    if (message.say === "result") pending.get(message.id)?.resolve(message.result);
    if (message.say === "failure") pending.get(message.id)?.reject(new Error("The function failed"));
  });
  const gone = once(child, "exit").then(() => {
    for (const { reject } of pending.values()) reject(new KilledError("The instance was killed"));
    started.reject(new KilledError("The instance was killed"));
  });
  say({
    say: "start",
    env: throughNetwork(parts.env, parts.upstreams, network),
    functions: parts.functions,
    clockOffsetMs: parts.clockOffsetMs,
    now: Date.now(),
  });
  await started.promise;
  return {
    invoke: async (name, event) => {
      const id = (invocations += 1);
      const answer = Promise.withResolvers<unknown>();
      pending.set(id, answer);
      say({ say: "invoke", id, name, event, now: Date.now() });
      try {
        return await answer.promise;
      } finally {
        pending.delete(id);
      }
    },
    kill: () => {
      isKilled = true;
      child.kill("SIGKILL");
    },
    isKilled: () => isKilled,
    tell: (now) => {
      say({ say: "time", now });
    },
    close: async () => {
      end(child);
      await gone;
      await network.close();
    },
  };
};

const end = (child: ChildProcess): void => {
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
};
