import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { simulatorOf } from "../virtual-drop.ts";
import type { Network } from "./network.ts";
import { createMemoryWatch } from "./process-tree.ts";

/** How a program uploads a file. */
export interface Program {
  readonly name: string;
  /** The program and its arguments, and variables beside PATH and HOME. */
  readonly command: (network: Network, file: string, home: string) => Promise<Command> | Command;
}

interface Command {
  readonly words: readonly [program: string, ...args: string[]];
  readonly env: Readonly<Record<string, string>>;
}

export interface ProgramRun {
  /** From the start of the program to its end. */
  readonly ms: number;
  /** Of all its processes: the sum of the most that each had. */
  readonly peakRssMiB: number;
}

const WATCH_MS = 50;
/** What people install, not the sources: Node needs memory to strip their types. */
const COMMAND_LINE = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** @param parallel requests at a time; by default, the program's own number */
export const commandLine = (parallel?: number): Program => ({
  name: nameOf("cielo24-proxy", parallel),
  command: async ({ stack }, file) => ({
    words: [
      process.execPath,
      COMMAND_LINE,
      "upload",
      file,
      "--job-id",
      simulatorOf(stack).addJob(),
      "--no-wait",
      ...(parallel === undefined ? [] : ["--parallel", String(parallel)]),
    ],
    env: {
      CIELO24_PROXY_URL: stack.apiUrl,
      CIELO24_PROXY_TOKEN: await stack.token({ sub: "you", scope: "media.write media.read" }),
    },
  }),
});

export const aws = (program: string, parallel?: number): Program => ({
  name: nameOf("aws s3 cp", parallel),
  command: async (network, file, home) => {
    await mkdir(join(home, ".aws"), { recursive: true });
    await writeFile(
      join(home, ".aws/config"),
      parallel === undefined ? "" : `[default]\ns3 =\n  max_concurrent_requests = ${parallel}\n`,
    );
    return {
      words: [program, "--endpoint-url", network.storeUrl, "s3", "cp", file, `s3://${target(network)}/film.mp4`],
      env: { ...operatorOf(network), AWS_EC2_METADATA_DISABLED: "true" },
    };
  },
});

export const rclone = (program: string, parallel?: number): Program => ({
  name: nameOf("rclone", parallel),
  command: (network, file) => ({
    words: [
      program,
      "copy",
      file,
      `media:${target(network)}/`,
      ...(parallel === undefined ? [] : ["--s3-upload-concurrency", String(parallel)]),
    ],
    env: {
      ...operatorOf(network),
      RCLONE_CONFIG_MEDIA_TYPE: "s3",
      RCLONE_CONFIG_MEDIA_PROVIDER: "Other",
      RCLONE_CONFIG_MEDIA_ENV_AUTH: "true",
      RCLONE_CONFIG_MEDIA_ENDPOINT: network.storeUrl,
      RCLONE_CONFIG_MEDIA_REGION: "us-east-1",
      RCLONE_CONFIG_MEDIA_NO_CHECK_BUCKET: "true",
    },
  }),
});

const nameOf = (name: string, parallel: number | undefined) =>
  parallel === undefined ? name : `${name}, ${parallel} at a time`;

const target = ({ stack }: Network): string => `${stack.bucketName}/media/${simulatorOf(stack).addJob()}`;

const operatorOf = ({ stack: { operator } }: Network) => ({
  AWS_ACCESS_KEY_ID: operator.accessKeyId,
  AWS_SECRET_ACCESS_KEY: operator.secretAccessKey,
  AWS_REGION: "us-east-1",
  AWS_DEFAULT_REGION: "us-east-1",
});

/** Runs a program to its end, and sees that the object is there. @throws if the program fails */
export const runProgram = async (
  { name, command }: Program,
  network: Network,
  file: string,
  home: string,
): Promise<ProgramRun> => {
  const { words, env } = await command(network, file, home);
  const [program, ...args] = words;
  const startedAt = performance.now();
  const child = spawn(program, args, {
    // Neither the profiles nor the endpoints of who runs this.
    env: { PATH: process.env["PATH"], HOME: home, XDG_STATE_HOME: home, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  const memory = createMemoryWatch(child.pid ?? 0);
  const watching = setInterval(memory.look, WATCH_MS);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  const ms = performance.now() - startedAt;
  clearInterval(watching);
  if (code !== 0) throw new Error(`${name} ended with ${String(code)}:\n${printed}`);
  await network.objectAt;
  return { ms, peakRssMiB: memory.peakMiB() };
};
