import { describe, expect, it } from "@jest/globals";
import { channel } from "node:diagnostics_channel";
import type { Server } from "node:http";
import { writeFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { sendAs } from "../harness/api.ts";
import { SECOND_MS, useDrops } from "../harness/drops.ts";
import { handOverObject } from "../harness/handed-over.ts";
import { watchMediaPosts } from "../memory/media-posts.ts";
import { httpEvent } from "../harness/http-event.ts";
import { SCOPE } from "../harness/scope.ts";
import { until } from "../harness/until.ts";
import { FUNCTIONS, usePackaged } from "./use-packaged.ts";

const MIB = 1024 * 1024;

/** Everything that the functions do, each through its own door: the gateway, the queue, the schedule. */
const useEverything = (local: ReturnType<typeof useDrops>) => {
  const send = sendAs(local, { sub: "root", scope: `admin ${SCOPE}` });
  return async (): Promise<void> => {
    const [dropped, called, handedOver, signed] = [local.newJob(), local.newJob(), local.newJob(), local.newJob()];
    await local.drop(dropped);
    await local.stack.drain();
    expect(local.taken(dropped)).toHaveLength(1);

    const path = await handOverObject(local.stack, handedOver);
    const { status } = await fetch(`${local.stack.apiUrl}/media/${path}/a.mp4`, { method: "HEAD" });
    const answers = [
      await send("GET", `/api/job/request_upload_url?v=1&job_id=${signed}`),
      await send("GET", `/api/job/delivery?v=1&job_id=${dropped}`),
      await send("GET", `/api/job/update_metadata?v=1&job_id=${dropped}&reference_id=a&requestor_id=b`),
      await send("POST", `/api/job/add_media?v=1&job_id=${called}`, {
        headers: { "content-type": "video/mp4" },
        body: Buffer.alloc(1_000, 7),
      }),
      await send("GET", "/health"),
    ];
    expect([status, ...answers.map((answer) => answer.status)]).toEqual([200, 200, 200, 200, 200, 200]);
    expect(await local.stack.runCensus()).toMatchObject({ objects: expect.any(Number) as unknown });
  };
};

describe("a function's environment that is frozen between invocations", () => {
  const local = usePackaged();
  const useAll = useEverything(local);
  const started = channel("http.server.request.start");

  it("works on after ten seconds, although its connections were closed meanwhile", async () => {
    const servers = new Set<Server>();
    const onRequest = (message: unknown) => servers.add((message as { server: Server }).server);
    started.subscribe(onRequest);
    await useAll();
    started.unsubscribe(onRequest);

    const all = FUNCTIONS.flatMap((name) => local.environments(name));
    for (const environment of all) environment.freeze();
    await wait(SECOND_MS);
    for (const server of servers) server.closeIdleConnections();
    await wait(9 * SECOND_MS);
    for (const environment of all) environment.thaw();

    const logged = local.records().length;
    await useAll();
    expect(FUNCTIONS.flatMap((name) => local.environments(name))).toEqual(all);
    for (const environment of all) expect(environment.initsMs()).toHaveLength(1);
    expect(local.records().slice(logged)).not.toContainEqual(
      expect.objectContaining({ level: expect.stringMatching(/^(warn|error)$/i) as unknown }),
    );
  });
});

describe("a function whose disk may not be written", () => {
  // Node refuses every write, and every start of another program.
  const nodeArguments = ["--permission", "--allow-fs-read=*", "--allow-addons"];
  const local = usePackaged({ nodeArguments });

  it("does all its work", useEverything(local));

  it("would fail if it wrote anything", async () => {
    const directory = await mkdtemp(join(tmpdir(), "lambda-writes-"));
    await writeFile(
      join(directory, "handler.js"),
      `exports.handler = async () => require("fs").writeFileSync("/tmp/x", "");`,
    );
    const writes = await local.startEnvironment("health", {}, { directory });
    await expect(writes.invoke({})).rejects.toThrow("--allow-fs-write");
    await rm(directory, { recursive: true });
  });
});

describe("a function that runs out of time", () => {
  const local = usePackaged({ overrides: { "update-metadata": { timeoutS: 6 } } });
  const send = sendAs(local, { sub: "root", scope: `admin ${SCOPE}` });

  it("answers by itself where cielo24 does not", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: "job/update_metadata", kind: "answer", status: 200, afterMs: 60 * SECOND_MS });
    const { status, body } = await send(
      "GET",
      `/api/job/update_metadata?v=1&job_id=${job}&reference_id=a&requestor_id=b`,
    );
    expect([status, body]).toEqual([504, expect.objectContaining({ ErrorType: "TIMED_OUT" })]);
    expect(local.environments("update-metadata")[0]?.initsMs()).toHaveLength(1);
  });

  it("is ended by Lambda where it does not, and starts anew", async () => {
    // Starting anew counts, too, and takes its time on a machine with other work.
    const environment = await local.startEnvironment("health", {}, { timeoutS: 5 });
    await environment.invoke(httpEvent());
    environment.freeze();
    await expect(environment.invoke(httpEvent())).rejects.toMatchObject({ errorType: "Sandbox.Timedout" });
    await expect(environment.invoke(httpEvent())).resolves.toMatchObject({ statusCode: 200 });
    expect(environment.initsMs()).toHaveLength(2);
  });
});

describe("a delivery whose environment goes", () => {
  const SIZE_BYTES = 32 * MIB;
  const TIMEOUT_S = 20;
  const local = usePackaged({
    stack: { maximumConcurrency: 1 },
    overrides: {
      "deliver-media": { timeoutS: TIMEOUT_S, variables: { FINALIZE_RESERVE_S: "1", DELIVERY_MODE: "stream" } },
    },
  });

  /** The lease would last for a minute more: functions have the real time, which nobody moves on. */
  const endLease = async (job: string) => {
    const { fence = 0 } = (await local.row(job)) ?? {};
    await local.stack.ledger.write(job, { if: { state: ["SENDING"], fence }, set: { leaseUntil: 0 } });
  };

  it.each([
    ["by SIGTERM", "terminate"],
    ["at its timeout", "freeze"],
  ] as const)(
    "%s, in the middle of the body, is made up for once and whole",
    async (_how, end) => {
      const job = local.newJob();
      const posts = watchMediaPosts();
      local.cielo24.faults.add({ action: "POST job/add_media", kind: "stopReading", fraction: 0.5 });
      local.send(local.event(local.place(job, SIZE_BYTES)));
      await until(() => posts.receivedBytes() > SIZE_BYTES / 3 && posts.isStopped());
      posts.stop();
      const [environment] = local.environments("deliver-media");
      if (!environment) throw new Error("deliver-media has not run");
      const starts = environment.initsMs().length;
      environment[end]();
      await local.stack.drain();
      expect(local.taken(job)).toEqual([]);
      expect(await local.row(job)).toMatchObject({ state: "SENDING" });

      await endLease(job);
      await local.finish();
      expect(local.taken(job)).toMatchObject([{ sizeBytes: SIZE_BYTES }]);
      expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
      expect(environment.initsMs()).toHaveLength(starts + 1);
    },
    90_000,
  );
});
