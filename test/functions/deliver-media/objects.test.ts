import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { CHUNK_BYTES, MINUTE_MS, useDrops } from "../../harness/drops.ts";
import { sha256 } from "../../harness/sha256.ts";
import { useFronts } from "../../harness/fronts.ts";
import { startWorker } from "../../harness/worker.ts";

const LIMIT_BYTES = 300_000;
const OPEN_POST = 100_000;

describe("an object that S3 is slow or unable to give", () => {
  // The reads that count here are the delivery's; looking.test.ts has those of the look.
  const local = useDrops({ env: { IDLE_TIMEOUT_S: "1", PREFLIGHT: "off" } });
  const bytes = randomBytes(300_000);
  const gets = (job: string) =>
    local.stack.s3.requests.filter(({ operation, key }) => operation === "GetObject" && key.includes(job));

  it("fault 5: is read again after SlowDown, and posted once", async () => {
    const job = local.newJob();
    local.stack.s3.faults.add({ operation: "GetObject", key: `media/${job}/a.mp4`, kind: "slowDown", times: 2 });
    await local.drop(job, bytes);
    await local.stack.drain();
    expect(gets(job).map(({ status }) => status)).toEqual([503, 503, 200]);
    expect(local.posts(job)).toHaveLength(1);
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(bytes) }]);
  });

  it("fault 5: opens no POST while SlowDown goes on, and is delivered by a later attempt", async () => {
    const job = local.newJob();
    local.stack.s3.faults.add({ operation: "GetObject", key: `media/${job}/a.mp4`, kind: "slowDown", times: 1_000 });
    await local.drop(job, bytes);
    await local.hurry();
    expect(new Set(gets(job).map(({ status }) => status))).toEqual(new Set([503]));
    expect(gets(job).length).toBeGreaterThan(5);
    expect(local.posts(job)).toEqual([]);
    expect(local.reasons(job)).toEqual(["source"]);
    expect(await local.row(job)).toMatchObject({ state: "SENDING" });
    local.stack.s3.faults.clear();
    await local.finish();
    expect(local.posts(job)).toMatchObject([{ outcome: "accepted" }]);
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(bytes) }]);
  });

  it("fault 5: opens no POST where it cannot even be measured, and comes back", async () => {
    const job = local.newJob();
    local.stack.s3.faults.add({ operation: "HeadObject", key: `media/${job}/a.mp4`, kind: "slowDown", times: 6 });
    await local.drop(job, bytes);
    await local.stack.drain();
    expect(local.reasons(job)).toEqual(["source"]);
    expect(local.posts(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "SENDING", claims: 0, waiting: { type: "STORE_UNAVAILABLE" } });
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
  });

  it.each([
    ["0 %", 0],
    ["1 %", 3_000],
    ["25 %", 75_000],
    ["50 %", 150_000],
    ["99 %", 297_000],
    ["the last byte but one", 299_999],
    ["the last byte", 300_000],
  ])("fault 6: is resumed inside of the same POST after a reset at %s", async (_at, atByte) => {
    const job = local.newJob();
    local.stack.s3.faults.add({ operation: "GetObject", key: `media/${job}/a.mp4`, kind: "resetAfterBytes", atByte });
    await local.drop(job, bytes);
    await local.stack.drain();
    const [first, ...resumed] = gets(job);
    expect(first?.range).toBeUndefined();
    // What a reset overtakes is lost, so even the last byte may have to be read again.
    expect(resumed.length).toBeGreaterThanOrEqual(atByte < bytes.length ? 1 : 0);
    for (const { range, status } of resumed) {
      expect(status).toBe(range === undefined ? 200 : 206);
      expect(Number(/^bytes=(\d+)-$/.exec(range ?? "bytes=0-")?.[1])).toBeLessThanOrEqual(atByte);
    }
    expect(local.posts(job)).toMatchObject([{ outcome: "accepted" }]);
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(bytes) }]);
  });

  it("fault 6: is resumed inside of the same POST after a break, an error, SlowDown and a refused connection", async () => {
    const job = local.newJob();
    const key = `media/${job}/a.mp4`;
    local.stack.s3.faults.add({ operation: "GetObject", key, kind: "truncate", atByte: OPEN_POST });
    for (const kind of ["internalError", "slowDown", "reset"] as const)
      local.stack.s3.faults.add({ operation: "GetObject", key, kind });
    await local.drop(job, bytes);
    await local.hurry();
    expect(local.posts(job)).toMatchObject([{ outcome: "accepted" }]);
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(bytes) }]);
  });

  it("fault 6: is given back in SENDING where S3 fails again and again, and delivered later", async () => {
    const job = local.newJob();
    const key = `media/${job}/a.mp4`;
    local.stack.s3.faults.add({ operation: "GetObject", key, kind: "resetAfterBytes", atByte: OPEN_POST });
    local.stack.s3.faults.add({ operation: "GetObject", key, kind: "internalError", times: 1_000 });
    await local.drop(job, bytes);
    await local.hurry();
    expect(local.reasons(job)).toEqual(["source"]);
    expect(await local.row(job)).toMatchObject({ state: "SENDING", claims: 1, posts: 0 });
    local.stack.s3.faults.clear();
    await local.finish();
    expect(local.posts(job)).toMatchObject([{ outcome: "cutShort" }, { outcome: "accepted" }]);
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(bytes) }]);
  });

  it("fault 7: is given up after the idle timeout where S3 stalls, and resumed in the same POST", async () => {
    const job = local.newJob();
    const key = `media/${job}/a.mp4`;
    local.stack.s3.faults.add({ operation: "GetObject", key, kind: "stallAfterBytes", atByte: OPEN_POST });
    await local.drop(job, bytes);
    await local.stack.drain();
    expect(gets(job).length).toBeGreaterThanOrEqual(2);
    expect(local.posts(job)).toMatchObject([{ outcome: "accepted" }]);
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(bytes) }]);
  });

  it("fault 7: is given back in SENDING where S3 stalls again and again, and delivered later", async () => {
    const job = local.newJob();
    const key = `media/${job}/a.mp4`;
    local.stack.s3.faults.add({ operation: "GetObject", key, kind: "stallAfterBytes", atByte: OPEN_POST });
    local.stack.s3.faults.add({ operation: "GetObject", key, kind: "stallAfterBytes", atByte: 0, times: 5 });
    await local.drop(job, bytes);
    await local.hurry();
    expect(local.reasons(job)).toEqual(["source"]);
    expect(await local.row(job)).toMatchObject({ state: "SENDING", claims: 1, posts: 0 });
    await local.finish();
    expect(local.posts(job)).toMatchObject([{ outcome: "cutShort" }, { outcome: "accepted" }]);
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(bytes) }]);
  });
});

