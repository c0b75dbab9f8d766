import { describe, expect, it } from "@jest/globals";
import { requestUploadUrl, signUpload } from "../../../functions/sign-upload/handler.ts";
import type { JobStatus } from "../../../functions/sign-upload/begin-upload.ts";
import type { Row, State } from "../../../lib/delivery/machine/row.ts";
import { createOwnership } from "../../../lib/http/caller.ts";
import { parseMediaKey } from "../../../lib/media/key.ts";
import type { SignedRequest, UploadSigner } from "../../../lib/media/upload-signing.ts";
import { createObservability } from "../../../lib/observability.ts";
import { testRuntime } from "../../harness/runtime.ts";
import { memoryLedger, memoryOwners } from "../../harness/memory-ports.ts";
import { admin, answered, apiRequest, bob } from "../../harness/requests.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const OTHER_JOB = "f".repeat(32);
const KEY = `media/${JOB}/${"e".repeat(32)}/a.mp4`;
const MAX_MEDIA_BYTES = 10_737_418_239;

/** A signer that writes down what it was asked for in place of signing it. */
const recordingSigner = (uploadedBytes: number | undefined = 0) => {
  const signed: [string, object][] = [];
  const record =
    (name: string) =>
    (wanted: { key: string }): Promise<SignedRequest> => {
      // Parameters that were not given are no different from absent ones.
      signed.push([name, JSON.parse(JSON.stringify(wanted)) as object]);
      return Promise.resolve({
        url: `https://signed.example/${name}`,
        key: wanted.key,
        headers: {},
        expiresAt: "2031-05-06T08:08:09.000Z",
      });
    };
  const signer: UploadSigner = {
    put: record("put"),
    createMultipart: record("createMultipart"),
    part: record("part"),
    listParts: record("listParts"),
    complete: record("complete"),
    abort: record("abort"),
    uploadedBytes: () => Promise.resolve(uploadedBytes),
  };
  return { signed, signer };
};

interface World {
  readonly row?: Row;
  readonly owner?: string;
  readonly uploadedBytes?: number | undefined;
}

const setUp = ({ row, owner, uploadedBytes }: World = {}) => {
  const ledger = row ? memoryLedger(row) : memoryLedger();
  const owners = memoryOwners(owner === undefined ? {} : { [JOB]: owner });
  const { signed, signer } = recordingSigner(uploadedBytes);
  const runtime = testRuntime();
  const cielo24 = {
    asked: [] as { jobId: string; deadline: number }[],
    says: "free" as JobStatus,
    /** Lets something happen while cielo24 thinks. */
    meanwhile: (): unknown => undefined,
  };
  const parts = {
    signer,
    ledger,
    ownership: createOwnership(owners),
    askAboutJob: async (jobId: string, deadline: number) => {
      cielo24.asked.push({ jobId, deadline });
      await cielo24.meanwhile();
      return cielo24.says;
    },
    runtime,
    log: createObservability(runtime, { service: "sign-upload", stage: "test" }).log,
    maxMediaBytes: MAX_MEDIA_BYTES,
    expiryMs: 90 * 24 * 3600 * 1000,
  };
  const request = requestUploadUrl(parts);
  const sign = signUpload(parts);
  return {
    ledger,
    owners,
    signed,
    runtime,
    cielo24,
    request: (parameters: Record<string, string> = {}, more: Parameters<typeof apiRequest>[1] = {}) =>
      answered(request(apiRequest({ v: "1", job_id: JOB, ...parameters }, more))),
    sign: (parameters: Record<string, string>, more: Parameters<typeof apiRequest>[1] = {}) =>
      answered(sign(apiRequest({ job_id: JOB, ...parameters }, more))),
  };
};

const row = (state: State, more: Partial<Row> = {}): Row => ({ jobId: JOB, state, fence: 3, updatedAt: 0, ...more });

