import { afterEach, describe, expect, it } from "@jest/globals";
import { build } from "../../../functions/sign-upload/handler.ts";
import { NOT_FOUND, error, errorOf, sendAs, type HttpAnswer } from "../../harness/api.ts";
import { httpEvent, lambdaContext } from "../../harness/http-event.ts";
import { useStack } from "../../harness/stack.ts";
import { connectCielo24 } from "../../../lib/cielo24/client.ts";

const HAS_MEDIA = error(409, "JOB_HAS_MEDIA", /^The job has its media.*use another job/);
const UNKNOWN_JOB = "0123456789abcdef0123456789abcdef";
const HANGS_MS = 60_000;

describe("before an upload is signed, cielo24 is asked about the job", () => {
  const local = useStack({ fetchMedia: () => Promise.resolve(Buffer.from("media")) });
  const alice = sendAs(local, { sub: "alice" });
  afterEach(() => {
    const { aws } = local.stack;
    local.cielo24.faults.clear();
    aws.faults.clear();
  });

  const { newJob } = local;
  const put = (job: string, send = alice) => send("GET", `/api/job/request_upload_url?v=1&job_id=${job}`);
  const sign = (parameters: Record<string, unknown>, send = alice) =>
    send("POST", "/api/job/sign_upload", {
      headers: { "content-type": "application/json" },
      body: JSON.stringify(parameters),
    });
  /** Every way to begin an upload. */
  const begin = async (job: string, send = alice): Promise<HttpAnswer[]> => [
    await put(job, send),
    await sign({ job_id: job, method: "PUT" }, send),
    await sign({ job_id: job, method: "POST" }, send),
  ];
  const answerOf = (status: number, body: object | string, headers?: Record<string, string>) => ({
    kind: "answer" as const,
    status,
    body: typeof body === "string" ? body : JSON.stringify(body),
    times: 1_000,
    ...(headers ? { headers } : {}),
  });
  /** Makes cielo24's answers about the job countable. @returns how often it was asked */
  const count = (job: string): (() => number) => {
    const before = local.cielo24.faults.hits();
    local.cielo24.faults.add({ action: "job/info", jobId: job, ...answerOf(200, { JobId: job }) });
    return () => local.cielo24.faults.hits() - before;
  };
  /** Gives a job its media behind the proxy's back. */
  const giveMedia = async (jobId: string): Promise<void> => {
    const media = { jobId, mediaUrl: "https://media.example.org/a.mp4" };
    const { runtime } = local.stack;
    await connectCielo24(runtime).addMediaByUrl(media, { deadline: runtime.clock() + 10_000 });
    await local.cielo24.settled();
  };
  const warnings = () => local.records().filter(({ level }) => level === "warn");

  it("tells of a job that cielo24 does not know, as if it were somebody else's", async () => {
    for (const answer of await begin(UNKNOWN_JOB)) expect(errorOf(answer)).toEqual(NOT_FOUND);
    expect(await local.stack.ledger.read(UNKNOWN_JOB)).toBeUndefined();
    const root = sendAs(local, { sub: "root", scope: "admin" });
    expect(errorOf(await put(UNKNOWN_JOB, root))).toEqual(NOT_FOUND);
  });

  it("leaves a job to others that nobody knew when it was asked for", async () => {
    const job = newJob();
    local.cielo24.faults.add({ action: "job/info", ...answerOf(400, { ErrorType: "ITEM_NOT_FOUND" }) });
    for (const answer of await begin(job)) expect(errorOf(answer)).toEqual(NOT_FOUND);
    local.cielo24.faults.clear();
    const bob = sendAs(local, { sub: "bob" });
    expect((await put(job, bob)).status).toBe(200);
    expect(errorOf(await put(job))).toEqual(NOT_FOUND);
  });

  it("tells of media that the job was given without the proxy", async () => {
    const job = newJob();
    await giveMedia(job);
    for (const answer of await begin(job)) expect(errorOf(answer)).toEqual(HAS_MEDIA);
    expect(await local.stack.ledger.read(job)).toBeUndefined();
  });

  it("asks once a minute and job at most, and of parts, lists, completions and ends nothing", async () => {
    const job = newJob();
    const asked = count(job);
    await begin(job);
    expect(asked()).toBe(1);
    local.stack.advanceTime(59_000);
    await begin(job);
    expect(asked()).toBe(1);
    local.stack.advanceTime(1_000);
    const [, , created] = await begin(job);
    expect(asked()).toBe(2);

    local.stack.advanceTime(60_000);
    const upload = { job_id: job, key: created?.body["key"], upload_id: "u" };
    for (const request of [
      { method: "PUT", part_number: 1 },
      { method: "GET" },
      { method: "POST" },
      { method: "DELETE" },
    ])
      expect((await sign({ ...upload, ...request })).status).toBe(200);
    expect(asked()).toBe(2);
  });

  it("says nothing about somebody else's job that cielo24 would not be asked for, whatever it would answer", async () => {
    const [free, full, mistyped] = [newJob(), newJob(), newJob()];
    for (const job of [free, full, mistyped]) await put(job);
    await giveMedia(full);
    local.stack.advanceTime(60_000);
    const asked = [free, full, mistyped].map(count);
    const bob = sendAs(local, { sub: "bob" });
    for (const job of [free, full, mistyped])
      for (const answer of await begin(job, bob)) expect(errorOf(answer)).toEqual(NOT_FOUND);
    expect(asked.map((each) => each())).toEqual([0, 0, 0]);
  });

  it("renews an expired token within the question", async () => {
    await put(newJob());
    const logins = local.cielo24.logins();
    local.cielo24.expireTokens();
    const job = newJob();
    expect((await put(job)).status).toBe(200);
    expect(local.cielo24.logins()).toBe(logins + 1);
    expect(await local.stack.ledger.read(job)).toMatchObject({ jobSeenAt: expect.any(Number) as unknown });
  });

  describe("and signs all the same", () => {
    const expectSigned = async (job: string, answer: HttpAnswer, warning: object) => {
      expect(answer.status).toBe(200);
      expect(await local.stack.ledger.read(job)).toMatchObject({ state: "UPLOADING" });
      expect(await local.stack.ledger.read(job)).not.toHaveProperty("jobSeenAt");
      expect(warnings()).toMatchObject([{ service: "sign-upload", jobId: job, ...warning }]);
    };
    /** Signs with a function of its own, that has so much time. */
    const signWith = async (job: string, remainingMs: number, env: Record<string, string> = {}) => {
      const startedAt = performance.now();
      const { runtime } = local.stack;
      const event = httpEvent({ routeKey: "GET /api/job/request_upload_url", query: `v=1&job_id=${job}` });
      const handle = build({ ...runtime, env: { ...runtime.env, ...env } });
      const { statusCode, body } = await handle(event, lambdaContext(remainingMs));
      const answer = { status: statusCode, headers: new Headers(), body: JSON.parse(body) as Record<string, unknown> };
      return { answer, tookMs: performance.now() - startedAt };
    };
    const HTML = { "content-type": "text/html" };

    it.each<[what: string, answer: ReturnType<typeof answerOf>, code: string]>([
      ["503", answerOf(503, ""), "UNAVAILABLE"],
      ["429", answerOf(429, "", { "retry-after": "7200" }), "UNAVAILABLE"],
      ["UNHANDLED_ERROR", answerOf(400, { ErrorType: "UNHANDLED_ERROR" }), "UNAVAILABLE"],
      ["a page", answerOf(200, "<html>Welcome</html>", HTML), "UNINTELLIGIBLE"],
      ["another page", answerOf(404, "<html>Not Found</html>", HTML), "UNINTELLIGIBLE"],
      ["a redirect", answerOf(302, "", { location: "https://elsewhere.example/" }), "UNINTELLIGIBLE"],
      ["nothing", answerOf(200, ""), "UNINTELLIGIBLE"],
      ["of another job", answerOf(200, { JobId: UNKNOWN_JOB }), "UNINTELLIGIBLE"],
      ["that the account may not ask", answerOf(400, { ErrorType: "ACCOUNT_UNPRIVILEGED" }), "REFUSED"],
      ["that its token is bad, for ever", answerOf(400, { ErrorType: "BAD_API_TOKEN" }), "BAD_API_TOKEN"],
    ])("fault 59: where cielo24 answers %s", async (_what, answer, code) => {
      const job = newJob();
      local.cielo24.faults.add({ action: "job/info", ...answer });
      await expectSigned(job, await put(job), { code });
    });

    it("fault 59: where cielo24 cannot be reached", async () => {
      const job = newJob();
      const { answer } = await signWith(job, 29_000, { CIELO24_BASE_URL: "http://127.0.0.1:1" });
      await expectSigned(job, answer, { code: "UNAVAILABLE" });
    });

    it("fault 59: where the account's credentials are wrong", async () => {
      local.cielo24.setAccounts([]);
      local.cielo24.expireTokens();
      const job = newJob();
      const answer = await put(job);
      local.cielo24.setAccounts([local.stack.credentials]);
      await expectSigned(job, answer, { code: "LOGIN_INVALID" });
      local.stack.coldStart();
    });

    it.each<[what: string, breakIt: () => void, code: string]>([
      [
        "cannot be read",
        () => {
          local.stack.aws.faults.add({ action: "GetSecretValue", kind: "unavailable", times: 100 });
        },
        "UNAVAILABLE",
      ],
      [
        "is no JSON",
        () => {
          local.stack.secrets.rotate("5ecr37");
        },
        "LOGIN_INVALID",
      ],
    ])("where the secret %s", async (_what, breakIt, code) => {
      local.stack.coldStart();
      breakIt();
      const job = newJob();
      const answer = await put(job);
      const { username, securekey } = local.stack.credentials;
      local.stack.secrets.rotate({ username, securekey });
      await expectSigned(job, answer, { code });
      expect(JSON.stringify(local.records())).not.toContain("5ecr37");
      local.stack.coldStart();
    });

    const hangs: [what: string, hang: () => void][] = [
      [
        "cielo24",
        () => {
          local.cielo24.faults.add({ action: "job/info", kind: "answer", status: 200, afterMs: HANGS_MS });
        },
      ],
      [
        "the login",
        () => {
          local.cielo24.faults.add({ action: "account/login", kind: "answer", status: 200, afterMs: HANGS_MS });
        },
      ],
      [
        "the secret",
        () => {
          local.stack.aws.faults.add({ action: "GetSecretValue", kind: "hang", times: 100 });
        },
      ],
    ];
    // The call's deadline is three seconds before the function's end.
    it.each(hangs)("fault 59: within the time that the call has left, where %s hangs", async (_what, hang) => {
      hang();
      const job = newJob();
      const { answer, tookMs } = await signWith(job, 3_400);
      expect(tookMs).toBeLessThan(2_000);
      await expectSigned(job, answer, { code: "TIMED_OUT" });
    });

    it("fault 59: after three seconds, where cielo24 hangs and there is more time", async () => {
      local.cielo24.faults.add({ action: "job/info", kind: "answer", status: 200, afterMs: HANGS_MS });
      const job = newJob();
      const { answer, tookMs } = await signWith(job, 29_000);
      expect(Math.round(tookMs / 1_000)).toBe(3);
      await expectSigned(job, answer, { code: "TIMED_OUT" });
    });
  });
});
