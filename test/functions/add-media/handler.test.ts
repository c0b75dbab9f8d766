import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { findProgram, runProgram } from "../../harness/programs.ts";
import { error, errorOf, sendAs } from "../../harness/api.ts";
import { ApiError } from "../../../lib/http/errors.ts";
import { useStack } from "../../harness/stack.ts";

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
  const alice = sendAs(local, { sub: "alice" });
  const { newJob } = local;
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
    // Base64 in an invocation of 6 MB: 4.7 MB, and some of that is the rest of the event.
    expect(errorOf(await send(4_700_000))).toEqual(error(413, "MEDIA_TOO_LARGE", /request_upload_url/));
    expect(await send(4_720_000)).toMatchObject({ status: 413, body: { message: "Request Entity Too Large" } });
  });

  it("refuses parameters of more than 64 KiB, and takes media as large that curl calls a form", async () => {
    const target = `${PATH}?v=1&job_id=${newJob()}`;
    const tooLarge = error(413, "BODY_TOO_LARGE", /at most 64 KiB.*as application\/octet-stream/);
    const form = "a=&".repeat(MIB);
    expect(errorOf(await alice("POST", target, { headers: FORM_TYPE, body: form }))).toEqual(tooLarge);
    const json = JSON.stringify({ media_url: URL_OF_MEDIA, x: "a".repeat(64 * 1024) });
    expect(errorOf(await alice("POST", target, { headers: JSON_TYPE, body: json }))).toEqual(tooLarge);
    const media = Buffer.concat([MEDIA, Buffer.alloc(MIB, "a")]);
    expect(await alice("POST", target, { headers: FORM_TYPE, body: media })).toMatchObject(ACCEPTED);
  });

  describe("what is no medium", () => {
    const FILE = randomBytes(300_000);
    const ADVICE =
      /Send the file itself, as application\/octet-stream: curl -H 'Content-Type: application\/octet-stream' --data-binary @FILE/;
    const expectFree = async (job: string) => {
      expect(local.taken(job)).toEqual([]);
      expect(await local.stack.ledger.read(job)).toBeUndefined();
      const headers = { "content-type": "application/octet-stream" };
      const body = Buffer.from(FILE);
      expect(await alice("POST", `${PATH}?v=1&job_id=${job}`, { headers, body })).toMatchObject(ACCEPTED);
      expect(local.taken(job)).toMatchObject([{ sha256: createHash("sha256").update(FILE).digest("hex") }]);
    };

    it.each<[string, () => FormData | URLSearchParams | string | Blob, string | undefined]>([
      [
        "a browser's FormData",
        () => {
          const form = new FormData();
          form.append("file", new Blob([FILE], { type: "video/mp4" }), "lecture.mp4");
          return form;
        },
        undefined,
      ],
      ["a .ts file, as browsers call it", () => new Blob([FILE], { type: "text/vnd.trolltech.linguist" }), undefined],
      ["text", () => "media_url=https://media.example.org/a.mp4", undefined],
      ["XML", () => "<media/>", "application/xml"],
      ["JSON that is called media", () => JSON.stringify({ media_url: URL_OF_MEDIA }), "application/octet-stream"],
      ["a form that is called media", () => `media_url=${encodedUrl}&is_duplicate=true`, "video/mp4"],
    ])("fault 58: is refused with the right command, and the job stays free: %s", async (_what, makeBody, type) => {
      const job = newJob();
      const wrapped = new Response(makeBody());
      const headers = { "content-type": type ?? wrapped.headers.get("content-type") ?? "" };
      const body = Buffer.from(await wrapped.arrayBuffer());
      expect(errorOf(await alice("POST", `${PATH}?v=1&job_id=${job}`, { headers, body }))).toEqual(
        error(400, "INVALID_QUERY", ADVICE),
      );
      await expectFree(job);
    });

    const curl = findProgram("curl");
    (curl ? it : it.skip).each([
      ["curl -F", (file: string) => ["-F", `file=@${file}`]],
      ["curl -F with a type of its own", (file: string) => ["-F", `file=@${file}`, "-H", "Content-Type: video/mp4"]],
      ["curl -d with a form called media", () => ["-d", `media_url=${encodedUrl}`, "-H", "Content-Type: video/mp4"]],
    ])("fault 58: is refused with the right command, and the job stays free: %s", async (_what, argumentsFor) => {
      const job = newJob();
      const token = await local.stack.token({ sub: "alice", scope: "media.write" });
      const folder = await mkdtemp(join(tmpdir(), "form-"));
      const file = join(folder, "lecture.mp4");
      await writeFile(file, FILE);
      const target = `${local.stack.apiUrl}${PATH}?v=1&job_id=${job}`;
      const words = ["-sS", target, "-H", `Authorization: Bearer ${token}`, ...argumentsFor(file)];
      const printed = await runProgram(curl, words, { env: {}, cwd: folder });
      await rm(folder, { recursive: true, force: true });
      expect(JSON.parse(printed)).toMatchObject({
        ErrorType: "INVALID_QUERY",
        ErrorComment: expect.stringMatching(ADVICE),
      });
      await expectFree(job);
    });
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
    [`&mediaUrl=${encodedUrl}`, "INVALID_QUERY", "mediaUrl is no parameter of this call: did you mean media_url?"],
    [`&media_url=${encodedUrl}&isDuplicate=true`, "INVALID_QUERY", /did you mean is_duplicate\?$/],
  ])("refuses %j", async (query, errorType, comment) => {
    const answer = await alice("GET", `${PATH}?v=1&job_id=${newJob()}${query}`);
    expect(errorOf(answer)).toEqual(error(400, errorType, comment));
  });

  it("threat 5: touches no foreign job", async () => {
    const target = `${PATH}?v=1&job_id=${newJob()}`;
    await alice("GET", `/api/job/request_upload_url?${target.split("?")[1] ?? ""}`);
    const bob = sendAs(local, { sub: "bob" });
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
    const sha256Of = (job: string) => local.taken(job).map(({ sha256 }) => sha256);
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
    local.cielo24.faults.add({
      action: "POST job/add_media",
      jobId: job,
      kind: "resetAfterBody",
      accepts: true,
    });
    expect(errorOf(await alice("POST", target, { body: new Blob([MEDIA]) }))).toEqual(
      error(504, "CIELO24_ANSWER_UNKNOWN", /Do not send it again/),
    );
    expect((await alice("POST", target, { body: new Blob([MEDIA]) })).status).toBe(409);
    expect(local.taken(job)).toHaveLength(1);
  });

  it("says when to come back where cielo24 is down, and takes the medium then", async () => {
    const job = newJob();
    const target = `${PATH}?v=1&job_id=${job}`;
    local.cielo24.faults.add({ action: "job/info", kind: "answer", status: 503, times: 10 });
    const answer = await alice("POST", target, { body: new Blob([MEDIA]) });
    local.cielo24.faults.clear();
    expect(errorOf(answer)).toEqual(error(503, "CIELO24_UNAVAILABLE", /Try again later/));
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(await alice("POST", target, { body: new Blob([MEDIA]) })).toMatchObject(ACCEPTED);
  });

  it("passes cielo24's refusal on", async () => {
    const job = newJob();
    const body = JSON.stringify({ ErrorType: "INVALID_URL", ErrorComment: "Could not be reached." });
    local.cielo24.faults.add({ action: "GET job/add_media", jobId: job, kind: "answer", status: 400, body });
    expect(errorOf(await alice("GET", `${PATH}?v=1&job_id=${job}&media_url=${encodedUrl}`))).toEqual(
      error(400, "INVALID_URL", "Could not be reached."),
    );
  });
});
