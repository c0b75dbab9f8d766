import { describe, expect, it } from "@jest/globals";
import { error, errorOf, sendAs } from "../../harness/api.ts";
import { ApiError } from "../../../lib/http/errors.ts";
import { useStack } from "../../harness/stack.ts";

const MIB = 1024 * 1024;
const PART_BYTES = 5 * MIB;
const MAX_MEDIA_BYTES = 6 * MIB;
const JSON_TYPE = { "content-type": "application/json" };

describe("uploads through the gateway and the bucket", () => {
  const local = useStack({ env: { MAX_MEDIA_BYTES: String(MAX_MEDIA_BYTES), UPLOAD_URL_LIFETIME_S: "600" } });
  const alice = sendAs(local, { sub: "alice" });
  const { newJob } = local;

  const request = async (job: string, query = "") =>
    alice("GET", `/api/job/request_upload_url?v=1&job_id=${job}${query}`);
  const sign = async (parameters: Record<string, unknown>) =>
    alice("POST", "/api/job/sign_upload", { headers: JSON_TYPE, body: JSON.stringify(parameters) });
  const urlOf = ({ body }: { body: Record<string, unknown> }) => String(body["upload_url"] ?? body["url"]);

  const createUpload = async (job: string) => {
    const created = await sign({ job_id: job, method: "POST", filename: "a.mp4" });
    const xml = await (await fetch(urlOf(created), { method: "POST" })).text();
    const upload_id = /<UploadId>([^<]+)</.exec(xml)?.[1] ?? "";
    return { job_id: job, key: String(created.body["key"]), upload_id };
  };
  const uploadPart = async (upload: Record<string, unknown>, part_number: number, sizeBytes: number) => {
    const signed = await sign({ ...upload, method: "PUT", part_number });
    const stored = await fetch(urlOf(signed), { method: "PUT", body: Buffer.alloc(sizeBytes, part_number) });
    expect(stored.status).toBe(200);
    return stored.headers.get("etag") ?? "";
  };
  const completionOf = (etags: readonly string[]) =>
    `<CompleteMultipartUpload>${etags
      .map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`)
      .join("")}</CompleteMultipartUpload>`;

  it("knows a job in upper case and with hyphens, and makes its key of the id as it is", async () => {
    const job = newJob();
    const uuid = job.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    for (const spelt of [job.toUpperCase(), uuid])
      expect((await request(spelt)).body["key"]).toMatch(new RegExp(`^media/${job}/`));
    const upload = await createUpload(uuid);
    expect(upload.key).toMatch(new RegExp(`^media/${job}/`));
    expect((await sign({ ...upload, job_id: job.toUpperCase(), method: "GET" })).status).toBe(200);
  });

  it.each([
    ["size=5", "size is no parameter of this call: did you mean content_length?"],
    ["fileName=a.mp4", "fileName is no parameter of this call: did you mean filename?"],
  ])("refuses the misspelt parameter in %s, which would be lost", async (query, comment) => {
    expect(errorOf(await request(newJob(), `&${query}`))).toEqual(error(400, "INVALID_QUERY", comment));
  });

  it("answers a URL that takes one PUT, whatever content type the client sends", async () => {
    const job = newJob();
    const signed = await request(job, "&filename=My+Lecture.mp4");
    expect(signed).toMatchObject({
      status: 200,
      body: {
        upload_url: expect.stringContaining("X-Amz-Signature="),
        key: expect.stringMatching(new RegExp(`^media/${job}/[0-9a-f]{32}/My-Lecture\\.mp4$`)),
        headers: {},
        expires_at: expect.stringMatching(/Z$/),
      },
    });
    const headers = { "content-type": "video/mp4" };
    expect((await fetch(urlOf(signed), { method: "PUT", headers, body: "m\0dia" })).status).toBe(200);
    await local.stack.drain();
    expect((await local.stack.ledger.read(job))?.state).toBe("DELIVERED");
    expect(errorOf(await request(job))).toEqual(error(409, "JOB_HAS_MEDIA", /^The job has its media/));
  });

  it("threat 10: signs the exact size that the client states", async () => {
    const signed = await request(newJob(), "&content_length=5");
    expect((await fetch(urlOf(signed), { method: "PUT", body: "media!" })).status).toBe(403);
    expect((await fetch(urlOf(signed), { method: "PUT", body: "m\0dia" })).status).toBe(200);
  });

  it("makes URLs that take no tampering and no other method", async () => {
    const signed = await request(newJob());
    const tampered = urlOf(signed).replace(/media(?=\?)/, "other");
    expect((await fetch(tampered, { method: "PUT", body: "m\0dia" })).status).toBe(403);
    expect((await fetch(urlOf(signed))).status).toBe(403);
  });

  it("makes URLs that expire when it says", async () => {
    const signed = await request(newJob());
    expect(Date.parse(String(signed.body["expires_at"])) - local.stack.runtime.clock()).toBeLessThanOrEqual(600_000);
    local.stack.advanceTime(601_000);
    expect((await fetch(urlOf(signed), { method: "PUT", body: "m\0dia" })).status).toBe(403);
  });

  it("signs an upload in parts: create, parts, list, complete", async () => {
    const job = newJob();
    const upload = await createUpload(job);
    expect(upload.upload_id).not.toBe("");
    const etags = [await uploadPart(upload, 1, PART_BYTES), await uploadPart(upload, 2, 10)];
    const listed = await (await fetch(urlOf(await sign({ ...upload, method: "GET" })))).text();
    expect(listed.match(/<PartNumber>/g)).toHaveLength(2);
    const complete = await sign({ ...upload, method: "POST" });
    const completed = await fetch(urlOf(complete), { method: "POST", body: completionOf(etags) });
    expect(completed.status).toBe(200);
    await local.stack.drain();
    expect(await local.stack.ledger.read(job)).toMatchObject({ state: "DELIVERED", sizeBytes: PART_BYTES + 10 });
  });

  it("still signs a complete whose first answer was lost", async () => {
    const upload = await createUpload(newJob());
    const body = completionOf([await uploadPart(upload, 1, 10)]);
    await fetch(urlOf(await sign({ ...upload, method: "POST" })), { method: "POST", body });
    expect((await sign({ ...upload, method: "POST" })).status).toBe(200);
  });

  it("threat 10: signs no complete of more than the limit", async () => {
    const upload = await createUpload(newJob());
    await uploadPart(upload, 1, PART_BYTES);
    await uploadPart(upload, 2, MIB + 1);
    expect(errorOf(await sign({ ...upload, method: "POST" }))).toEqual(
      error(
        413,
        "MEDIA_TOO_LARGE",
        /^The media has 6,291,457 bytes; at most 6,291,456 can be delivered\. Make it smaller/,
      ),
    );
    expect((await fetch(urlOf(await sign({ ...upload, method: "DELETE" })), { method: "DELETE" })).status).toBe(204);
  });

  it("threat 11: gives nobody a hand in a foreign upload", async () => {
    const [mine, bobs] = [newJob(), newJob()];
    const upload = await createUpload(mine);
    const bob = sendAs(local, { sub: "bob" });
    const signAsBob = (parameters: object) =>
      bob("POST", "/api/job/sign_upload", { headers: JSON_TYPE, body: JSON.stringify(parameters) });
    expect(errorOf(await signAsBob({ ...upload, method: "GET" }))).toEqual(
      error(404, "ITEM_NOT_FOUND", new ApiError("ITEM_NOT_FOUND").comment),
    );
    expect(errorOf(await signAsBob({ ...upload, job_id: bobs, method: "GET" }))).toEqual(
      error(400, "INVALID_QUERY", "key must be one that was answered for this job_id."),
    );
  });

  it("refuses what is too large before it signs", async () => {
    expect(errorOf(await request(newJob(), "&content_length=6291457"))).toEqual(
      error(413, "MEDIA_TOO_LARGE", /at most 6,291,456 can be delivered/),
    );
  });

  it("signs nothing while the ledger cannot be written", async () => {
    local.stack.aws.faults.add({
      action: "UpdateItem",
      kind: "throttled",
      times: 10,
      when: (input) => !JSON.stringify(input).includes("owner#"),
    });
    const answer = await request(newJob());
    local.stack.aws.faults.clear();
    expect(errorOf(answer)).toEqual(error(503, "PROXY_UNAVAILABLE", /record of jobs/));
    expect(answer.headers.get("retry-after")).toBe("30");
  });

  it("asks for the scope media.write", async () => {
    const reader = sendAs(local, { sub: "alice", scope: "media.read" });
    expect((await reader("GET", `/api/job/request_upload_url?v=1&job_id=${newJob()}`)).status).toBe(403);
    expect((await reader("POST", "/api/job/sign_upload")).status).toBe(403);
  });

  it("writes no URL and no key to the log", () => {
    expect(local.stack.logs.length).toBeGreaterThan(0);
    expect(local.stack.logs.join("\n")).not.toMatch(/X-Amz|https?:|media\/[0-9a-f]/);
  });
});
