import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { error, errorOf, sendAs, type Send } from "../../lib/http/api-client.ts";
import { ApiError } from "../../../lib/http/errors.ts";
import { useStack } from "../../stack.ts";

const PATH = "/api/job/add_media";
const MIB = 1024 * 1024;
const URL_OF_MEDIA = "https://media.example.org/lecture.mp4";
const JSON_TYPE = { "content-type": "application/json" };
const FORM_TYPE = { "content-type": "application/x-www-form-urlencoded" };
const ACCEPTED = { status: 200, body: { TaskId: expect.stringMatching(/^[0-9a-f]{32}$/) } };
/** Begins as an MP4 file does. */
const MEDIA = Buffer.from("00000018667479706d703432ffd8", "hex");

describe("add_media through the gateway", () => {
  const local = useStack({ fetchMedia: () => Promise.resolve(MEDIA) });
  let alice: Send;
  beforeAll(async () => {
    alice = await sendAs(local.stack, { sub: "alice" });
  });
  const newJob = () => local.stack.cielo24?.addJob() ?? "";
  const encodedUrl = encodeURIComponent(URL_OF_MEDIA);

  it("takes a URL in the query, by GET and by POST", async () => {
    for (const method of ["GET", "POST"])
      expect(await alice(method, `${PATH}?v=1&job_id=${newJob()}&media_url=${encodedUrl}`)).toMatchObject(ACCEPTED);
  });

  it("takes a URL in a JSON body and in a form", async () => {
    const json = JSON.stringify({ job_id: newJob(), media_url: URL_OF_MEDIA, is_duplicate: true });
    expect(await alice("POST", `${PATH}?v=1`, { headers: JSON_TYPE, body: json })).toMatchObject(ACCEPTED);
    const form = `job_id=${newJob()}&media_url=${encodedUrl}&is_duplicate=True`;
    expect(await alice("POST", `${PATH}?v=1`, { headers: FORM_TYPE, body: form })).toMatchObject(ACCEPTED);
  });

  it.each([
    ["video/mp4", { "content-type": "video/mp4" }],
    ["no type", {}],
    ["the type that curl gives to everything", FORM_TYPE],
  ])("takes a raw body of %s", async (_what, headers) => {
    const job = newJob();
    const body = new Blob([MEDIA]);
    expect(await alice("POST", `${PATH}?v=1&job_id=${job}`, { headers, body })).toMatchObject(ACCEPTED);
    expect(await local.stack.ledger.read(job)).toMatchObject({ state: "DELIVERED", sizeBytes: MEDIA.length });
  });

  it("takes 4 MiB, points to the upload routes beyond, and ends at the gateway's own limit", async () => {
    const headers = { "content-type": "video/mp4" };
    const send = (sizeBytes: number) =>
      alice("POST", `${PATH}?v=1&job_id=${newJob()}`, { headers, body: Buffer.alloc(sizeBytes, 1) });
    expect(await send(4 * MIB)).toMatchObject(ACCEPTED);
    expect(errorOf(await send(4 * MIB + 1))).toEqual(error(413, "MEDIA_TOO_LARGE", /request_upload_url/));
    expect(await send(6 * MIB)).toMatchObject({ status: 413, body: { message: "Request Entity Too Large" } });
  });

  it("takes one medium a job", async () => {
    const target = `${PATH}?v=1&job_id=${newJob()}`;
    expect(await alice("POST", target, { body: new Blob([MEDIA]) })).toMatchObject(ACCEPTED);
    expect(errorOf(await alice("POST", target, { body: new Blob([MEDIA]) }))).toEqual(
      error(409, "JOB_HAS_MEDIA", /^The job has its media/),
    );
    expect(errorOf(await alice("GET", `${target}&media_url=${encodedUrl}`))).toEqual(error(409, "JOB_HAS_MEDIA", /./));
  });

  it("shows at /api/job/delivery what it has done", async () => {
    const job = newJob();
    const { body } = await alice("POST", `${PATH}?v=1&job_id=${job}`, { body: new Blob([MEDIA]) });
    expect((await alice("GET", `/api/job/delivery?v=1&job_id=${job}`)).body).toMatchObject({
      State: "DELIVERED",
      TaskId: body["TaskId"],
    });
  });

  it.each([
    ["", "MISSING_PARAMETER", /^media_url is missing/],
    [`&media_url=${encodeURIComponent("http://media.example.org/")}`, "INVALID_URL", /must begin with https/],
    [`&media_url=${encodeURIComponent("https://169.254.169.254/")}`, "INVALID_URL", /not an address/],
    [
      `&media_url=${encodeURIComponent("https://cielo24-proxy-local-media.s3.amazonaws.com/a")}`,
      "INVALID_URL",
      /this API's bucket/,
    ],
    [`&media_url=${encodedUrl}&media_url=${encodedUrl}`, "INVALID_QUERY", "media_url is given twice."],
    [`&media_url=${encodedUrl}&is_duplicate=maybe`, "INVALID_OPTION", "is_duplicate must be true or false."],
    [`&media_url=${encodedUrl}&api_token=x`, "INVALID_QUERY", /^api_token has no business here/],
  ])("refuses %j", async (query, errorType, comment) => {
    const answer = await alice("GET", `${PATH}?v=1&job_id=${newJob()}${query}`);
    expect(errorOf(answer)).toEqual(error(400, errorType, comment));
  });

  it("threat 5: touches no foreign job", async () => {
    const target = `${PATH}?v=1&job_id=${newJob()}`;
    await alice("GET", `/api/job/request_upload_url?${target.split("?")[1] ?? ""}`);
    const bob = await sendAs(local.stack, { sub: "bob" });
    expect(errorOf(await bob("POST", target, { body: new Blob([MEDIA]) }))).toEqual(
      error(404, "ITEM_NOT_FOUND", new ApiError("ITEM_NOT_FOUND").comment),
    );
    expect(await alice("POST", target, { body: new Blob([MEDIA]) })).toMatchObject(ACCEPTED);
  });

  it("brings cielo24 exactly the bytes that came", async () => {
    const [small, large] = [newJob(), newJob()];
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256));
    await alice("POST", `${PATH}?v=1&job_id=${small}`, { body: new Blob([Buffer.from([0xff])]) });
    await alice("POST", `${PATH}?v=1&job_id=${large}`, { headers: FORM_TYPE, body: bytes });
    const sha256Of = (job: string) =>
      local.stack.cielo24?.acceptances.filter(({ jobId }) => jobId === job).map(({ sha256 }) => sha256);
    expect(sha256Of(small)).toEqual([
      createHash("sha256")
        .update(Buffer.from([0xff]))
        .digest("hex"),
    ]);
    expect(sha256Of(large)).toEqual([createHash("sha256").update(bytes).digest("hex")]);
  });

  it("says where an answer was lost that nothing may be sent again, and cielo24 gets it once", async () => {
    const job = newJob();
    const target = `${PATH}?v=1&job_id=${job}`;
    local.stack.cielo24?.faults.add({
      action: "POST job/add_media",
      jobId: job,
      kind: "resetAfterBody",
      accepts: true,
    });
    expect(errorOf(await alice("POST", target, { body: new Blob([MEDIA]) }))).toEqual(
      error(504, "CIELO24_ANSWER_UNKNOWN", /Do not send it again/),
    );
    expect((await alice("POST", target, { body: new Blob([MEDIA]) })).status).toBe(409);
    expect(local.stack.cielo24?.acceptances.filter(({ jobId }) => jobId === job)).toHaveLength(1);
  });

  it("says when to come back where cielo24 is down, and takes the medium then", async () => {
    const job = newJob();
    const target = `${PATH}?v=1&job_id=${job}`;
    local.stack.cielo24?.faults.add({ action: "job/info", kind: "answer", status: 503, times: 10 });
    const answer = await alice("POST", target, { body: new Blob([MEDIA]) });
    local.stack.cielo24?.faults.clear();
    expect(errorOf(answer)).toEqual(error(503, "CIELO24_UNAVAILABLE", /Try again later/));
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(await alice("POST", target, { body: new Blob([MEDIA]) })).toMatchObject(ACCEPTED);
  });

  it("passes cielo24's refusal on", async () => {
    const job = newJob();
    const body = JSON.stringify({ ErrorType: "INVALID_URL", ErrorComment: "Could not be reached." });
    local.stack.cielo24?.faults.add({ action: "GET job/add_media", jobId: job, kind: "answer", status: 400, body });
    expect(errorOf(await alice("GET", `${PATH}?v=1&job_id=${job}&media_url=${encodedUrl}`))).toEqual(
      error(400, "INVALID_URL", "Could not be reached."),
    );
  });
});
