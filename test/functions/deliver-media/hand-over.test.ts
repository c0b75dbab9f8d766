import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { HOUR_MS, MINUTE_MS, SECOND_MS, useDrops } from "../../harness/drops.ts";
import { sha256 } from "../../harness/sha256.ts";
import { useFronts } from "../../harness/fronts.ts";
import { startWorker } from "../../harness/worker.ts";
import { until } from "../../harness/until.ts";

const GET = "GET job/add_media";
const POST = "POST job/add_media";

describe("a drop that is handed over", () => {
  const local = useDrops({ env: { DELIVERY_MODE: "url" } });

  it("fault 45: is pulled by cielo24 through our URL, and DELIVERED as job/info shows it", async () => {
    const job = local.newJob();
    const bytes = randomBytes(200_000);
    await local.drop(job, bytes, "Vorlesung 1+2.mp4");
    await local.stack.drain();
    expect(local.reasons(job)).toEqual(["handedOver"]);
    expect(local.counted("MediaHandedOver")).toBe(1);
    await local.cielo24.settled();
    const row = await local.row(job);
    expect(row).toMatchObject({ state: "FINALIZING", handOver: true, pulls: 1 });
    expect(row?.taskId).toBe(local.taken(job)[0]?.taskId);
    expect(local.announced(job)).toEqual([]);

    await local.passToNextMessage();
    expect(local.taken(job)).toMatchObject([{ via: "url", sha256: sha256(bytes) }]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", taskId: row?.taskId });
    expect(local.announced(job)).toEqual(["Media Delivered"]);
    expect(local.posts(job)).toEqual([]);
    expect(local.waiting()).toEqual([]);
  });

  it("can be read under its URL no more once it is delivered", async () => {
    const job = local.newJob();
    await local.drop(job);
    await local.stack.drain();
    const { capability = "" } = (await local.row(job)) ?? {};
    const url = `${local.stack.apiUrl}/media/${job}.${capability}/a.mp4`;
    expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
    await local.cielo24.settled();
    await local.finish();
    expect((await fetch(url, { method: "HEAD" })).status).toBe(404);
    expect(await local.row(job)).not.toHaveProperty("capability");
  });

  it("fault 9, fault 45: is put before a person where the pull fails, after the URL and the longest pull are over", async () => {
    const job = local.newJob();
    await local.drop(job);
    local.stack.s3.faults.add({ operation: "GetObject", key: `media/${job}/a.mp4`, kind: "accessDenied", times: 5 });
    await local.stack.drain();
    await local.cielo24.settled();
    const handedAt = local.stack.runtime.clock();
    await local.finish(80);
    expect(local.stack.runtime.clock() - handedAt).toBeGreaterThan(12 * HOUR_MS);
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", error: { type: "ANSWER_UNKNOWN" } });
    expect(local.taken(job)).toEqual([]);
  });

  it("fault 9: is settled by job/info where the answer to the URL is lost", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: GET, jobId: job, kind: "resetAfterBody", accepts: true });
    await local.drop(job);
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "FINALIZING", everUnknown: true });
    await local.cielo24.settled();
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
    expect(local.taken(job)).toHaveLength(1);
  });
});

describe("a drop that is handed over, and whose URL cielo24 cannot fetch", () => {
  const local = useDrops({ env: { DELIVERY_MODE: "url" } });
  const fronts = useFronts();
  const INVALID_URL = JSON.stringify({ ErrorType: "INVALID_URL", ErrorComment: "No." });

  it("fault 54: is given back at no cost where our own gateway answered cielo24 with 429, and gets a new URL", async () => {
    const job = local.newJob();
    const gateway = await fronts.start(local.stack.apiUrl, {
      answer: ({ url = "" }) => (url.startsWith("/media/") ? { status: 429, headers: {} } : undefined),
    });
    const worker = startWorker(local.stack, { env: { MEDIA_SOURCE_BASE_URL: gateway.url } });
    expect(await worker.take(local.event(local.place(job, 200_000)))).toBe(false);
    const used = gateway.asked.map(({ url = "" }) => url.split("/")[2]);
    expect(used.length).toBeGreaterThan(0);
    expect(local.reasons(job)).toEqual(["urlRefused"]);
    expect(local.counted("MediaUrlRefused")).toBe(1);
    const row = await local.row(job);
    expect(row).toMatchObject({ state: "SENDING", claims: 1, posts: 0, waiting: { type: "MEDIA_URL_REFUSED" } });
    for (const name of ["capability", "settledAt", "everUnknown", "claimId"]) expect(row).not.toHaveProperty(name);
    expect(await local.shown(job)).toMatchObject({ State: "SENDING", Waiting: { ErrorType: "MEDIA_URL_REFUSED" } });

    await local.passToNextMessage();
    const { capability = "" } = (await local.row(job)) ?? {};
    expect(capability).not.toBe("");
    expect(used).not.toContain(`${job}.${capability}`);
    await local.cielo24.settled();
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ via: "url", sizeBytes: 200_000 }]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", claims: 2, posts: 1 });
    expect(local.announced(job)).toEqual(["Media Delivered"]);
  });

  it("fault 54: is given back however often cielo24 says so, and never REJECTED", async () => {
    const job = local.newJob();
    const fault = { action: GET, jobId: job, kind: "answer", status: 400, body: INVALID_URL } as const;
    local.cielo24.faults.add({ ...fault, times: 8 });
    await local.drop(job);
    await local.stack.drain();
    while (local.waiting().length > 0 && (await local.row(job))?.state === "SENDING") await local.passToNextMessage();
    expect(local.counted("MediaUrlRefused")).toBe(8);
    await local.cielo24.settled();
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
    expect(local.announced(job)).toEqual(["Media Delivered"]);
  });

  /** Holds cielo24's answer back until somebody has asked for the object under its URL. */
  const refuseAfterGet = async (job: string) => {
    local.cielo24.faults.add({ action: GET, jobId: job, kind: "answer", status: 400, body: INVALID_URL, afterMs: 400 });
    await local.drop(job);
    let row = await local.claimed(job);
    while (row.capability === undefined) row = await local.claimed(job);
    const url = `${local.stack.apiUrl}/media/${job}.${row.capability}/a.mp4`;
    return fetch(url, { redirect: "manual" });
  };

  it("fault 54: is in doubt where a GET of the URL was redirected: for as long as a pull may take, then a person's", async () => {
    const job = local.newJob();
    expect((await refuseAfterGet(job)).status).toBe(302);
    await local.stack.drain();
    expect(local.reasons(job)).toEqual(["answerUnknown"]);
    const row = await local.row(job);
    expect(row).toMatchObject({ state: "FINALIZING", everUnknown: true, redirected: true });
    expect((row?.settledAt ?? 0) - local.stack.runtime.clock()).toBeGreaterThan(12 * HOUR_MS);
    await local.finish(80);
    expect(local.taken(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "NEEDS_REVIEW", error: { type: "ANSWER_UNKNOWN" } });
  });

  it("fault 54: answers no redirect that it could not put on record, so that nothing is in doubt", async () => {
    const job = local.newJob();
    const isRecord = ({ ExpressionAttributeValues: values = {} }: Record<string, unknown>) =>
      ":set_redirected" in (values as object);
    local.stack.aws.faults.add({ action: "UpdateItem", kind: "unavailable", times: 3, when: isRecord });
    expect((await refuseAfterGet(job)).status).toBe(503);
    await local.stack.drain();
    expect(local.reasons(job)).toEqual(["urlRefused"]);
    expect(await local.row(job)).toMatchObject({ state: "SENDING", posts: 0 });
  });
});

