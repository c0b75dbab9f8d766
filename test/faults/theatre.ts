import { randomBytes } from "node:crypto";
import { readDeployment } from "../../dev/gateway/deployment.ts";
import { startStack, type Stack } from "../../dev/stack.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Cielo24Simulator } from "../../dev/cielo24/server.ts";
import { forkInstance, startInstance, type Instance } from "./instance.ts";
import type { Chunk, Treatment } from "./network.ts";
import type { Schedule } from "./schedule.ts";

/** Where schedules are played, one after another: the local stack, and instances of the functions around it. */
export interface Theatre {
  readonly stack: Stack;
  readonly cielo24: Cielo24Simulator;
  /** Says how late job/info is from now on. */
  readonly setJobInfoLag: (ms: number) => void;
  /** Decides what happens to chunks from now on. */
  readonly setTreatment: (treat: (chunk: Chunk, instance: Instance | undefined) => Treatment) => void;
  /** Chunks that passed so far, in all networks. */
  readonly chunks: () => number;
  /** The living instance of that number for such a schedule, started where there is none. */
  readonly instance: (schedule: Schedule, number: number, how: { inProcess: boolean }) => Promise<Instance>;
  /** Waits for instances that are starting, and tells all of them how late it is. */
  readonly tellTime: () => Promise<void>;
  /** Rotates the account's credentials. */
  readonly rotateSecret: () => void;
  /** Every secret that must not show, by name. */
  readonly secrets: () => Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

/** So that a row that waits for cielo24's pull is settled within hours. */
const HAND_OVER = { CAPABILITY_LIFETIME_S: "3600", LONGEST_PULL_S: "3600" };

export const openTheatre = async ({ enforcement }: { enforcement: boolean }): Promise<Theatre> => {
  let jobInfoLagMs = 0;
  let chunks = 0;
  let treat: (chunk: Chunk, instance: Instance | undefined) => Treatment = () => ({ do: "pass" });
  const stack = await startStack({
    enforceOneMedia: enforcement,
    jobInfoLagMs: () => jobInfoLagMs,
    polls: false,
    env: HAND_OVER,
    fetchMedia: (url) => Promise.resolve(mediaAt(url)),
  });
  const { cielo24 } = stack;
  if (!cielo24) throw new Error("The stack has a simulated cielo24");
  // What S3 says when it is told whom to notify.
  stack.queue.purge();
  const { functions } = await readDeployment();
  const upstreams = {
    s3: stack.s3.url,
    aws: new URL(stack.queueUrl).origin,
    cielo24: cielo24.url,
  };
  const instances = new Map<string, Promise<Instance>>();
  const retired: Promise<void>[] = [];
  const secrets: Record<string, string> = {
    securekey: stack.credentials.securekey,
    "the functions' secret access key": stack.env["AWS_SECRET_ACCESS_KEY"] ?? "",
  };
  let rotations = 0;

  const start = async (env: Runtime["env"], clockOffsetMs: number, begin: typeof startInstance): Promise<Instance> => {
    let instance: Instance | undefined = undefined;
    instance = await begin({
      env,
      functions,
      upstreams,
      clockOffsetMs,
      writeLine: stack.runtime.writeLine,
      randomHex: stack.runtime.randomHex,
      onChunk: (chunk) => {
        chunks += 1;
        return treat(chunk, instance);
      },
    });
    return instance;
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
    instance: async ({ resendAfterUnknown, handsOver, clocksAheadS }, number, { inProcess }) => {
      const aheadS = clocksAheadS[number] ?? 0;
      const name = [resendAfterUnknown, handsOver, number, aheadS, inProcess].join(" ");
      const known = await instances.get(name);
      if (known && !known.isKilled()) return known;
      if (known) retired.push(known.close());
      const env = {
        ...stack.env,
        RESEND_AFTER_UNKNOWN: String(resendAfterUnknown),
        DELIVERY_MODE: handsOver ? "url" : "auto",
      };
      const starting = start(env, aheadS * 1000, inProcess ? startInstance : forkInstance);
      instances.set(name, starting);
      return starting;
    },
    tellTime: async () => {
      for (const instance of instances.values()) (await instance).tell(Date.now());
    },
    rotateSecret: () => {
      const next = { username: stack.credentials.username, securekey: randomBytes(16).toString("hex") };
      secrets[`securekey ${(rotations += 1)}`] = next.securekey;
      cielo24.setAccounts([{ ...stack.credentials, ...next }]);
      stack.secrets.rotate(next);
    },
    secrets: () => secrets,
    close: async () => {
      for (const instance of instances.values()) retired.push((await instance).close());
      await Promise.all(retired);
      await stack.close();
    },
  };
};

/** Sizes of what callers give tell one medium from another in the acceptance log; those of drops differ, too. */
export const urlOfSize = (sizeBytes: number): string => `https://media.example/${sizeBytes}.mp4`;
const mediaAt = (url: string): Uint8Array | undefined => {
  const size = /^https:\/\/media\.example\/(\d+)\.mp4$/.exec(url)?.[1];
  return size === undefined ? undefined : new Uint8Array(Number(size));
};
