import fc from "fast-check";
import { Agent } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { withFreshJob, type Case } from "../fuzz/case.ts";
import { complaint } from "../fuzz/judge.ts";
import { sendRaw } from "../harness/raw-client.ts";
import type { Population } from "../fuzz/population.ts";
import { MISBEHAVIOURS } from "./misbehave.ts";
import { mix } from "./mix.ts";

/** What the client is to do. */
export interface Order {
  readonly population: Population;
  /** Ids of unused jobs that cielo24 knows; as many as requests may need. */
  readonly freshJobs: readonly string[];
  readonly requests: number;
  readonly seed: number;
}

export interface ClientReport {
  readonly statuses: Readonly<Record<string, number>>;
  readonly misbehaved: number;
  /** What was wrong with answers, and how to ask again; the first of many. */
  readonly complaints: readonly string[];
  readonly wrong: number;
  readonly latenciesMs: readonly number[];
  readonly seconds: number;
}

const CONNECTIONS = 64;
const MISBEHAVING = 4;
const MISBEHAVING_PAUSE_MS = 20;
const BATCH = 500;
const MAX_COMPLAINTS = 10;

/** Sends so many requests of the mix over kept connections, beside some that misbehave, and judges each answer. */
export const runClient = async ({ population, freshJobs, requests, seed }: Order): Promise<ClientReport> => {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const statuses: Record<string, number> = {};
  const complaints: string[] = [];
  const latenciesMs: number[] = [];
  let wrong = 0;
  let misbehaved = 0;
  let freshJob = 0;

  const complain = (text: string) => {
    wrong += 1;
    if (complaints.length < MAX_COMPLAINTS) complaints.push(text);
  };

  const nextJob = (): string => {
    const jobId = freshJobs[freshJob++];
    if (jobId === undefined) throw new Error("there are no fresh jobs left");
    return jobId;
  };

  const cases = caseSource(population, requests, seed);
  const send = async () => {
    for (let each = cases.next(); !each.done; each = cases.next()) {
      const { what, request, expected } = each.value;
      const startedAt = performance.now();
      try {
        const answer = await sendRaw(population.apiUrl, withFreshJob(request, nextJob), agent);
        latenciesMs.push(performance.now() - startedAt);
        statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
        const problem = complaint(answer, expected, request.method);
        if (problem !== undefined) complain(`${what}: ${problem}\n  ${describe(request)}`);
      } catch (error) {
        complain(`${what}: no answer (${error instanceof Error ? error.message : "?"})\n  ${describe(request)}`);
      }
    }
  };

  const over = new AbortController();
  const port = Number(new URL(population.apiUrl).port);
  const kinds = Object.entries(MISBEHAVIOURS);
  const misbehave = async () => {
    while (!over.signal.aborted) {
      const kind = kinds[misbehaved++ % kinds.length];
      const problem = await kind?.[1](port, population.tokens.alice);
      if (problem !== undefined) complain(`a connection that ${kind?.[0] ?? ""}: ${problem}`);
      await wait(MISBEHAVING_PAUSE_MS);
    }
  };

  const startedAt = performance.now();
  const misbehaving = Array.from({ length: MISBEHAVING }, misbehave);
  await Promise.all(Array.from({ length: CONNECTIONS }, send));
  const seconds = (performance.now() - startedAt) / 1000;
  over.abort();
  await Promise.all(misbehaving);
  agent.destroy();
  return { statuses, misbehaved, complaints, wrong, latenciesMs, seconds };
};

/** The same cases for the same seed, made as they are needed. */
function* caseSource(population: Population, requests: number, seed: number): Generator<Case, undefined> {
  const arbitrary = mix(population);
  for (let made = 0; made < requests; made += BATCH)
    yield* fc.sample(arbitrary, { numRuns: Math.min(BATCH, requests - made), seed: seed * 1_000_003 + made });
  return undefined;
}

/** A request without its token. */
const describe = ({ method, target, headers, body }: Case["request"]): string => {
  const shown = Object.entries(headers).filter(([name]) => name !== "authorization");
  return [method, target.slice(0, 300), JSON.stringify(shown), body?.toString("latin1").slice(0, 200) ?? ""].join(" ");
};