describe("requestUploadUrl", () => {
  it("answers one PUT to a fresh key of the job", async () => {
    const { request, signed, owners } = setUp();
    const { status, body } = await request({ filename: "Öl.mp4", content_length: "7", content_type: "video/mp4" });
    expect(status).toBe(200);
    expect(body).toEqual({
      upload_url: "https://signed.example/put",
      key: `media/${JOB}/00000000000000000000000000000001/Ol.mp4`,
      headers: {},
      expires_at: "2031-05-06T08:08:09.000Z",
    });
    expect(signed).toEqual([["put", { key: body["key"], contentLength: 7, contentType: "video/mp4" }]]);
    expect(owners.table.get(JOB)).toBe("alice");
  });

  it("puts the upload on record, so that its status can be asked for", async () => {
    const { request, ledger, runtime } = setUp();
    await request();
    expect(ledger.table.get(JOB)).toMatchObject({ state: "UPLOADING", fence: 0, updatedAt: runtime.now });
  });

  it("gives every call a key of its own", async () => {
    const { request } = setUp();
    const [first, second] = [await request(), await request()];
    expect(first.body["key"]).not.toBe(second.body["key"]);
  });

  it("takes 5 GiB in one PUT, and points to multipart beyond", async () => {
    const { request, ledger } = setUp();
    expect((await request({ content_length: "5368709121" })).body).toEqual({
      ErrorType: "MEDIA_TOO_LARGE",
      ErrorComment:
        "One request to S3 takes at most 5,368,709,120 bytes: upload in parts, signed by /api/job/sign_upload.",
    });
    expect(ledger.table.size).toBe(0);
    expect((await request({ content_length: "5368709121" })).status).toBe(413);
    expect((await request({ content_length: "5368709120" })).status).toBe(200);
  });

  it.each([
    [{ v: "2" }, "v must be 1."],
    [{ content_length: "0" }, "content_length must be at least 1."],
    [{ content_length: "-1" }, "content_length must be a whole number."],
    [{ content_length: "1e3" }, "content_length must be a whole number."],
    [{ content_length: "9".repeat(16) }, "content_length must be a whole number."],
    [{ content_type: "mp4" }, "content_type must be a media type such as video/mp4."],
    [{ content_type: "video/mp4\r\nx: y" }, "content_type must be text without control characters."],
    [{ job_id: "x" }, "job_id must be 32 hex characters, with or without the hyphens of a UUID."],
  ])("refuses %j", async (wrong, ErrorComment) => {
    const { request, signed } = setUp();
    const { status, body } = await request(wrong);
    expect(status).toBe(400);
    expect(body["ErrorComment"]).toBe(ErrorComment);
    expect(signed).toEqual([]);
  });

  it.each([
    ["SENDING", "DELIVERY_UNDER_WAY"],
    ["FINALIZING", "DELIVERY_UNDER_WAY"],
    ["DELIVERED", "JOB_HAS_MEDIA"],
    ["NEEDS_REVIEW", "NEEDS_REVIEW"],
  ] as const)("signs nothing for a job that is %s", async (state, errorType) => {
    const { request, sign, signed } = setUp({ row: row(state) });
    for (const refused of [await request(), await sign({ method: "PUT" }), await sign({ method: "POST" })]) {
      expect(refused.status).toBe(409);
      expect(refused.body["ErrorType"]).toBe(errorType);
    }
    expect(signed).toEqual([]);
  });

  it("signs again before anything arrived, and after a rejection", async () => {
    expect((await setUp({ row: row("UPLOADING") }).request()).status).toBe(200);
    const { request, ledger } = setUp({ row: row("REJECTED", { announced: true, rejected: ["object:a"] }) });
    expect((await request()).status).toBe(200);
    expect(ledger.table.get(JOB)).toMatchObject({ state: "UPLOADING", fence: 3, rejected: ["object:a"] });
  });

  it("looks again where somebody else was faster", async () => {
    const { request, ledger } = setUp();
    let writes = 0;
    ledger.beforeWrite = () => {
      writes += 1;
      if (writes === 1) ledger.table.set(JOB, row("UPLOADING"));
    };
    expect((await request()).status).toBe(200);
    expect(writes).toBe(2);
    ledger.beforeWrite = () => ledger.table.set(JOB, row("SENDING", { fence: 9 }));
    expect((await request()).status).toBe(409);
  });

  it("gives up where the row never holds still", async () => {
    const { request, ledger } = setUp({ row: row("UPLOADING") });
    let fence = 10;
    ledger.beforeWrite = () => ledger.table.set(JOB, row("UPLOADING", { fence: fence++ }));
    await expect(request()).rejects.toHaveProperty("code", "LEDGER_UNAVAILABLE");
    expect(fence).toBe(20);
  });

  it("signs nothing while the ledger is down", async () => {
    const { request, ledger, signed } = setUp();
    ledger.isDown = true;
    await expect(request()).rejects.toHaveProperty("code", "LEDGER_UNAVAILABLE");
    expect(signed).toEqual([]);
  });

  it.each<State | undefined>([undefined, "UPLOADING", "REJECTED"])(
    "asks cielo24 about the job first, and keeps that it is there, over a row that is %s",
    async (state) => {
      const { request, cielo24, ledger, runtime } = setUp(state ? { row: row(state, { announced: true }) } : {});
      expect((await request({}, { deadline: 7 })).status).toBe(200);
      expect(cielo24.asked).toEqual([{ jobId: JOB, deadline: 7 }]);
      expect(ledger.table.get(JOB)).toMatchObject({ state: "UPLOADING", jobSeenAt: runtime.now });
    },
  );

  it("asks once a minute at most, whichever request is signed", async () => {
    const { request, sign, cielo24, ledger, runtime } = setUp();
    const firstAt = runtime.now;
    await request();
    runtime.now += 59_999;
    await sign({ method: "PUT" });
    await sign({ method: "POST" });
    expect(cielo24.asked).toHaveLength(1);
    expect(ledger.table.get(JOB)).toMatchObject({ updatedAt: runtime.now, jobSeenAt: firstAt });
    runtime.now += 1;
    await sign({ method: "POST" });
    expect(cielo24.asked).toHaveLength(2);
    expect(ledger.table.get(JOB)).toMatchObject({ jobSeenAt: runtime.now });
  });

  it("reads the row no second time for it, and the owner's once", async () => {
    const { request, ledger, owners } = setUp();
    await request();
    expect([ledger.reads, owners.reads]).toEqual([1, 1]);
  });

  it("answers for a job that cielo24 does not know as for a foreign one, and gives it to nobody", async () => {
    const { request, sign, cielo24, owners, ledger, signed } = setUp();
    cielo24.says = "unknown";
    const foreign = await setUp({ owner: "bob" }).request();
    for (const refused of [await request(), await sign({ method: "PUT" }), await sign({ method: "POST" })])
      expect(refused).toEqual(foreign);
    expect(foreign).toMatchObject({ status: 404, body: { ErrorType: "ITEM_NOT_FOUND" } });
    expect([owners.table.size, ledger.table.size, signed.length]).toEqual([0, 0, 0]);
  });

  it("asks anew about a job that was not known: it may have been made since", async () => {
    const { request, cielo24, owners } = setUp();
    cielo24.says = "unknown";
    await request();
    cielo24.says = "free";
    expect((await request()).status).toBe(200);
    expect(owners.table.get(JOB)).toBe("alice");
  });

  it("tells of media that cielo24 has, before the upload", async () => {
    const { request, sign, cielo24, ledger, signed } = setUp();
    cielo24.says = "hasMedia";
    for (const refused of [await request(), await sign({ method: "PUT" }), await sign({ method: "POST" })])
      expect(refused).toMatchObject({ status: 409, body: { ErrorType: "JOB_HAS_MEDIA" } });
    expect([ledger.table.size, signed.length]).toEqual([0, 0]);
  });

  it("signs all the same where cielo24 says nothing, keeps nothing, and asks again the next time", async () => {
    const { request, cielo24, ledger } = setUp({ row: row("UPLOADING", { jobSeenAt: 5 }) });
    cielo24.says = undefined;
    expect((await request()).status).toBe(200);
    expect(ledger.table.get(JOB)).toMatchObject({ state: "UPLOADING", jobSeenAt: 5 });
    await request();
    expect(cielo24.asked).toHaveLength(2);
  });

  it("asks nobody about a foreign job, nor about one that is not on the token's list", async () => {
    const { request, cielo24 } = setUp({ owner: "bob" });
    expect((await request()).status).toBe(404);
    const listed = { isAdmin: false, owner: "bob", jobs: new Set([OTHER_JOB]) } as const;
    expect((await request({}, { caller: listed })).status).toBe(404);
    expect(cielo24.asked).toEqual([]);
  });

  it("leaves the job to whoever took it while cielo24 was asked", async () => {
    for (const says of ["free", "hasMedia", undefined] as const) {
      const { request, cielo24, owners, signed } = setUp();
      cielo24.says = says;
      cielo24.meanwhile = () => owners.bind(JOB, "bob");
      expect((await request()).status).toBe(404);
      expect(signed).toEqual([]);
    }
  });

  it("asks once where the row changes meanwhile, and goes by the row", async () => {
    const { request, cielo24, ledger } = setUp();
    cielo24.meanwhile = () => ledger.table.set(JOB, row("SENDING"));
    expect((await request()).body["ErrorType"]).toBe("DELIVERY_UNDER_WAY");
    cielo24.meanwhile = () => ledger.table.set(JOB, row("UPLOADING", { fence: 9 }));
    ledger.table.delete(JOB);
    expect((await request()).status).toBe(200);
    expect(cielo24.asked).toHaveLength(2);
  });

  it.each<State>(["SENDING", "FINALIZING", "DELIVERED", "NEEDS_REVIEW"])(
    "does not ask about a job that is %s: the row knows more",
    async (state) => {
      const { request, cielo24 } = setUp({ row: row(state) });
      expect((await request()).status).toBe(409);
      expect(cielo24.asked).toEqual([]);
    },
  );

  it("signs nothing for a job that an operator has closed", async () => {
    const { request, cielo24, signed } = setUp({ row: row("NEEDS_REVIEW", { announced: true, closed: true }) });
    expect(await request()).toEqual({
      status: 409,
      body: {
        ErrorType: "JOB_CLOSED",
        ErrorComment: "The operator closed the job, since cielo24 may have its media: use another job.",
      },
    });
    expect([cielo24.asked, signed]).toEqual([[], []]);
  });

  it("asks nobody about what is too large anyway", async () => {
    const { request, cielo24, owners } = setUp();
    expect((await request({ content_length: "10737418240" })).status).toBe(413);
    expect([cielo24.asked.length, owners.table.size]).toEqual([0, 0]);
  });

  it("signs nothing for a foreign job", async () => {
    const { request, signed } = setUp();
    await request();
    expect((await request({}, { caller: bob })).status).toBe(404);
    expect(signed).toHaveLength(1);
  });

  it("signs for an admin, who does not own the job by that", async () => {
    const { request, owners } = setUp();
    expect((await request({}, { caller: admin })).status).toBe(200);
    expect(owners.table.size).toBe(0);
  });

  it.each([
    ["unknown", 404],
    ["hasMedia", 409],
  ] as const)("tells an admin, too, of a job that is %s to cielo24", async (says, status) => {
    const { request, cielo24 } = setUp({ owner: "bob" });
    cielo24.says = says;
    expect((await request({}, { caller: admin })).status).toBe(status);
  });
});

