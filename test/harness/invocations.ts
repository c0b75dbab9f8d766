import { afterEach } from "@jest/globals";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Stack } from "../../dev/stack.ts";
import type { Doom } from "./invocation-process.ts";

interface Invocation extends Pick<Doom, "name" | "event" | "timeLeftMs"> {
  readonly env?: Doom["env"];
}

/** Starting a process costs a second of a core. */
const AT_ONCE = 2;
const AWS_SERVICES = ["DYNAMODB", "SQS", "EVENTBRIDGE", "SECRETS_MANAGER"];

/** Invokes functions of a stack in processes of their own, which can be killed. */
export const useKilling = (local: { readonly stack: Stack }) => {
  const closers: (() => unknown)[] = [];
  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });

  /** A way to a server on which somebody counts what goes there, piece by piece, once it has gone. */
  const wayTo = async (name: string, onSent: () => void): Promise<string> => {
    const port = Number(new URL(local.stack.env[name] ?? "").port);
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      const onward = connect(port, "127.0.0.1");
      for (const each of [socket, onward]) {
        sockets.add(each);
        each.on("error", () => undefined);
      }
      socket.on("close", () => onward.destroy());
      onward.on("close", () => socket.destroy());
      socket.on("data", (bytes) => onward.write(bytes, onSent));
      onward.pipe(socket);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    closers.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  /** @returns the signal that ended the process, if any, once it is gone */
  const invoke = async (
    { env = {}, ...invocation }: Invocation,
    onStart: (process: ChildProcess) => void = () => undefined,
  ): Promise<NodeJS.Signals | null> => {
    const { runtime } = local.stack;
    const doomed = fork(new URL("invocation-process.ts", import.meta.url), { execArgv: [], silent: true });
    onStart(doomed);
    if (doomed.stdout) createInterface(doomed.stdout).on("line", runtime.writeLine);
    const doom: Doom = { ...invocation, env: { ...local.stack.env, ...env }, now: runtime.clock() };
    doomed.send(doom);
    await once(doomed, "exit");
    return doomed.signalCode;
  };

  /** The same, killed as soon as it has sent so many pieces to whomever. @returns how many it sent */
  const invokeAndKill = async (invocation: Invocation, at: number): Promise<number> => {
    let sent = 0;
    let doomed: ChildProcess | undefined;
    const onSent = () => {
      sent += 1;
      if (sent === at) doomed?.kill("SIGKILL");
    };
    const aws = await wayTo("AWS_ENDPOINT_URL_DYNAMODB", onSent);
    const env = {
      AWS_ENDPOINT_URL_S3: await wayTo("AWS_ENDPOINT_URL_S3", onSent),
      CIELO24_BASE_URL: await wayTo("CIELO24_BASE_URL", onSent),
      ...Object.fromEntries(AWS_SERVICES.map((name) => [`AWS_ENDPOINT_URL_${name}`, aws])),
    };
    const signal = await invoke({ ...invocation, env }, (process) => (doomed = process));
    if ((signal === "SIGKILL") !== sent >= at) throw new Error(`The process ended by ${signal ?? "itself"} at ${sent}`);
    return sent;
  };

  /** Kills one invocation after every piece that one sends which is left alone. @returns how many that were */
  const killAtEveryPiece = async (begin: (at: number) => Invocation, onKilled: (at: number) => Promise<void>) => {
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
