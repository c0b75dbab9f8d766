import { describe, expect, it } from "@jest/globals";
import { useStack } from "../../harness/stack.ts";
import { fillRequest, MEDIA, sendBytes } from "./fixture.ts";
import { sha256 } from "../../harness/sha256.ts";

const MEDIA_URL = "https://media.example.org/a%20b+c.mp4?x=1&y=2";
const SCOPE = "media.write metadata.write";
const TASK_ID = { TaskId: expect.stringMatching(/^[0-9a-f]{32}$/) };

const fetched: string[] = [];
const local = useStack({
  fetchMedia: (url) => {
    fetched.push(url);
    return Promise.resolve(MEDIA);
  },
});

const { newJob, taken } = local;

/** Sends a request of a client's, with a valid token where it has a place for one. */
const send = async (name: string, jobId: string, ...moreHeaders: string[]) => {
  const { apiUrl } = local.stack;
  const token = await local.stack.token({ sub: "app", scope: SCOPE });
  const filled = { host: new URL(apiUrl).host, token, job_id: jobId, api_token: "0123456789abcdef0123456789abcdef" };
  return sendBytes(apiUrl, await fillRequest(name, filled, moreHeaders));
};

describe.each(["python", "javascript"])("cielo24's own %s client, to the byte", (client) => {
  it("adds media by URL, which cielo24 gets as the application wrote it", async () => {
    const job = newJob();
    fetched.length = 0;
    expect(await send(`${client}/add-media-by-url`, job)).toEqual({ status: 200, body: TASK_ID });
    expect(taken(job)).toMatchObject([{ via: "url" }]);
    expect(fetched).toEqual([MEDIA_URL]);
  });

  it("adds media by a URL that another job has", async () => {
    const job = newJob();
    expect(await send(`${client}/add-media-by-url-again`, job)).toEqual({ status: 200, body: TASK_ID });
    expect(taken(job)).toHaveLength(1);
  });

  it("adds media from a small file, which arrives byte for byte", async () => {
    const job = newJob();
    expect(await send(`${client}/add-media-file`, job)).toEqual({ status: 200, body: TASK_ID });
    expect(taken(job)).toMatchObject([{ via: "body", sha256: sha256(MEDIA) }]);
  });

  it.each([
    ["JSON", "update-metadata"],
    ["a query, with its own way to write a space", "update-metadata-by-query"],
  ])("is understood where it writes parameters as %s", async (_as, call) => {
    const job = newJob();
    expect(await send(`${client}/${call}`, job)).toEqual({ status: 200, body: TASK_ID });
    expect(local.cielo24.metadata.at(-1)).toEqual({
      jobId: job,
      referenceId: "Über 7+1",
      requestorId: "lecturer 1",
    });
  });

  it("is told in its own form what is wrong", async () => {
    const job = newJob();
    await send(`${client}/add-media-file`, job);
    expect(await send(`${client}/add-media-file`, job)).toMatchObject({
      status: 409,
      body: { ErrorType: "JOB_HAS_MEDIA", ErrorComment: expect.any(String) },
    });
  });
});

describe("cielo24's client of the generation before, which can set no header", () => {
  it.each([
    ["login", 404, "Not Found"],
    ["login-by-headers", 404, "Not Found"],
    ["add-media-by-url", 401, "Unauthorized"],
    ["add-media-file", 401, "Unauthorized"],
  ])("is turned away at the gateway: %s", async (call, status, message) => {
    const job = newJob();
    expect(await send(`before/${call}`, job)).toEqual({ status, body: { message } });
    expect(taken(job)).toEqual([]);
  });

  it.each(["add-media-by-url", "add-media-file"])(
    "is told that its api_token has no business here, where something before the API adds a bearer token: %s",
    async (call) => {
      const job = newJob();
      const authorization = `Authorization: Bearer ${await local.stack.token({ sub: "app", scope: SCOPE })}`;
      expect(await send(`before/${call}`, job, authorization)).toMatchObject({
        status: 400,
        body: { ErrorType: "INVALID_QUERY", ErrorComment: expect.stringMatching(/^api_token has no business here/) },
      });
      expect(taken(job)).toEqual([]);
    },
  );
});