describe("signUpload", () => {
  it.each([
    [{ method: "PUT" }, "put"],
    [{ method: "POST" }, "createMultipart"],
  ])("signs %j, with a key of ours in place of the client's", async (parameters, name) => {
    const { sign, signed, ledger } = setUp();
    const { status, body } = await sign({ ...parameters, key: "my holiday.mp4", filename: "my holiday.mp4" });
    expect(status).toBe(200);
    expect(body).toEqual({
      url: `https://signed.example/${name}`,
      key: expect.stringMatching(/\/my-holiday\.mp4$/),
      headers: {},
      expires_at: "2031-05-06T08:08:09.000Z",
    });
    expect(parseMediaKey(String(body["key"]))).toMatchObject({ jobId: JOB, name: "my-holiday.mp4" });
    expect(signed).toEqual([[name, { key: body["key"] }]]);
    expect(ledger.table.get(JOB)?.state).toBe("UPLOADING");
  });

  it.each([
    [{ method: "PUT", upload_id: "u", part_number: "3" }, ["part", { key: KEY, uploadId: "u", partNumber: 3 }]],
    [
      { method: "PUT", upload_id: "u", part_number: "10000", content_length: "7" },
      ["part", { key: KEY, uploadId: "u", partNumber: 10_000, contentLength: 7 }],
    ],
    [{ method: "GET", upload_id: "u" }, ["listParts", { key: KEY, uploadId: "u" }]],
    [
      { method: "get", upload_id: "u", part_number: "1000" },
      ["listParts", { key: KEY, uploadId: "u", afterPart: 1000 }],
    ],
    [{ method: "POST", upload_id: "u" }, ["complete", { key: KEY, uploadId: "u" }]],
    [{ method: "DELETE", upload_id: "u" }, ["abort", { key: KEY, uploadId: "u" }]],
  ])("signs %j of an upload in parts", async (parameters, expected) => {
    const { sign, signed, ledger, cielo24 } = setUp();
    const { status, body } = await sign({ ...parameters, key: KEY });
    expect(status).toBe(200);
    expect(cielo24.asked).toEqual([]);
    expect(body["key"]).toBe(KEY);
    expect(signed).toEqual([expected]);
    expect(ledger.table.size).toBe(0);
  });

  it.each([
    [{ method: "GET" }, "MISSING_PARAMETER", "key is missing."],
    [{ method: "GET", key: KEY }, "MISSING_PARAMETER", "upload_id is missing."],
    [{ method: "DELETE", key: KEY }, "MISSING_PARAMETER", "upload_id is missing."],
    [{ method: "PUT", key: KEY, part_number: "1" }, "MISSING_PARAMETER", "upload_id is missing."],
    [{ method: "PUT", key: KEY, upload_id: "u" }, "MISSING_PARAMETER", "part_number is missing."],
    [{ method: "PUT", upload_id: "u", part_number: "1" }, "MISSING_PARAMETER", "key is missing."],
    [
      { method: "PUT", key: KEY, upload_id: "u", part_number: "10001" },
      "INVALID_QUERY",
      "part_number must be at most 10000.",
    ],
    [{ method: "PUT", key: KEY, upload_id: "u", part_number: "0" }, "INVALID_QUERY", "part_number must be at least 1."],
    [{ method: "POST", key: KEY, upload_id: "u v" }, "INVALID_QUERY", "upload_id must be as S3 answered it."],
    [{ method: "PATCH" }, "INVALID_OPTION", "method must be GET, PUT, POST or DELETE."],
    [{}, "MISSING_PARAMETER", "method is missing."],
    [{ method: "PUT", v: "2" }, "INVALID_OPTION", "v must be 1."],
  ])("refuses %j", async (parameters: Record<string, string>, ErrorType, ErrorComment) => {
    const { sign, signed } = setUp();
    expect(await sign(parameters)).toEqual({ status: 400, body: { ErrorType, ErrorComment } });
    expect(signed).toEqual([]);
  });

  it.each([
    KEY.replace(JOB, OTHER_JOB),
    `media/${JOB}/a.mp4`,
    `media/${JOB}/${"e".repeat(32)}/`,
    `media/${JOB}/${"e".repeat(32)}/a/b.mp4`,
    `media/${JOB}/../${OTHER_JOB}/${"e".repeat(32)}/a.mp4`,
    `other/${KEY}`,
    `/${KEY}`,
    "a.mp4",
  ])("signs nothing for the key %s, which was not answered for this job", async (key) => {
    const { sign, signed } = setUp();
    for (const method of ["GET", "POST", "DELETE"]) {
      const { status, body } = await sign({ method, key, upload_id: "u" });
      expect(status).toBe(400);
      expect(body["ErrorComment"]).toBe("key must be one that was answered for this job_id.");
    }
    expect(signed).toEqual([]);
  });

  it("keeps others out of an upload", async () => {
    const { sign, signed } = setUp();
    await sign({ method: "POST" });
    for (const method of ["GET", "POST", "DELETE"])
      expect((await sign({ method, key: KEY, upload_id: "u" }, { caller: bob })).status).toBe(404);
    expect(signed).toHaveLength(1);
  });

  it("begins no upload of more than cielo24 takes", async () => {
    const { sign, signed } = setUp();
    const refused = await sign({ method: "POST", content_length: "10737418240" });
    expect(refused.status).toBe(413);
    expect(refused.body["ErrorComment"]).toBe(
      "The media has 10,737,418,240 bytes; at most 10,737,418,239 can be delivered. Make it smaller, or cut it up for several jobs.",
    );
    expect(signed).toEqual([]);
    expect((await sign({ method: "POST", content_length: "10737418239" })).status).toBe(200);
  });

  it("signs no part of more than S3 takes", async () => {
    const { sign } = setUp();
    const part = { method: "PUT", key: KEY, upload_id: "u", part_number: "1" };
    expect((await sign({ ...part, content_length: "5368709121" })).status).toBe(413);
  });

  it("completes what sums to no more than the limit", async () => {
    const complete = { method: "POST", key: KEY, upload_id: "u" };
    expect((await setUp({ uploadedBytes: MAX_MEDIA_BYTES }).sign(complete)).status).toBe(200);
    const { sign, signed } = setUp({ uploadedBytes: MAX_MEDIA_BYTES + 1 });
    expect((await sign(complete)).body["ErrorType"]).toBe("MEDIA_TOO_LARGE");
    expect(signed).toEqual([]);
  });

  it("lets S3 itself answer for an upload that is gone: it may have been completed before", async () => {
    const { sign, signed } = setUp({ uploadedBytes: undefined });
    expect((await sign({ method: "POST", key: KEY, upload_id: "u" })).status).toBe(200);
    expect(signed).toEqual([["complete", { key: KEY, uploadId: "u" }]]);
  });

  it("signs the rest of an upload whose delivery began meanwhile", async () => {
    const { sign } = setUp({ row: row("SENDING") });
    expect((await sign({ method: "DELETE", key: KEY, upload_id: "u" })).status).toBe(200);
  });
});
