import { PutObjectCommand } from "@aws-sdk/client-s3";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { handOver } from "../../harness/handed-over.ts";
import { useStack } from "../../harness/stack.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const CAPABILITY = "c4fe1b7d02a95836e0b1d7a4f3926c58";
const CONTENT = "some media";

describe("/media/{capability}/{name}", () => {
  const local = useStack();
  let url: string;

  beforeAll(async () => {
    const { stack, s3 } = local;
    url = `${stack.apiUrl}/media/${JOB}.${CAPABILITY}/talk.mp4`;
    // It names no job, so it is not delivered by itself.
    const key = "media/handed-over/a talk+%2F ü.mp4";
    const put = (content: string) =>
      s3.send(new PutObjectCommand({ Bucket: stack.bucketName, Key: key, Body: content, ContentType: "video/mp4" }));
    const { VersionId: versionId = "null" } = await put(CONTENT);
    await put("a later version, of another size");
    await handOver(stack, JOB, { key, versionId, capability: CAPABILITY, lifetimeMs: 3_600_000 });
  });

  it("tells size and type of the pinned version without any authorization", async () => {
    const answer = await fetch(url, { method: "HEAD" });
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-length": String(CONTENT.length),
      "content-type": "video/mp4",
      "cache-control": "no-store",
    });
  });

  it("redirects to the pinned version's bytes, each time by a fresh URL, and counts", async () => {
    const before = (await local.stack.ledger.read(JOB))?.pulls ?? 0;
    const redirect = await fetch(url, { redirect: "manual" });
    expect([redirect.status, redirect.headers.get("cache-control")]).toEqual([302, "no-store"]);
    const location = new URL(redirect.headers.get("location") ?? "");
    expect(location.searchParams.get("X-Amz-Expires")).toBe("900");
    const pulled = await fetch(url);
    expect([pulled.status, pulled.headers.get("content-type"), await pulled.text()]).toEqual([
      200,
      "video/mp4",
      CONTENT,
    ]);
    expect((await local.stack.ledger.read(JOB))?.pulls).toBe(before + 2);
  });

  it("records the first redirect before it answers, or answers 503", async () => {
    const forget = { if: { state: ["FINALIZING"] }, set: {}, remove: ["redirected"] } as const;
    await local.stack.ledger.write(JOB, forget);
    expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
    expect(await local.stack.ledger.read(JOB)).not.toHaveProperty("redirected");
    local.stack.aws.faults.add({ action: "UpdateItem", kind: "unavailable", times: 3 });
    const answer = await fetch(url, { redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([503, null]);
    expect(await local.stack.ledger.read(JOB)).not.toHaveProperty("redirected");
    expect((await fetch(url, { redirect: "manual" })).status).toBe(302);
    expect(await local.stack.ledger.read(JOB)).toMatchObject({ state: "FINALIZING", redirected: true });
  });

  it("serves parts, as pullers ask for them", async () => {
    const answer = await fetch(url, { headers: { range: "bytes=5-" } });
    expect([answer.status, await answer.text()]).toEqual([206, CONTENT.slice(5)]);
  });

  const notFound = async (answer: Response) => {
    expect(answer.status).toBe(404);
    const body = (await answer.json()) as Record<string, unknown>;
    expect(body).toEqual({
      ErrorType: "ITEM_NOT_FOUND",
      ErrorComment: "No such media.",
      RequestId: expect.any(String) as unknown,
    });
  };

  it("answers a wrong capability with cielo24's error and nothing more", async () => {
    await notFound(await fetch(url.replace(CAPABILITY, CAPABILITY.replace("f", "0")), { redirect: "manual" }));
    await notFound(await fetch(url.replace(JOB, JOB.replace("0", "f")), { redirect: "manual" }));
  });

  it("answers HEAD with 404 where S3 says 403, as it does of a vanished object to who may not list", async () => {
    local.stack.s3.faults.add({ operation: "HeadObject", kind: "accessDenied" });
    expect((await fetch(url, { method: "HEAD" })).status).toBe(404);
    expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
  });

  it("answers HEAD with 503 where S3 fails, so that nobody takes the media for gone", async () => {
    local.stack.s3.faults.add({ operation: "HeadObject", kind: "internalError", times: 10 });
    const answer = await fetch(url, { method: "HEAD" });
    local.stack.s3.faults.clear();
    expect(answer.status).toBe(503);
  });

  it("logs neither the capability nor what was signed", () => {
    const log = local.stack.logs.join("\n");
    expect(log).toContain('"service":"media-source"');
    expect(log).not.toContain(CAPABILITY);
    expect(log).not.toMatch(/X-Amz|handed-over/);
  });

  it("answers the same once the capability is over, and once it is revoked", async () => {
    local.stack.advanceTime(3_600_000);
    await notFound(await fetch(url, { redirect: "manual" }));
    const capabilityUntil = local.stack.runtime.clock() + 3_600_000;
    await local.stack.ledger.write(JOB, { if: { state: ["FINALIZING"] }, set: { capabilityUntil } });
    expect((await fetch(url, { redirect: "manual" })).status).toBe(302);
    await local.stack.ledger.write(JOB, { if: { state: ["FINALIZING"] }, set: {}, remove: ["capability"] });
    await notFound(await fetch(url, { redirect: "manual" }));
  });
});
