import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { useDrops } from "../../harness/drops.ts";
import { sha256 } from "../../harness/sha256.ts";
import { sendAs, type Send } from "../../harness/api.ts";

const MIB = 1024 * 1024;
const LIMIT_BYTES = 6 * MIB;
const JSON_TYPE = { "content-type": "application/json" };

describe("somebody with signed URLs", () => {
  const local = useDrops({ env: { MAX_MEDIA_BYTES: String(LIMIT_BYTES) } });
  const [alice, bob] = [sendAs(local, { sub: "alice" }), sendAs(local, { sub: "bob" })];

  const urlFor = async (job: string) =>
    (await alice("GET", `/api/job/request_upload_url?v=1&job_id=${job}&filename=a.mp4`)).body as Record<string, string>;
  const put = async (url: string | undefined, body: Buffer<ArrayBuffer>) => {
    const response = await fetch(url ?? "", { method: "PUT", body });
    expect(response.status).toBe(200);
    return response.headers.get("etag") ?? "";
  };
  const sign = async (call: Send, parameters: object) =>
    call("POST", "/api/job/sign_upload", { headers: JSON_TYPE, body: JSON.stringify(parameters) });
  const createUpload = async (call: Send, job: string) => {
    const { body } = await sign(call, { job_id: job, method: "POST" });
    const xml = await (await fetch(String(body["url"]), { method: "POST" })).text();
    return { job_id: job, key: String(body["key"]), upload_id: /<UploadId>([^<]+)/.exec(xml)?.[1] ?? "" };
  };
  const putPart = async (upload: object, part_number: number, sizeBytes: number) => {
    const { body } = await sign(alice, { ...upload, method: "PUT", part_number });
    return put(String(body["url"]), Buffer.alloc(sizeBytes, part_number));
  };
  const completion = (etags: readonly string[]) =>
    `<CompleteMultipartUpload>${etags
      .map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`)
      .join("")}</CompleteMultipartUpload>`;

  it("threat 9: changes nothing by using one again once the job has its media", async () => {
    const job = local.newJob();
    const first = randomBytes(1_000);
    const { upload_url: url } = await urlFor(job);
    await put(url, first);
    await local.stack.drain();
    const before = await local.row(job);
    await put(url, randomBytes(2_000));
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(first) }]);
    const { conflicts, conflictCount, otherMedia, ...row } = (await local.row(job)) ?? {};
    expect(row).toEqual(before);
    expect([conflicts?.length, conflictCount, otherMedia]).toEqual([1, 1, 1]);
  });

  it("threat 9: changes nothing by using one again while the first is under way", async () => {
    const job = local.newJob();
    const first = randomBytes(300_000);
    local.cielo24.faults.add({ action: "POST job/add_media", jobId: job, kind: "resetAt", fraction: 0.5 });
    const { upload_url: url } = await urlFor(job);
    await put(url, first);
    await local.stack.drain();
    expect(await local.row(job)).toMatchObject({ state: "SENDING" });
    await put(url, randomBytes(300_000));
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sha256: sha256(first) }]);
  });

  it("threat 9: cannot guess where another will lie", async () => {
    const job = local.newJob();
    const keys = await Promise.all(Array.from({ length: 20 }, async () => (await urlFor(job))["key"]));
    expect(new Set(keys).size).toBe(20);
    for (const key of keys) expect(key).toMatch(new RegExp(`^media/${job}/[0-9a-f]{32}/a\\.mp4$`));
  });

  it("threat 10: gets nothing to cielo24 that is too large, where no size was stated", async () => {
    const job = local.newJob();
    const { upload_url: url, key = "" } = await urlFor(job);
    await put(url, Buffer.alloc(LIMIT_BYTES + 1));
    await local.finish();
    expect(local.posts(job)).toEqual([]);
    expect(local.stack.s3.requests).not.toContainEqual(expect.objectContaining({ operation: "GetObject", key }));
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "MEDIA_TOO_LARGE" } });
  });

  it("threat 10: gets nothing to cielo24 that is too large by a part that came after the count", async () => {
    const job = local.newJob();
    const upload = await createUpload(alice, job);
    const etags = [await putPart(upload, 1, 5 * MIB)];
    const { body } = await sign(alice, { ...upload, method: "POST" });
    etags.push(await putPart(upload, 2, 2 * MIB));
    const completed = await fetch(String(body["url"]), { method: "POST", body: completion(etags) });
    expect(completed.status).toBe(200);
    await local.finish();
    expect(local.posts(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "REJECTED", error: { type: "MEDIA_TOO_LARGE" } });
  });

  it("threat 11: gets no hand in a foreign upload by its id under a key of one's own", async () => {
    const [hers, his] = [local.newJob(), local.newJob()];
    const upload = await createUpload(alice, hers);
    await putPart(upload, 1, 10);
    const own = await createUpload(bob, his);
    for (const [method, sent] of [
      ["GET", "GET"],
      ["DELETE", "DELETE"],
      ["PUT", "PUT"],
    ] as const) {
      const mixed = { ...own, upload_id: upload.upload_id, ...(method === "PUT" ? { part_number: 1 } : {}) };
      const { status, body } = await sign(bob, { ...mixed, method });
      expect(status).toBe(200);
      // It is signed for the key that is his, under which there is no such upload.
      expect(body["key"]).toBe(own.key);
      expect(
        (await fetch(String(body["url"]), { method: sent, ...(sent === "PUT" ? { body: "x" } : {}) })).status,
      ).toBe(404);
    }
    for (const stolen of [upload, { ...upload, job_id: his }])
      expect((await sign(bob, { ...stolen, method: "DELETE" })).status).toBe(stolen === upload ? 404 : 400);
    const { body } = await sign(alice, { ...upload, method: "GET" });
    expect(await (await fetch(String(body["url"]))).text()).toContain("<PartNumber>1</PartNumber>");
  });

  it("fault 48: tells nobody of a multipart upload that is never completed, and nobody waits for it", async () => {
    const job = local.newJob();
    const upload = await createUpload(alice, job);
    await putPart(upload, 1, 10);
    await local.pass(8 * 24 * 3_600_000);
    expect(await local.stack.runCensus()).toMatchObject({ requeued: 0 });
    expect(local.posts(job)).toEqual([]);
    expect(await local.row(job)).toMatchObject({ state: "UPLOADING" });
  });
});
