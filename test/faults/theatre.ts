import { whileTimePasses } from "./virtual-time.ts";
import { randomBytes } from "node:crypto";
import { simulatorOf } from "../../bench/virtual-drop.ts";
import { readDeployment } from "../../dev/gateway/deployment.ts";
import { startStack, type Stack } from "../../dev/stack.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Cielo24Simulator } from "../../dev/cielo24/server.ts";
import { createDoor, type Door } from "./door.ts";
import { forkInstance, startInstance, type Instance, type InstanceParts } from "./instance.ts";
import type { Chunk, Treatment } from "../harness/network.ts";
import type { Schedule } from "./schedule.ts";

/** Where schedules are played, one after another: the local stack and instances of the functions. */
export interface Theatre {
  readonly stack: Stack;
  readonly cielo24: Cielo24Simulator;
  /** Says how late job/info is from now on. */
  readonly setJobInfoLag: (ms: number) => void;
  /** Decides what happens to chunks from now on. */
  readonly setTreatment: (treat: (chunk: Chunk, instance: Instance | undefined) => Treatment) => void;
  /** Chunks that passed so far, in all networks. */
  readonly chunks: () => number;
  /** The living instance of that number for such a schedule, started if there is none. */
  readonly instance: (schedule: Schedule, number: number, how: { inProcess: boolean }) => Promise<Instance>;
  /** Waits for instances that are starting, and tells all of them what time it is. */
  readonly tellTime: () => Promise<void>;
  /** Ends all instances, so that the next schedule finds none warm, and reseeds the random numbers. */
  readonly beginAnew: (seed: number) => Promise<void>;
  /** What instances said to cielo24 in the present schedule. */
  readonly door: Door;
  /** Writes of the present schedule that postpone a row. */
  readonly parkings: readonly Parking[];
  /** When the first write to the job's row was asked for, if any was. */
  readonly firstWriteAt: (jobId: string) => number | undefined;
  /** Rotates the account's credentials. */
  readonly rotateSecret: () => void;
  /** Every secret that must not show, by name. */
  readonly secrets: () => Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

/** A write that says when a row goes on. */
interface Parking {
  readonly at: number;
  readonly jobId: string;
  /** Absent if the write leaves it as it is. */
  readonly state: string | undefined;
  readonly notBefore: number;
  /** The type of what it waits for. */
  readonly waiting: string | undefined;
}

/** So that a row that waits for cielo24's pull is settled within hours. */
const HAND_OVER = { CAPABILITY_LIFETIME_S: "3600", LONGEST_PULL_S: "3600" };

export const openTheatre = async ({
  enforcement,
  program,
}: {
  enforcement: boolean;
  /** The program of instances in processes of their own. */
  program: string;
}): Promise<Theatre> => {
  let jobInfoLagMs = 0;
  let chunks = 0;
  let treat: (chunk: Chunk, instance: Instance | undefined) => Treatment = () => ({ do: "pass" });
  const parkings: Parking[] = [];
  const firstWrites = new Map<string, number>();
  const stack = await startStack({
    enforceOneMedia: enforcement,
    jobInfoLagMs: () => jobInfoLagMs,
    polls: false,
    env: HAND_OVER,
    fetchMedia: (url) => Promise.resolve(mediaAt(url)),
    onCall: (action, body) => {
      if (action !== "UpdateItem") return;
      const jobId = jobIdIn(body);
      if (!firstWrites.has(jobId)) firstWrites.set(jobId, Date.now());
      const parking = parseParking(body);
      if (parking) parkings.push(parking);
    },
  });
  const cielo24 = simulatorOf(stack);
  // S3 sends a test event when its notifications are configured.
  stack.queue.purge();
  const { functions } = await readDeployment();
  const upstreams = {
    s3: stack.s3.url,
    aws: new URL(stack.queueUrl).origin,
    cielo24: cielo24.url,
  };
  const instances = new Map<string, Promise<Instance>>();
  const retired: Promise<void>[] = [];
  const door = createDoor((jobId) => cielo24.jobs.get(jobId)?.mediaAt !== undefined);
  let chance = createChance(0);
  const secrets: Record<string, string> = {
    securekey: stack.credentials.securekey,
    "the functions' secret access key": stack.env["AWS_SECRET_ACCESS_KEY"] ?? "",
  };
  let rotations = 0;

  const start = async (env: Runtime["env"], clockOffsetMs: number, inProcess: boolean): Promise<Instance> => {
    let instance: Instance | undefined = undefined;
    const name = {};
    const parts: InstanceParts = {
      env,
      functions,
      upstreams,
      clockOffsetMs,
      writeLine: stack.runtime.writeLine,
      randomHex: () => chance.hex(),
      onChunk: (chunk) => {
        chunks += 1;
        const treatment = treat(chunk, instance);
        door.see(chunk, name, treatment.do);
        return treatment;
      },
    };
    const started = await (inProcess ? startInstance(parts) : forkInstance(program, parts));
    instance = {
      ...started,
      kill: () => {
        door.kill(name);
        started.kill();
      },
    };
    return instance;
  };

  /** An instance that was killed while it slept still has to wake up, so time goes on meanwhile. */
  const endInstances = async (): Promise<void> => {
    for (const instance of instances.values()) retired.push((await instance).close());
    instances.clear();
    await whileTimePasses(Promise.all(retired.splice(0)), () => chunks);
  };

  return {
    stack,
    cielo24,
    setJobInfoLag: (ms) => {
      jobInfoLagMs = ms;
    },
    setTreatment: (next) => {
      treat = next;
    },
    chunks: () => chunks,
    instance: async (schedule, number, { inProcess }) => {
      const { resendAfterUnknown, resendAfterServerError, handsOver, clocksAheadS, preflight, dropSettleS } = schedule;
      const aheadS = clocksAheadS[number] ?? 0;
      // Within a schedule, the settings stay the same.
      const name = `${number} ${inProcess}`;
      const known = await instances.get(name);
      if (known && !known.isKilled()) return known;
      if (known) retired.push(known.close());
      const env = {
        ...stack.env,
        RESEND_AFTER_UNKNOWN: String(resendAfterUnknown),
        RESEND_AFTER_SERVER_ERROR: String(resendAfterServerError),
        DELIVERY_MODE: handsOver ? "url" : "auto",
        PREFLIGHT: preflight,
        DROP_SETTLE_S: String(dropSettleS),
      };
      const starting = start(env, aheadS * 1000, inProcess);
      instances.set(name, starting);
      return starting;
    },
    tellTime: async () => {
      for (const instance of instances.values()) (await instance).tell(Date.now());
    },
    beginAnew: async (seed) => {
      await endInstances();
      door.forget();
      parkings.length = 0;
      firstWrites.clear();
      chance = createChance(seed);
      // The SDK uses it for the jitter of its retries.
      Math.random = chance.fraction;
    },
    door,
    parkings,
    firstWriteAt: (jobId) => firstWrites.get(jobId),
    rotateSecret: () => {
      const next = { username: stack.credentials.username, securekey: randomBytes(16).toString("hex") };
      secrets[`securekey ${(rotations += 1)}`] = next.securekey;
      cielo24.setAccounts([{ ...stack.credentials, ...next }]);
      stack.secrets.rotate(next);
    },
    secrets: () => secrets,
    close: async () => {
      await endInstances();
      await stack.close();
    },
  };
};

const jobIdIn = (body: string): string => /"job_id":\{"S":"([0-9a-f]{32})"\}/.exec(body)?.[1] ?? "";

const parseParking = (body: string): Parking | undefined => {
  const valueOf = (name: string) => new RegExp(`":set_${name}":\\{"[SN]":"([^"]*)"\\}`).exec(body)?.[1];
  const notBefore = body.includes(":set_notBefore") ? valueOf("notBefore") : undefined;
  if (notBefore === undefined) return undefined;
  return {
    at: Date.now(),
    jobId: jobIdIn(body),
    state: valueOf("state"),
    notBefore: Number(notBefore),
    waiting: /":set_waiting":.*?"type":\{"S":"(\w+)"\}/.exec(body)?.[1],
  };
};

/** Numbers that look random and follow from the seed (the generator is "mulberry32"). */
const createChance = (seed: number) => {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    fraction: () => next() / 2 ** 32,
    /** 32 characters. */
    hex: () => Array.from({ length: 4 }, () => next().toString(16).padStart(8, "0")).join(""),
  };
};

/** Media are told apart by their sizes in the acceptance log; those of drops differ, too. */
export const urlOfSize = (sizeBytes: number): string => `https://media.example/${sizeBytes}.mp4`;
const mediaAt = (url: string): Uint8Array | undefined => {
  const size = /^https:\/\/media\.example\/(\d+)\.mp4$/.exec(url)?.[1];
  return size === undefined ? undefined : new Uint8Array(Number(size));
};
