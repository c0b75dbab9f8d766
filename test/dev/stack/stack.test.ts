import { PutObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { startStack } from "../../../dev/stack.ts";
import { useStack } from "../../harness/stack.ts";
import { sha256 } from "../../harness/sha256.ts";

/** As the simulated cielo24 asks for; up to a tenth is added at random. */
const RETRY_MS = 300_000;

describe("the local stack", () => {
  const local = useStack({ env: { PROXY_VERSION: "9.9.9" } });
  const drop = (key: string, body: Uint8Array) =>
    local.s3.send(new PutObjectCommand({ Bucket: local.stack.bucketName, Key: key, Body: body }));

  it("brings an operator's drop through the queue to cielo24, and announces it", async () => {
    const jobId = local.newJob();
    const bytes = randomBytes(200_000);
    await drop(`media/${jobId}/Größe 1+2.mp4`, bytes);
    await local.stack.drain();

    const digest = sha256(bytes);
    expect(local.taken(jobId)).toMatchObject([{ sha256: digest, sizeBytes: bytes.length, via: "body" }]);
    expect(await local.stack.ledger.read(jobId)).toMatchObject({ state: "DELIVERED", sha256: digest, announced: true });
    expect(local.stack.events.filter(({ detail }) => detail["JobId"] === jobId)).toMatchObject([
      { busName: local.stack.env["EVENT_BUS_NAME"], detailType: "Media Delivered", detail: { Sha256: digest } },
    ]);
    expect(local.stack.deadLetterQueue.inspect().visible).toEqual([]);
  });

  it("lets a client sign, put and watch an upload through the API", async () => {
    const jobId = local.newJob();
    const token = await local.stack.token({ sub: "you", scope: "media.write media.read" });
    const ask = async (path: string) => {
      const response = await fetch(`${local.stack.apiUrl}/api/job/${path}&v=1&job_id=${jobId}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return (await response.json()) as Record<string, unknown>;
    };
    const { upload_url: url } = await ask("request_upload_url?filename=a.mp4");
    expect((await fetch(String(url), { method: "PUT", body: randomBytes(1_000) })).status).toBe(200);
    await local.stack.drain();
    expect(await ask("delivery?wait=0")).toMatchObject({ JobId: jobId, State: "DELIVERED", SizeBytes: 1_000 });
  });

  it("announces no object outside of media/", async () => {
    const before = local.stack.logs.length;
    await drop("other/file.mp4", randomBytes(10));
    expect(local.stack.queue.inspect().visible).toEqual([]);
    await local.stack.drain();
    expect(local.stack.logs).toHaveLength(before);
  });

  it("delivers again after an outage, when time has moved on", async () => {
    const jobId = local.newJob();
    const headers = { "retry-after": "300" };
    local.cielo24.faults.add({ kind: "answer", action: "job/info", jobId, status: 503, headers });
    await drop(`media/${jobId}/a.mp4`, randomBytes(1_000));
    await local.stack.drain();
    const { hidden } = local.stack.queue.inspect();
    expect([hidden.length, local.taken(jobId).length]).toEqual([1, 0]);

    local.stack.advanceTime(RETRY_MS - 1_000);
    await local.stack.drain();
    expect(local.taken(jobId)).toHaveLength(0);
    local.stack.advanceTime(RETRY_MS / 10 + 2_000);
    await local.stack.drain();
    expect(local.taken(jobId)).toHaveLength(1);
    expect(await local.stack.ledger.read(jobId)).toMatchObject({ state: "DELIVERED" });
    expect(local.stack.queue.nextVisibleAt()).toBe(Infinity);
  });

  it("gives functions its own environment, and tests a way around the gateway", async () => {
    const event = { headers: {}, rawQueryString: "", requestContext: { http: { method: "GET" }, requestId: "1" } };
    expect(await local.stack.invoke("health", event)).toMatchObject({ statusCode: 200, body: '{"Version":"9.9.9"}' });
    await expect(local.stack.invoke("nothing", {})).rejects.toThrow("no function");
  });

  it("takes the census", async () => {
    await local.stack.drain();
    const { objects } = await local.stack.runCensus();
    expect(objects).toBeGreaterThanOrEqual(3);
  });
});

describe("two stacks in one process", () => {
  it("know nothing of each other, and leave nothing behind", async () => {
    const [one, other] = await Promise.all([startStack(), startStack()]);
    expect(one.apiUrl).not.toBe(other.apiUrl);
    const token = await one.token({ sub: "you", scope: "media.read" });
    const response = await fetch(`${other.apiUrl}/api/job/delivery?v=1&job_id=${"a".repeat(32)}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(401);
    await Promise.all([one.close(), other.close()]);
    for (const url of [one.apiUrl, one.s3.url, one.identity.issuer, one.env["AWS_ENDPOINT_URL_SQS"] ?? ""])
      await expect(fetch(url)).rejects.toThrow("fetch failed");
  });
});
