import { afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { SECOND_MS, useDrops } from "./dropping.ts";
import type { Doom } from "./doomed-process.ts";
import { toRecord } from "./worker.ts";

const OBJECT_BYTES = 200_000;
const TIME_LEFT_MS = 900 * SECOND_MS;
/** Processes at once: starting one costs a second of a core. */
const AT_ONCE = 2;

// Nobody else takes a message while time stands still.
const now = Date.now();
// Where nobody can know, it is sent again: so every drop must end as delivered.
const local = useDrops({ clock: () => now, maximumConcurrency: 10, env: { RESEND_AFTER_UNKNOWN: "true" } });

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A way to a server on which somebody counts what goes there, piece by piece, after it has gone. */
const wayTo = async (url: string, onSent: () => void): Promise<string> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const onward = connect(Number(new URL(url).port), "127.0.0.1");
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

/** Has a process of its own take the job's drop, with these settings, and resolves once that is gone. */
const takeInProcess = async (
  job: string,
  env: Doom["env"] = {},
  onStart: (process: ChildProcess) => void = () => 0,
) => {
  local.stack.queue.send(JSON.stringify(local.event(local.place(job, OBJECT_BYTES))));
  const [message] = local.stack.queue.receive(1);
  if (!message) throw new Error("Somebody else took the message");
  const doomed = fork(new URL("doomed-process.ts", import.meta.url), { execArgv: [], silent: true });
  onStart(doomed);
  if (doomed.stdout) createInterface(doomed.stdout).on("line", local.stack.runtime.writeLine);
  const record = toRecord(message);
  const doom: Doom = {
    env: { ...local.stack.env, ...env },
    record,
    now: local.stack.runtime.clock(),
    timeLeftMs: TIME_LEFT_MS,
  };
  doomed.send(doom);
  await once(doomed, "exit");
  return doomed.signalCode;
};

/** The same, killed as soon as it has sent so many pieces to whomever. @returns how many it sent */
const takeAndKill = async (job: string, at: number): Promise<number> => {
  let sent = 0;
  let doomed: ChildProcess | undefined;
  const onSent = () => {
    sent += 1;
    if (sent === at) doomed?.kill("SIGKILL");
  };
  const { env } = local.stack;
  const aws = await wayTo(env["AWS_ENDPOINT_URL_DYNAMODB"] ?? "", onSent);
  const ways = {
    AWS_ENDPOINT_URL_S3: await wayTo(env["AWS_ENDPOINT_URL_S3"] ?? "", onSent),
    CIELO24_BASE_URL: await wayTo(env["CIELO24_BASE_URL"] ?? "", onSent),
    ...Object.fromEntries(
      ["DYNAMODB", "SQS", "EVENTBRIDGE", "SECRETS_MANAGER"].map((name) => [`AWS_ENDPOINT_URL_${name}`, aws]),
    ),
  };
  const signal = await takeInProcess(job, ways, (process) => (doomed = process));
  expect(signal).toBe(sent >= at ? "SIGKILL" : null);
  return sent;
};

describe("a process of deliver-media that is killed", () => {
  let pieces = 0;
  beforeAll(async () => {
    pieces = await takeAndKill(local.newJob(), Infinity);
  });

  it("fault 22: at every piece that it sends leaves what the next run needs, and every drop is delivered once", async () => {
    expect(pieces).toBeGreaterThan(15);
    const moments = Array.from({ length: pieces }, (_, index) => ({ at: index + 1, job: local.newJob() }));
    const states = new Set<string | undefined>();
    const left = moments.values();
    const killAll = async () => {
      for (const { at, job } of left) {
        await takeAndKill(job, at);
        states.add((await local.row(job))?.state);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, killAll));
    expect(states).toEqual(new Set([undefined, "SENDING", "FINALIZING", "DELIVERED"]));

    await local.finish(10 * pieces);
    for (const { at, job } of moments) {
      expect({ at, taken: local.taken(job).map(({ sizeBytes }) => sizeBytes) }).toEqual({ at, taken: [OBJECT_BYTES] });
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED", announced: true });
      expect(local.announced(job)).toContain("Media Delivered");
      // cielo24 would refuse a second one, and say so here.
      expect(local.posts(job)).not.toContainEqual(expect.objectContaining({ outcome: "refused" }));
    }
  }, 150_000);

  it("fault 23: between the POST and its record is FINALIZING, and job/info settles it without a second POST", async () => {
    const job = local.newJob();
    let doomed: ChildProcess | undefined;
    const isRecord = (input: Record<string, unknown>) =>
      JSON.stringify(input).includes('"DELIVERED"') && doomed?.kill("SIGKILL") === true;
    local.stack.aws.faults.add({ action: "UpdateItem", kind: "reset", when: isRecord });
    expect(await takeInProcess(job, {}, (process) => (doomed = process))).toBe("SIGKILL");
    expect(local.taken(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "FINALIZING", posts: 1 });

    await local.finish();
    expect(local.posts(job)).toHaveLength(1);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", posts: 1 });
    expect(local.announced(job)).toEqual(["Media Delivered"]);
  });
});
