import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { ANY_ACTION, TASK_ID } from "../../../dev/cielo24/faults.ts";
import { startCielo24, type Cielo24Options, type Cielo24Simulator } from "../../../dev/cielo24/server.ts";
import { closeServer, listen } from "../../../dev/stack/listen.ts";
import { sha256 } from "../../harness/sha256.ts";

const ACCOUNT = { username: "someone", securekey: randomBytes(16).toString("hex"), password: "open sesame & more" };
const HOUR_MS = 3_600_000;
const HEX = /^[0-9a-f]{32}$/;

let simulator: Cielo24Simulator;
let now = Date.UTC(2026, 0, 1);
const start = async (options: Cielo24Options = {}) => {
  simulator = await startCielo24({ accounts: [ACCOUNT], clock: () => now, ...options });
};
beforeEach(() => start());
afterEach(() => simulator.close());

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}
type Query = Readonly<Record<string, string>>;

const call = async (action: string, query: Query, init: RequestInit = {}): Promise<Answer> => {
  const response = await fetch(`${simulator.url}/api/${action}?${new URLSearchParams(query).toString()}`, init);
  const text = await response.text();
  return { status: response.status, body: (text.startsWith("{") ? JSON.parse(text) : { text }) as Answer["body"] };
};
const logIn = async (): Promise<string> => {
  const headers = { "x-auth-user": ACCOUNT.username, "x-auth-securekey": ACCOUNT.securekey };
  const { body } = await call("account/login", { v: "1" }, { headers });
  return String(body["ApiToken"]);
};
const authorized = async (query: Query = {}): Promise<Query> => ({ v: "1", api_token: await logIn(), ...query });
const post = (query: Query, body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  call("job/add_media", query, { method: "POST", body: Buffer.from(body), headers });

describe("sessions of the simulated cielo24", () => {
  it.each([
    ["securekey", ACCOUNT.securekey],
    ["password", ACCOUNT.password],
  ])("begin with the %s in a header or in the query", async (by, secret) => {
    const headers = { "x-auth-user": ACCOUNT.username, [`x-auth-${by}`]: secret };
    const byHeader = await call("account/login", { v: "1" }, { headers });
    const byQuery = await call("account/login", { v: "1", username: ACCOUNT.username, [by]: secret });
    for (const { status, body } of [byHeader, byQuery]) {
      expect(status).toBe(200);
      expect(body["ApiToken"]).toMatch(HEX);
    }
    expect(simulator.issuedTokens).toEqual([byHeader.body["ApiToken"], byQuery.body["ApiToken"]]);
    expect(new Set(simulator.issuedTokens).size).toBe(2);
  });

  it.each([
    [{ username: "someone", securekey: "0".repeat(32) }],
    [{ username: "else", securekey: ACCOUNT.securekey }],
    [{ username: "someone", securekey: "" }],
    [{ username: "someone" }],
    [{}],
  ])("do not begin with %j", async (credentials) => {
    expect(await call("account/login", { v: "1", ...credentials })).toMatchObject({
      status: 400,
      body: { ErrorType: "LOGIN_INVALID" },
    });
    expect(simulator.issuedTokens).toEqual([]);
  });

  it("end after an hour without use, and not before", async () => {
    const query = await authorized({ job_id: simulator.addJob() });
    for (let use = 0; use < 3; use += 1) {
      now += HOUR_MS - 1;
      expect((await call("job/info", query)).status).toBe(200);
    }
    now += HOUR_MS + 1;
    expect(await call("job/info", query)).toMatchObject({ status: 400, body: { ErrorType: "BAD_API_TOKEN" } });
  });

  it("end by a logout", async () => {
    const query = await authorized();
    expect((await call("account/logout", query)).status).toBe(204);
    expect((await call("account/generate_api_key", query)).body["ErrorType"]).toBe("BAD_API_TOKEN");
  });

  it("tell the account's long-term key", async () => {
    expect((await call("account/generate_api_key", await authorized())).body).toEqual({ ApiKey: ACCOUNT.securekey });
  });

  it("are refused to an account that was changed", async () => {
    simulator.setAccounts([{ ...ACCOUNT, securekey: "f".repeat(32) }]);
    expect(await logIn()).toBe("undefined");
  });
});

describe("jobs of the simulated cielo24", () => {
  it("are created, and speak both dialects", async () => {
    const query = await authorized();
    const json = { method: "POST", headers: { "content-type": "application/json" } };
    const made = await call("job/new", query, { ...json, body: JSON.stringify({ job_name: "in JSON" }) });
    expect(made.body).toMatchObject({ JobId: expect.stringMatching(HEX), TaskId: expect.stringMatching(HEX) });
    const form = { method: "POST", body: new URLSearchParams({ job_name: "in a form" }) };
    expect((await call("job/new", query, form)).status).toBe(200);
    expect((await call("job/new", { ...query, job_name: "in the query" })).status).toBe(200);
    expect([...simulator.jobs.values()].map(({ name }) => name)).toEqual(["in JSON", "in a form", "in the query"]);
  });

  it("tell their state, and the state of their tasks", async () => {
    const query = await authorized();
    const { body } = await call("job/new", { ...query, job_name: "n" });
    const job = { ...query, job_id: String(body["JobId"]) };
    expect((await call("job/info", job)).body).toEqual({
      JobId: job.job_id,
      JobName: "n",
      JobStatus: "Pending",
      MediaLengthSeconds: null,
    });
    const { body: task } = await call("job/perform_transcription", job);
    expect((await call("job/task_status", { ...query, task_id: String(task["TaskId"]) })).body["TaskStatus"]).toBe(
      "COMPLETE",
    );
  });

  it("take metadata, whatever is in it", async () => {
    const job_id = simulator.addJob();
    const query = await authorized({ job_id, reference_id: "a b+c/ü&=%", requestor_id: "me" });
    expect((await call("job/update_metadata", query)).body["TaskId"]).toMatch(HEX);
    expect(simulator.metadata).toEqual([{ jobId: job_id, referenceId: "a b+c/ü&=%", requestorId: "me" }]);
  });

  it.each([
    ["job/update_metadata", { reference_id: "r" }, "MISSING_PARAMETER"],
    ["job/update_metadata", { requestor_id: "q" }, "MISSING_PARAMETER"],
    ["job/info", { job_id: "" }, "MISSING_PARAMETER"],
    ["job/info", { job_id: "0".repeat(32) }, "ITEM_NOT_FOUND"],
    ["job/info", { job_id: "../x" }, "INVALID_QUERY"],
    ["job/info", { v: "2" }, "INVALID_OPTION"],
    ["job/info", { v: "" }, "MISSING_PARAMETER"],
    ["job/info", { api_token: "" }, "MISSING_PARAMETER"],
    ["job/info", { api_token: "0".repeat(32) }, "BAD_API_TOKEN"],
    ["job/task_status", { task_id: "0".repeat(32) }, "ITEM_NOT_FOUND"],
    ["job/add_media", {}, "MISSING_PARAMETER"],
    ["job/add_media", { media_url: "nonsense" }, "INVALID_URL"],
    ["job/add_media", { media_url: "http://127.0.0.1:1/a.mp4" }, "INVALID_URL"],
  ])("refuse %s with %j as %s", async (action, more, errorType) => {
    const query = await authorized({ job_id: simulator.addJob(), ...(more as Query) });
    const { status, body } = await call(action, query);
    expect(status).toBe(400);
    expect(body).toEqual({ ErrorType: errorType, ErrorComment: expect.any(String) as unknown });
  });

  it("know no other action", async () => {
    expect((await call("job/delete_everything", await authorized())).status).toBe(404);
  });
});

describe("a body that is posted to the simulated cielo24", () => {
  const media = randomBytes(300_000);
  const newJob = async () => authorized({ job_id: simulator.addJob() });
  const accepted = () => simulator.acceptances.map(({ sizeBytes, sha256, via }) => ({ sizeBytes, sha256, via }));
  const THIS = { sizeBytes: media.byteLength, sha256: sha256(media), via: "body" };

  it("is accepted, logged with its SHA-256, and shown by job/info", async () => {
    const query = await newJob();
    const { status, body } = await post(query, media);
    expect(status).toBe(200);
    expect(simulator.acceptances).toEqual([{ jobId: query["job_id"], taskId: body["TaskId"], at: now, ...THIS }]);
    expect(simulator.posts).toMatchObject([{ outcome: "accepted", receivedBytes: media.byteLength }]);
    expect((await call("job/info", query)).body["MediaLengthSeconds"]).toBeGreaterThan(0);
  });

  it("is not accepted twice, unless the simulator does not care", async () => {
    const query = await newJob();
    await post(query, media);
    expect(await post(query, media)).toMatchObject({ status: 400, body: { ErrorType: "INVALID_QUERY" } });
    expect(accepted()).toEqual([THIS]);
    await simulator.close();
    await start({ enforceOneMedia: false });
    const careless = await newJob();
    await post(careless, media);
    await post(careless, media);
    expect(accepted()).toEqual([THIS, THIS]);
  });

  it("is accepted once of many at the same time", async () => {
    const query = await newJob();
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(query, media)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(accepted()).toEqual([THIS]);
  });

  it("is shown late by job/info where it has a lag", async () => {
    await simulator.close();
    await start({ jobInfoLagMs: 60_000, facts: { showsTasks: true } });
    const query = await newJob();
    await post(query, media);
    expect((await call("job/info", query)).body).toMatchObject({ MediaLengthSeconds: null });
    now += 60_000;
    expect((await call("job/info", query)).body).toMatchObject({
      MediaLengthSeconds: expect.any(Number) as unknown,
      Tasks: [{ TaskType: "JOB_ADD_MEDIA", TaskStatus: "COMPLETE" }],
    });
  });

  it("is refused without a token, for an unknown job, empty, or with a media_url", async () => {
    const query = await newJob();
    const tries: [Query, Uint8Array, string][] = [
      [{ ...query, api_token: "0".repeat(32) }, media, "BAD_API_TOKEN"],
      [{ ...query, job_id: "0".repeat(32) }, media, "ITEM_NOT_FOUND"],
      [query, new Uint8Array(), "INVALID_QUERY"],
      [{ ...query, media_url: "https://example.org/a.mp4" }, media, "INVALID_QUERY"],
    ];
    for (const [wrong, body, errorType] of tries)
      expect(await post(wrong, body)).toMatchObject({ status: 400, body: { ErrorType: errorType } });
    expect(accepted()).toEqual([]);
    expect(simulator.posts.map(({ outcome }) => outcome)).toEqual(["refused", "refused", "refused", "refused"]);
  });

  it("may have a Content-Type, unless the simulator refuses that", async () => {
    const query = await newJob();
    expect((await post(query, media, { "content-type": "video/mp4" })).status).toBe(200);
    await simulator.close();
    await start({ facts: { mediaWithContentType: { status: 400, errorType: "INVALID_QUERY" } } });
    expect((await post(await newJob(), media, { "content-type": "video/mp4" })).status).toBe(400);
  });

  it("is refused when it comes in chunks, without a Content-Length", async () => {
    const query = await newJob();
    const request = http.request(`${simulator.url}/api/job/add_media?${new URLSearchParams(query).toString()}`, {
      method: "POST",
      headers: { "transfer-encoding": "chunked" },
    });
    request.write("abc");
    request.end();
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    expect(response.statusCode).toBe(411);
    response.resume();
    expect(accepted()).toEqual([]);
  });

  it.each(["end", "reset"])("is never accepted when it is cut short by an %s, even at its last byte", async (by) => {
    const query = await newJob();
    const socket = net.connect(simulator.port, "127.0.0.1");
    socket.on("error", () => undefined);
    const path = `/api/job/add_media?${new URLSearchParams(query).toString()}`;
    socket.write(`POST ${path} HTTP/1.1\r\nHost: cielo24\r\nContent-Length: ${media.byteLength}\r\n\r\n`);
    socket.write(media.subarray(0, -1), () => {
      if (by === "end") socket.end();
      else socket.resetAndDestroy();
    });
    while (simulator.posts.length === 0) await new Promise(setImmediate);
    expect(simulator.posts).toMatchObject([{ declaredBytes: media.byteLength, outcome: "cutShort" }]);
    expect(accepted()).toEqual([]);
    expect((await call("job/info", query)).body["MediaLengthSeconds"]).toBeNull();
  });

  it("is not looked at where digests are not wanted", async () => {
    await simulator.close();
    await start({ digest: false });
    await post(await newJob(), media);
    expect(accepted()).toEqual([{ ...THIS, sha256: "" }]);
  });

  it("may come through an upload URL of cielo24's own, for twelve hours", async () => {
    const query = await newJob();
    const { body } = await call("job/request_upload_url", query);
    const url = String(body["upload_url"]);
    now += 12 * HOUR_MS + 1;
    expect((await fetch(url, { method: "PUT", body: Buffer.from(media) })).status).toBe(400);
    now -= 1;
    expect((await fetch(url, { method: "PUT", body: Buffer.from(media) })).status).toBe(200);
    expect(accepted()).toEqual([THIS]);
  });
});

describe("a media URL that is given to the simulated cielo24", () => {
  const media = randomBytes(5_000);

  /** A web server that keeps a record of what it was asked. */
  const serve = async (answer: (request: http.IncomingMessage, response: http.ServerResponse) => void) => {
    const asked: string[] = [];
    const server = http.createServer((request, response) => {
      asked.push(`${request.method ?? ""} ${request.url ?? ""}`);
      answer(request, response);
    });
    return { url: `http://127.0.0.1:${await listen(server)}`, asked, close: () => closeServer(server) };
  };

  it("is asked for by HEAD, then fetched, redirects included", async () => {
    const web = await serve(({ url }, response) => {
      if (url === "/a.mp4") response.writeHead(302, { location: "/b.mp4" }).end();
      else response.writeHead(200, { "content-length": media.byteLength }).end(media);
    });
    const query = await authorized({ job_id: simulator.addJob(), media_url: `${web.url}/a.mp4` });
    const { status, body } = await call("job/add_media", query);
    expect(status).toBe(200);
    await simulator.settled();
    await web.close();
    expect(web.asked).toEqual(["HEAD /a.mp4", "HEAD /b.mp4", "GET /a.mp4", "GET /b.mp4"]);
    expect(simulator.acceptances).toMatchObject([
      { taskId: body["TaskId"], via: "url", sizeBytes: media.byteLength, sha256: sha256(media) },
    ]);
  });

  it("keeps the job for itself while it is being fetched, and frees it where that fails", async () => {
    const waiting: http.ServerResponse[] = [];
    const web = await serve(({ method }, response) => {
      if (method === "HEAD") response.writeHead(200).end();
      else waiting.push(response);
    });
    const query = await authorized({ job_id: simulator.addJob() });
    await call("job/add_media", { ...query, media_url: `${web.url}/a.mp4` });
    expect(await post(query, media)).toMatchObject({ status: 400 });
    while (waiting.length === 0) await new Promise(setImmediate);
    waiting[0]?.destroy();
    await simulator.settled();
    expect(simulator.acceptances).toEqual([]);
    expect((await post(query, media)).status).toBe(200);
    await web.close();
  });

  it.each([403, 404, 500])("that answers HEAD with %i cannot be reached", async (status) => {
    const web = await serve((_request, response) => response.writeHead(status).end());
    const query = await authorized({ job_id: simulator.addJob(), media_url: `${web.url}/a.mp4` });
    expect((await call("job/add_media", query)).body["ErrorType"]).toBe("INVALID_URL");
    await web.close();
  });

  it("outside of this machine is never asked for; a test supplies what is there", async () => {
    await simulator.close();
    await start({ fetchMedia: (url) => Promise.resolve(url.endsWith("/there.mp4") ? media : undefined) });
    const query = await authorized({ job_id: simulator.addJob() });
    const add = (media_url: string) => call("job/add_media", { ...query, media_url });
    expect((await add("https://example.org/not-there.mp4")).body["ErrorType"]).toBe("INVALID_URL");
    expect((await add("https://example.org/there.mp4")).status).toBe(200);
    await simulator.settled();
    expect(simulator.acceptances).toMatchObject([{ via: "url", sha256: sha256(media) }]);
  });
});

describe("faults of the simulated cielo24", () => {
  it("happen as often as they are told to, in their order, to the calls that they are meant for", async () => {
    const [one, other] = [simulator.addJob(), simulator.addJob()];
    const query = await authorized();
    simulator.faults.add({ action: "job/info", jobId: one, kind: "answer", status: 500, times: 2 });
    simulator.faults.add({ action: "job/info", kind: "answer", status: 429, headers: { "retry-after": "7" } });
    const statuses: number[] = [];
    for (const job_id of [one, other, one, one, other])
      statuses.push((await call("job/info", { ...query, job_id })).status);
    expect(statuses).toEqual([500, 429, 500, 200, 200]);
  });

  it("happen for a while, however often it is called", async () => {
    const query = await authorized({ job_id: simulator.addJob() });
    simulator.faults.add({ action: "job/info", kind: "answer", status: 503, forMs: HOUR_MS });
    const statuses: number[] = [];
    for (const later of [0, HOUR_MS / 2, HOUR_MS / 2 - 1, 1, 1]) {
      now += later;
      statuses.push((await call("job/info", query)).status);
    }
    expect(statuses).toEqual([503, 503, 503, 200, 200]);
    expect(simulator.faults.hits()).toBe(3);
    expect(simulator.faults.lastHitAt()).toBe(now - 2);
  });

  it("may begin with the first call that they strike", async () => {
    const query = await authorized({ job_id: simulator.addJob() });
    simulator.faults.add({ action: "job/info", kind: "answer", status: 503, forMs: HOUR_MS / 4, fromFirstHit: true });
    const statuses: number[] = [];
    for (const later of [HOUR_MS / 2, HOUR_MS / 4 - 1, 1]) {
      now += later;
      statuses.push((await call("job/info", query)).status);
    }
    expect(statuses).toEqual([503, 503, 200]);
  });

  it("let it read a body slowly, and accept it", async () => {
    const query = await authorized({ job_id: simulator.addJob() });
    simulator.faults.add({ action: "job/add_media", kind: "slowReading", overMs: 500 });
    const startedAt = performance.now();
    const { status } = await post(query, randomBytes(1_000_000));
    expect(status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThan(450);
    expect(simulator.acceptances).toMatchObject([{ sizeBytes: 1_000_000 }]);
  });

  it("may strike every action", async () => {
    const query = await authorized({ job_id: simulator.addJob() });
    simulator.faults.add({ action: ANY_ACTION, kind: "away", times: 3 });
    for (const action of ["job/info", "account/login"]) await expect(call(action, query)).rejects.toThrow();
    await expect(post(query, randomBytes(10))).rejects.toThrow();
    expect((await call("job/info", query)).status).toBe(200);
    expect(simulator.acceptances).toEqual([]);
  });

  it("let it refuse a body before it has come, and ask for patience", async () => {
    const query = new URLSearchParams(await authorized({ job_id: simulator.addJob() })).toString();
    simulator.faults.add({
      action: "POST job/add_media",
      kind: "earlyAnswer",
      status: 503,
      body: "",
      headers: { "retry-after": "1" },
    });
    const socket = net.connect(simulator.port, "127.0.0.1");
    socket.write(`POST /api/job/add_media?${query} HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n`);
    const [answer] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 503 [^]*\r\nretry-after: 1\r\n/);
    expect(simulator.posts).toMatchObject([{ receivedBytes: 0, outcome: "faulted" }]);
  });

  it.each(["body", "url"])("let it accept media by %s behind an error, and show it hours later", async (via) => {
    await simulator.close();
    await start({ jobInfoLagMs: 1_000, fetchMedia: () => Promise.resolve(randomBytes(10)) });
    const query = await authorized({ job_id: simulator.addJob() });
    simulator.faults.add({
      action: "job/add_media",
      kind: "acceptsBehindError",
      status: 502,
      shownAfterMs: HOUR_MS / 2,
    });
    const { status } =
      via === "body"
        ? await post(query, randomBytes(10))
        : await call("job/add_media", { ...query, media_url: "https://example.org/a" });
    expect(status).toBe(502);
    await simulator.settled();
    expect(simulator.acceptances).toMatchObject([{ via, at: now, shownAfterMs: HOUR_MS / 2 }]);
    const isShown = async () => (await call("job/info", query)).body["MediaLengthSeconds"] !== null;
    now += HOUR_MS / 2 - 1;
    expect(await isShown()).toBe(false);
    now += 1;
    expect(await isShown()).toBe(true);
  });

  it("let a second medium change nothing about when the first is shown", async () => {
    await simulator.close();
    await start({ enforceOneMedia: false, jobInfoLagMs: HOUR_MS / 2 });
    const query = await authorized({ job_id: simulator.addJob() });
    await post(query, randomBytes(10));
    now += HOUR_MS / 2;
    await post(query, randomBytes(10));
    expect((await call("job/info", query)).body["MediaLengthSeconds"]).not.toBeNull();
    expect(simulator.acceptances).toHaveLength(2);
  });

  it("of a POST do not touch the GET of the same action", async () => {
    await simulator.close();
    await start({ fetchMedia: () => Promise.resolve(new Uint8Array(3)) });
    const query = await authorized({ job_id: simulator.addJob() });
    simulator.faults.add({ action: "POST job/add_media", kind: "answer", status: 500 });
    expect((await call("job/add_media", { ...query, media_url: "https://example.org/a" })).status).toBe(200);
    expect((await post(query, randomBytes(10))).status).toBe(500);
  });

  it("let it answer by the byte, though it accepted", async () => {
    const query = await authorized({ job_id: simulator.addJob() });
    const pieces = ["HTTP/1.0 200 Fine\r\n\r\n", `{"TaskId":"${TASK_ID}"}`];
    simulator.faults.add({ action: "POST job/add_media", kind: "rawAnswer", pieces, ends: true });
    const { body } = await post(query, randomBytes(10));
    expect(simulator.acceptances).toMatchObject([{ taskId: body["TaskId"], sizeBytes: 10 }]);
  });

  it.each([
    ["resets", undefined, "ECONNRESET"],
    ["ends", true, "FIN"],
  ])("%s the connection in mid-body", async (_how, orderly, ending) => {
    const query = new URLSearchParams(await authorized({ job_id: simulator.addJob() })).toString();
    const fault = { kind: "resetAt", fraction: 0.5, ...(orderly === undefined ? {} : { orderly }) } as const;
    simulator.faults.add({ action: "POST job/add_media", ...fault });
    const socket = net.connect(simulator.port, "127.0.0.1");
    const ended = new Promise((resolve) => {
      socket.on("error", (error: NodeJS.ErrnoException) => {
        resolve(error.code);
      });
      socket.on("end", () => {
        resolve("FIN");
      });
    });
    socket.write(`POST /api/job/add_media?${query} HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n`);
    socket.write(Buffer.alloc(600));
    socket.resume();
    expect(await ended).toBe(ending);
    socket.destroy();
    expect(simulator.acceptances).toEqual([]);
  });

  it("can be taken back", async () => {
    simulator.faults.add({ action: "job/info", kind: "answer", status: 500, times: 100 });
    simulator.faults.clear();
    expect((await call("job/info", await authorized({ job_id: simulator.addJob() }))).status).toBe(200);
  });
});
