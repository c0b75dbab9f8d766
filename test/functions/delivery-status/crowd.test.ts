import { describe, expect, it } from "@jest/globals";
import { createClient } from "../../../client/index.ts";
import type { Concurrency } from "../../../dev/stack/lambda.ts";
import { sendAs, type HttpAnswer } from "../../harness/api.ts";
import { useDrops } from "../../harness/drops.ts";
import { handOverObject } from "../../harness/handed-over.ts";
import { SCOPE } from "../../harness/scope.ts";
import { until } from "../../harness/until.ts";

const WAIT_MS = 20_000;
/** What the gateway answers where Lambda has no room for a call. */
const NO_ROOM = { status: 500, body: { message: "Internal Server Error" } };

/** A stack with few executions, and everybody who wants one. */
const useFew = (concurrency: Concurrency) => {
  const local = useDrops({ concurrency });
  const alice = sendAs(local, { sub: "alice" });
  const sign = (job: string) => alice("GET", `/api/job/request_upload_url?v=1&job_id=${job}`);

  /** cielo24 asks for media that was handed over to it. */
  const pull = async (path: string): Promise<number> =>
    (await fetch(`${local.stack.apiUrl}/media/${path}/a.mp4`, { redirect: "manual" })).status;

  /** Clients that wait, in vain, for news. Resolves once all but `room` of them have been refused. */
  const startWaiting = async (clients: number, room: number): Promise<{ readonly end: () => Promise<void> }> => {
    const job = local.newJob();
    await sign(job);
    const refused: HttpAnswer[] = [];
    const waits = Array.from({ length: clients }, async () => {
      const answer = await alice("GET", `/api/job/delivery?v=1&job_id=${job}&wait=20`);
      if (answer.status !== 200) refused.push(answer);
    });
    await until(() => refused.length === clients - room);
    for (const answer of refused) expect(answer).toMatchObject(NO_ROOM);
    return {
      end: async () => {
        local.stack.advanceTime(WAIT_MS);
        await Promise.all(waits);
        expect(refused).toHaveLength(clients - room);
      },
    };
  };

  return Object.assign(local, { sign, pull, startWaiting });
};

describe("ten executions at once, and none of them reserved", () => {
  const local = useFew({ account: 10 });

  it("are taken by ten clients that wait: calls, pulls and deliveries get none before the waits are over", async () => {
    const path = await handOverObject(local.stack, local.newJob());
    const job = local.newJob();
    const waiting = await local.startWaiting(11, 10);
    expect(await local.sign(local.newJob())).toMatchObject(NO_ROOM);
    expect(await local.pull(path)).toBe(500);
    await local.drop(job);
    await until(() => local.stack.queue.inspect().hidden.length === 1);
    expect(await local.row(job)).toBeUndefined();

    await waiting.end();
    expect((await local.sign(local.newJob())).status).toBe(200);
    expect(await local.pull(path)).toBe(302);
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
  });
});

describe("ten executions at once, of which delivery-status has three", () => {
  const local = useFew({ account: 10, reserved: { "delivery-status": 3 } });

  it("are enough for calls, pulls and deliveries, however many clients wait", async () => {
    const path = await handOverObject(local.stack, local.newJob());
    const job = local.newJob();
    const waiting = await local.startWaiting(30, 3);
    expect((await local.sign(local.newJob())).status).toBe(200);
    expect(await local.pull(path)).toBe(302);
    await local.drop(job);
    await until(async () => (await local.row(job))?.state === "DELIVERED");
    await waiting.end();
  });

  it("let a client that was refused know in the end", async () => {
    const job = local.newJob();
    const client = createClient({
      baseUrl: local.stack.apiUrl,
      token: await local.stack.token({ sub: "alice", scope: SCOPE }),
      repeats: { sleep: (ms) => local.stack.runtime.sleep(ms) },
    });
    const waiting = await local.startWaiting(30, 3);
    await client.uploadMedia({ jobId: job, source: new Blob(["m\0dia"]) });
    const states: string[] = [];
    const delivery = client.waitForDelivery({ jobId: job, onDelivery: ({ state }) => states.push(state) });
    await until(async () => (await local.row(job))?.state === "DELIVERED");
    expect(states).toEqual([]);
    await waiting.end();
    expect(await delivery).toMatchObject({ state: "DELIVERED" });
  });
});

describe("clients that wait in a stage that allows no waiting", () => {
  const local = useDrops({ concurrency: { account: 10 }, env: { LONGEST_WAIT_S: "0" } });

  it("take no execution for longer than it takes to read a row", async () => {
    const alice = sendAs(local, { sub: "alice" });
    const job = local.newJob();
    await alice("GET", `/api/job/request_upload_url?v=1&job_id=${job}`);
    const before = local.stack.runtime.clock();
    const answer = await alice("GET", `/api/job/delivery?v=1&job_id=${job}&wait=20`);
    expect(answer).toMatchObject({ status: 200, body: { State: "UPLOADING" } });
    expect(local.stack.runtime.clock() - before).toBeLessThan(WAIT_MS / 2);
  });
});