describe("an object that is not what it was", () => {
  const local = useDrops({ env: { PREFLIGHT: "off" } });
  const fronts = useFronts();
  const remove = (key: string, versionId?: string) =>
    local.s3.send(new DeleteObjectCommand({ Bucket: local.stack.bucketName, Key: key, VersionId: versionId }));

  it("fault 29: is rejected as OBJECT_GONE where its version was deleted", async () => {
    const job = local.newJob();
    const object = local.place(job);
    await remove(object.key, object.versionId);
    local.send(local.event(object));
    await local.stack.drain();
    expect(local.posts(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "OBJECT_GONE" } });
    expect(local.announced(job)).toEqual(["Media Rejected"]);
  });

  it("fault 29: is cancelled by a delete marker before anything was sent, and the next object delivered", async () => {
    const job = local.newJob();
    const object = local.place(job);
    await remove(object.key);
    local.send(local.event(object));
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "WITHDRAWN" } });
    await local.drop(job, randomBytes(2_000));
    await local.stack.drain();
    expect(local.taken(job)).toMatchObject([{ sizeBytes: 2_000 }]);
  });

  it("fault 29, fault 30: is as good as new while it only waits: deleted it is rejected, overwritten it is superseded", async () => {
    const [deleted, overwritten] = [local.newJob(), local.newJob()];
    const down = { action: "job/info", kind: "answer", status: 503 } as const;
    for (const jobId of [deleted, overwritten]) local.cielo24.faults.add({ ...down, jobId });
    const { key } = await local.drop(deleted);
    await local.drop(overwritten, randomBytes(1_000));
    await local.stack.drain();
    for (const job of [deleted, overwritten])
      expect(await local.row(job)).toMatchObject({ state: "SENDING", claims: 0 });
    await remove(key);
    await local.drop(overwritten, randomBytes(2_000));
    await local.finish();
    expect(await local.row(deleted)).toMatchObject({ state: "REJECTED", error: { type: "WITHDRAWN" } });
    expect(local.posts(deleted)).toEqual([]);
    expect(local.taken(overwritten)).toMatchObject([{ sizeBytes: 2_000 }]);
    expect(local.reasons(overwritten)).toContain("superseded");
    expect(local.announced(overwritten)).toEqual(["Media Delivered"]);
  });

  it("fault 29: is withdrawn by a delete marker even if bytes of it were sent in vain, and the job is free", async () => {
    const job = local.newJob();
    local.cielo24.faults.add({ action: "POST job/add_media", jobId: job, kind: "resetAt", fraction: 0.5 });
    const { key } = await local.drop(job, randomBytes(300_000));
    await local.stack.drain();
    await remove(key);
    await local.finish();
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "WITHDRAWN" } });
    expect(local.counted("MediaWithdrawn")).toBeGreaterThan(0);
    await local.drop(job, randomBytes(2_000), "b.mp4");
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sizeBytes: 2_000 }]);
  });

  it("fault 29: is not withdrawn by a delete marker if cielo24 may have it", async () => {
    const job = local.newJob();
    const bytes = randomBytes(300_000);
    local.cielo24.faults.add({ action: "job/add_media", jobId: job, kind: "resetAfterBody", accepts: true });
    const { key } = await local.drop(job, bytes);
    await local.stack.drain();
    await remove(key);
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(bytes) }]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED" });
  });

  it("fault 29: is rejected where its version vanishes while it is read", async () => {
    const job = local.newJob();
    const key = `media/${job}/a.mp4`;
    local.stack.s3.faults.add({ operation: "GetObject", key, kind: "slowDown" });
    local.stack.s3.faults.add({ operation: "GetObject", key, kind: "stallAfterBytes", atByte: OPEN_POST });
    const { versionId } = await local.drop(job, randomBytes(300_000));
    await local.claimed(job);
    await remove(key, versionId);
    await local.hurry();
    expect(local.taken(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "OBJECT_GONE" } });
  });

  it("fault 30: is delivered as it was announced where it is overwritten while it is read", async () => {
    const job = local.newJob();
    const key = `media/${job}/a.mp4`;
    const bytes = randomBytes(300_000);
    local.stack.s3.faults.add({ operation: "GetObject", key, kind: "slowDown" });
    local.stack.s3.faults.add({ operation: "GetObject", key, kind: "resetAfterBytes", atByte: OPEN_POST });
    const { versionId } = await local.drop(job, bytes);
    await local.claimed(job);
    await local.drop(job, randomBytes(300_000));
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(bytes) }]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", media: { versionId }, conflictCount: 1 });
  });

  it("fault 6, fault 30: is aborted before the last chunk where other bytes lie under its name when it is resumed", async () => {
    const job = local.newJob();
    const object = local.place(job, 300_000);
    const fault = { operation: "GetObject", key: object.key, kind: "resetAfterBytes", atByte: OPEN_POST } as const;
    local.stack.s3.faults.add(fault);
    const s3 = await fronts.start(local.stack.s3.url, {
      change: ({ headers: { range } }, headers) => (range === undefined ? headers : { ...headers, etag: '"others"' }),
    });
    const worker = startWorker(local.stack, { env: { AWS_ENDPOINT_URL_S3: s3.url, PREFLIGHT: "off" } });
    expect(await worker.take(local.event(object))).toBe(false);
    const [first, resumed] = s3.asked.filter(({ method }) => method === "GET");
    expect([first?.headers["if-match"], resumed?.headers["if-match"]]).toEqual([
      undefined,
      expect.stringMatching(/^".+"$/),
    ]);
    expect(local.posts(job)).toMatchObject([{ outcome: "cutShort" }]);
    expect(local.reasons(job)).toEqual(["source"]);
    expect(await local.row(job)).toMatchObject({ state: "SENDING" });

    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sizeBytes: 300_000 }]);
  });

  it("fault 33: counts with its own size where the event tells another", async () => {
    const job = local.newJob();
    const object = local.place(job, 5_000);
    local.send(local.event({ ...object, sizeBytes: 1 }));
    await local.stack.drain();
    expect(local.taken(job)).toMatchObject([{ sizeBytes: 5_000 }]);
    expect(await local.row(job)).toMatchObject({ sizeBytes: 5_000, sentBytes: 5_000 });
  });
});