describe("a drop that does not fit into the time that is left", () => {
  const local = useDrops();

  it("fault 45: gives up early at a rate that is too slow, and is handed over by the next attempt", async () => {
    const job = local.newJob();
    const { faults } = local.cielo24;
    const hitsBefore = faults.hits();
    faults.add({ action: POST, jobId: job, kind: "stopReading", fraction: 0.05, resumesAfterMs: 2_000 });
    local.send(local.event(local.place(job, 30_000_000)));
    await until(() => faults.hits() > hitsBefore);
    local.stack.advanceTime(10 * MINUTE_MS);
    await local.stack.drain();
    await local.cielo24.settled();
    expect(local.reasons(job)).toContain("tooSlow");
    await local.finish();
    expect(local.posts(job)).toMatchObject([{ outcome: "cutShort" }]);
    expect(local.taken(job)).toMatchObject([{ via: "url", sizeBytes: 30_000_000 }]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", claims: 2, posts: 1, pulls: 1 });
  });

  it("fault 21: is not finished with less than FINALIZE_RESERVE_S left, but handed over", async () => {
    const job = local.newJob();
    await passWhileRead(local, job, 13 * MINUTE_MS + 5 * SECOND_MS);
    expect(["tooSlow", "noTime"]).toContain(local.reasons(job)[0]);
    await local.cielo24.settled();
    await local.finish();
    expect(local.posts(job)).not.toContainEqual(expect.objectContaining({ outcome: "accepted" }));
    expect(local.taken(job)).toMatchObject([{ via: "url" }]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
  });

  it("fault 5, fault 45: is streamed on where it is small and only S3 was slow", async () => {
    const job = local.newJob();
    await passWhileRead(local, job, 5 * MINUTE_MS);
    expect(local.taken(job)).toMatchObject([{ via: "body" }]);
    expect(local.posts(job)).toHaveLength(1);
  });
});

describe("a drop that does not fit into the time that is left, with DELIVERY_MODE=stream", () => {
  const local = useDrops({ env: { DELIVERY_MODE: "stream" } });

  it("fault 21: is given back in SENDING and streamed by the next attempt", async () => {
    const job = local.newJob();
    await passWhileRead(local, job, 13 * MINUTE_MS + 5 * SECOND_MS);
    expect(local.reasons(job)[0]).toBe("noTime");
    await local.finish();
    expect(local.posts(job).at(-1)).toMatchObject({ outcome: "accepted" });
    expect(local.taken(job)).toMatchObject([{ via: "body" }]);
  });
});

/** S3 may bring nothing for so long without being given up, and once more. */
const STEP_MS = 15 * SECOND_MS;

/** Drops less than a chunk, and lets so much time pass while S3 gives it piece by piece. */
const passWhileRead = async (local: ReturnType<typeof useDrops>, job: string, ms: number): Promise<void> => {
  const object = local.place(job, 65_000);
  const steps = Math.ceil(ms / STEP_MS);
  const fault = { operation: "GetObject", key: object.key, kind: "truncate", times: steps } as const;
  local.stack.s3.faults.add({ ...fault, atByte: 1_000 });
  const reads = () =>
    local.stack.s3.requests.filter(({ key, operation }) => key === object.key && operation === "GetObject");
  local.send(local.event(object));
  await local.claimed(job);
  const isOver = () => local.reasons(job).length > 0;
  // On a slow machine time runs out earlier: what is left of the fault must not meet cielo24's pull.
  for (let step = 0; step < steps && !isOver(); step += 1) {
    await until(() => isOver() || reads().length > step);
    if (!isOver()) local.stack.advanceTime(STEP_MS);
  }
  local.stack.s3.faults.clear();
  await local.hurry(SECOND_MS, isOver);
};
