import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { startNetwork } from "../harness/network.ts";
import type { Client, Place } from "./client.ts";

/** Who may write into the bucket, and how a client is told. */
export type Credentials = Readonly<Record<"accessKeyId" | "secretAccessKey", string>>;

/** Far more than any client takes; a client that cannot reach the bucket might go on trying. */
const LONGEST_RUN_MS = 100_000;

interface Run {
  readonly client: Client;
  readonly place: Place;
  readonly credentials: Credentials;
  readonly home: string;
}

/** Starts the client in a process group of its own, as a terminal does, with nothing else of this machine's environment. */
const start = ({ client, place, credentials, home }: Run, args: readonly string[]): ChildProcess =>
  spawn(client.program ?? "", args, {
    cwd: home,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LONGEST_RUN_MS,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: home,
      LANG: "C.UTF-8",
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: "us-east-1",
      AWS_DEFAULT_REGION: "us-east-1",
      AWS_EC2_METADATA_DISABLED: "true",
      BUCKET: place.bucket,
      S3_ENDPOINT: place.endpoint,
      PYTHONDONTWRITEBYTECODE: "1",
      ...client.env?.(place),
    },
  });

const ending = async (child: ChildProcess): Promise<{ readonly isDone: boolean; readonly printed: string }> => {
  const { stdout, stderr } = child;
  const printed = await Promise.all([stdout ? text(stdout) : "", stderr ? text(stderr) : "", once(child, "exit")]);
  return { isDone: child.exitCode === 0, printed: printed[0] + printed[1] };
};

/** @returns what it printed @throws if it reports a failure */
export const run = async (it: Run, args: readonly string[]): Promise<string> => {
  const { isDone, printed } = await ending(start(it, args));
  if (!isDone) throw new Error(`${it.client.name} ${args.join(" ")} failed:\n${printed}`);
  return printed;
};

/** Runs what cannot end well. @throws if it does, all the same */
export const runInVain = async (it: Run, args: readonly string[]): Promise<void> => {
  if ((await ending(start(it, args))).isDone) throw new Error(`${it.client.name} says that it has uploaded all`);
};

/**
 * Runs the client behind a proxy that sends the signal to its process group when so many bytes have gone up. The connection
 * that brought them breaks, `onSignal` keeps other bytes from following, and what the client still has to say gets through.
 */
export const runUntilByte = async (
  it: Run,
  args: (place: Place) => readonly string[],
  {
    bytes,
    signal,
    onSignal,
  }: { readonly bytes: number; readonly signal: "SIGINT" | "SIGKILL"; readonly onSignal: () => void },
): Promise<void> => {
  let child: ChildProcess | undefined;
  let cut: number | undefined;
  let left = bytes;
  const network = await startNetwork({ s3: it.place.endpoint }, ({ connection, direction, bytes: { length } }) => {
    if (direction === "up") left -= length;
    if (left <= 0 && cut === undefined) {
      cut = connection;
      process.kill(-(child?.pid ?? 0), signal);
      onSignal();
    }
    return cut === connection ? { do: "cut", side: "before", lateMs: 0 } : { do: "pass" };
  });
  try {
    const place = { ...it.place, endpoint: network.addresses["s3"] ?? "" };
    child = start({ ...it, place }, args(place));
    const { isDone } = await ending(child);
    if (cut === undefined || isDone) throw new Error(`${it.client.name} was not interrupted`);
  } finally {
    await network.close();
  }
};
