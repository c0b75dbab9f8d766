import { afterEach } from "@jest/globals";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Stack } from "../../dev/stack.ts";
import type { Invocation } from "./invocation-process.ts";
import { startNetwork } from "./network.ts";

type Wanted = Pick<Invocation, "name" | "event" | "timeLeftMs"> & Partial<Pick<Invocation, "env">>;

/** Starting a process costs a second of a core. */
const AT_ONCE = 2;

/** Invokes functions of a stack in processes of their own, which can be killed. */
export const useInvocations = (local: { readonly stack: Stack }) => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  /** @returns the signal that ended the process, if any, once it is gone */
  const invoke = async (
    { env = {}, ...wanted }: Wanted,
    onStart: (process: ChildProcess) => void = () => undefined,
  ): Promise<NodeJS.Signals | null> => {
    const { runtime } = local.stack;
    const child = fork(new URL("invocation-process.ts", import.meta.url), { execArgv: [], silent: true });
    onStart(child);
    if (child.stdout) createInterface(child.stdout).on("line", runtime.writeLine);
    const invocation: Invocation = { ...wanted, env: { ...local.stack.env, ...env }, now: runtime.clock() };
    child.send(invocation);
    await once(child, "exit");
    return child.signalCode;
  };

  /** The same, killed as soon as it has sent so many pieces to any server. @returns how many it sent */
  const invokeAndKill = async (wanted: Wanted, at: number): Promise<number> => {
    let sent = 0;
    let child: ChildProcess | undefined;
    const { env } = local.stack;
    const addresses = Object.entries(env).filter(([name]) => /^AWS_ENDPOINT_URL_|^CIELO24_BASE_URL$/.test(name));
    const upstreams = Object.fromEntries(addresses.map(([name, url = ""]) => [name, url]));
    const network = await startNetwork(upstreams, ({ direction }) => {
      // The piece is passed on before the process ends.
      if (direction === "up" && (sent += 1) === at) setImmediate(() => child?.kill("SIGKILL"));
      return { do: "pass" };
    });
    closers.push(network.close);
    const signal = await invoke({ ...wanted, env: network.addresses }, (process) => (child = process));
    if ((signal === "SIGKILL") !== sent >= at) throw new Error(`The process ended by ${signal ?? "itself"} at ${sent}`);
    return sent;
  };

  /** Kills one invocation after every piece that one sends which is left alone. @returns how many that were */
  const killAtEveryPiece = async (begin: (at: number) => Wanted, onKilled: (at: number) => Promise<void>) => {
    const pieces = await invokeAndKill(begin(Infinity), Infinity);
    const moments = Array.from({ length: pieces }, (_, index) => index + 1).values();
    const killSome = async () => {
      for (const at of moments) {
        await invokeAndKill(begin(at), at);
        await onKilled(at);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, killSome));
    return pieces;
  };

  return { invoke, killAtEveryPiece };
};