describe("an object of an odd size", () => {
  const local = useDrops({ env: { MAX_MEDIA_BYTES: String(LIMIT_BYTES) } });

  it("fault 31: is rejected without a POST where it is empty", async () => {
    const job = local.newJob();
    await local.drop(job, Buffer.alloc(0));
    await local.stack.drain();
    expect(local.posts(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "EMPTY_OBJECT" } });
    expect(local.announced(job)).toEqual(["Media Rejected"]);
  });

  it.each([
    ["1 byte", 1],
    ["all but one byte of a chunk", CHUNK_BYTES - 1],
    ["exactly one chunk", CHUNK_BYTES],
    ["one byte more than a chunk", CHUNK_BYTES + 1],
    ["exactly two chunks", 2 * CHUNK_BYTES],
    ["the limit", LIMIT_BYTES],
  ])("fault 32: is delivered where it has %s", async (_size, sizeBytes) => {
    const job = local.newJob();
    const bytes = Buffer.concat([Buffer.alloc(1), randomBytes(sizeBytes - 1)]);
    await local.drop(job, bytes);
    await local.stack.drain();
    expect(local.taken(job)).toMatchObject([{ sizeBytes, sha256: sha256(bytes) }]);
    expect(await local.row(job)).toMatchObject({ state: "DELIVERED", sha256: sha256(bytes), sentBytes: sizeBytes });
  });

  it("fault 32: is rejected before any byte of it is read where it is larger than the limit", async () => {
    const job = local.newJob();
    const { key } = await local.drop(job, Buffer.alloc(LIMIT_BYTES + 1));
    await local.pass(MINUTE_MS);
    expect(local.stack.s3.requests).not.toContainEqual(expect.objectContaining({ operation: "GetObject", key }));
    expect(local.posts(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "MEDIA_TOO_LARGE" } });
  });
});

describe("an object beyond what cielo24 takes", () => {
  const local = useDrops();

  it("fault 32: is rejected before any byte of it is read, where no other limit is set, from 10 GiB on", async () => {
    const job = local.newJob();
    const object = local.place(job, 10 * 1024 ** 3);
    local.send(local.event(object));
    await local.stack.drain();
    const read = { operation: "GetObject", key: object.key };
    expect(local.stack.s3.requests).not.toContainEqual(expect.objectContaining(read));
    expect(local.posts(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "MEDIA_TOO_LARGE" } });
  });
});
