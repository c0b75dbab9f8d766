import { Agent } from "node:http";
import { afterEach, describe, expect, it } from "@jest/globals";
import { readDeployment } from "../../../dev/gateway/deployment.ts";
import { InvocationTooLargeError } from "../../../dev/gateway/server.ts";
import { sendRaw } from "../../harness/raw-client.ts";
import { useGateway } from "./gateway.ts";

const MIB = 1024 * 1024;
const ORIGIN = "https://app.example.org";

const fixture = useGateway({
  routes: [
    { routeKey: "GET /jobs", method: "GET", path: "/jobs", functionName: "echo" },
    { routeKey: "POST /jobs", method: "POST", path: "/jobs", functionName: "echo" },
    { routeKey: "GET /guarded", method: "GET", path: "/guarded", functionName: "echo", scopes: ["media.read"] },
  ],
  cors: {
    allowedOrigins: [ORIGIN],
    allowedHeaders: ["authorization", "content-type"],
    allowedMethods: ["GET", "POST"],
    exposedHeaders: ["retry-after"],
    maxAgeS: 600,
  },
  integrationTimeoutMs: 100,
});

afterEach(() => {
  fixture.result = (event) => event;
  fixture.events.length = 0;
});

describe("the gateway", () => {
  it.each([
    ["an unknown path", "GET", "/nowhere"],
    ["a method that has no route", "DELETE", "/jobs"],
    ["HEAD where only GET has one", "HEAD", "/jobs"],
    ["a trailing slash", "GET", "/jobs/"],
  ])("answers 404 to %s", async (_kind, method, path) => {
    const { status, headers, body } = await sendRaw(fixture.gateway.url + path, { method });
    expect(status).toBe(404);
    expect(headers["apigw-requestid"]).toMatch(/^[0-9a-f-]{36}$/);
    if (method !== "HEAD") expect(body).toBe('{"message":"Not Found"}');
  });

  describe("given a request line and headers", () => {
    const MAX_HEAD_BYTES = 10_240;
    const TOO_LARGE = [431, '{"message":"Request Header Fields Too Large"}'];
    /** A request whose request line and headers have this many bytes, `x-long` filling up. */
    const requestOf = (sizeBytes: number, target = "/jobs") => {
      const names = ["host", "connection", "x-long"].join("");
      const { host } = new URL(fixture.gateway.url);
      const used = `GET ${target} HTTP/1.1${names}${host}keep-alive`.length;
      return { target, headers: { connection: "keep-alive", "x-long": "x".repeat(sizeBytes - used) } };
    };

    it.each(["/jobs", `/jobs?padding=${"p".repeat(5_000)}`])(
      "takes 10,240 bytes and not one more: %#",
      async (target) => {
        fixture.result = () => "taken";
        const answers = [];
        for (const sizeBytes of [MAX_HEAD_BYTES, MAX_HEAD_BYTES + 1, 500_000]) {
          const { status, body } = await sendRaw(fixture.gateway.url, requestOf(sizeBytes, target));
          answers.push([status, body]);
        }
        expect(answers).toEqual([[200, "taken"], TOO_LARGE, TOO_LARGE]);
        expect(fixture.events).toHaveLength(1);
      },
    );

    it("keeps the connection, whatever came with the request", async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const { url } = fixture.gateway;
      const { target, headers } = requestOf(MAX_HEAD_BYTES + 1);
      const refused = await sendRaw(url, { method: "POST", target, headers, body: Buffer.alloc(MIB) }, agent);
      expect([refused.status, refused.headers.connection]).toEqual([431, "keep-alive"]);
      const sockets = Object.values(agent.freeSockets).flat();
      expect(sockets).toHaveLength(1);
      expect((await sendRaw(`${url}/jobs`, {}, agent)).status).toBe(200);
      expect(Object.values(agent.freeSockets).flat()).toEqual(sockets);
      agent.destroy();
    });

    it("counts every header, however many there are", async () => {
      const headers = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`h${at}`, ""]));
      const { status, body } = await sendRaw(`${fixture.gateway.url}/jobs`, { headers });
      expect([status, body]).toEqual(TOO_LARGE);
    });

    it("refuses too many on every path, guarded, unknown or asked about beforehand", async () => {
      const { headers } = requestOf(MAX_HEAD_BYTES + 1);
      const preflight = { ...headers, origin: ORIGIN, "access-control-request-method": "POST" };
      for (const [path, request] of [
        ["/guarded", { headers }],
        ["/nowhere", { headers }],
        ["/jobs", { method: "OPTIONS", headers: preflight }],
      ] as const)
        expect((await sendRaw(fixture.gateway.url + path, request)).status).toBe(431);
    });
  });

  it("takes a body of 10 MB and refuses one byte more, announced or not", async () => {
    fixture.result = () => "taken";
    const url = `${fixture.gateway.url}/jobs`;
    expect((await sendRaw(url, { method: "POST", body: Buffer.alloc(10 * MIB) })).status).toBe(200);
    const body = Buffer.alloc(10 * MIB + 1);
    const announced = await sendRaw(url, { method: "POST", body });
    const chunked = await sendRaw(url, { method: "POST", headers: { "transfer-encoding": "chunked" }, body });
    for (const answer of [announced, chunked])
      expect([answer.status, answer.body]).toEqual([413, '{"message":"Request Entity Too Large"}']);
    expect(fixture.events).toHaveLength(1);
  });

  it("answers 413 where the body is too large for the function", async () => {
    fixture.result = () => {
      throw new InvocationTooLargeError();
    };
    const { status, body } = await sendRaw(`${fixture.gateway.url}/jobs`);
    expect([status, body]).toEqual([413, '{"message":"Request Entity Too Large"}']);
  });

  it("answers 500 where the function fails, and tells nothing about it", async () => {
    fixture.result = () => {
      throw new Error("secret");
    };
    const { status, body } = await sendRaw(`${fixture.gateway.url}/jobs`);
    expect([status, body]).toEqual([500, '{"message":"Internal Server Error"}']);
  });

  it("answers 503 where the function takes too long", async () => {
    fixture.result = () => new Promise(() => undefined);
    const { status, body } = await sendRaw(`${fixture.gateway.url}/jobs`);
    expect([status, body]).toEqual([503, '{"message":"Service Unavailable"}']);
  });
});

describe("CORS", () => {
  const preflight = { origin: ORIGIN, "access-control-request-method": "POST" };

  it("answers a preflight without a token and without the function", async () => {
    const { status, headers, body } = await sendRaw(`${fixture.gateway.url}/guarded`, {
      method: "OPTIONS",
      headers: preflight,
    });
    expect([status, body]).toEqual([204, ""]);
    expect(headers).toMatchObject({
      "access-control-allow-origin": ORIGIN,
      "access-control-allow-methods": "GET,POST",
      "access-control-allow-headers": "authorization,content-type",
      "access-control-max-age": "600",
    });
    expect(fixture.events).toEqual([]);
  });

  it("allows a foreign origin nothing", async () => {
    const headers = { ...preflight, origin: "https://evil.example.org" };
    const answers = [
      await sendRaw(`${fixture.gateway.url}/jobs`, { method: "OPTIONS", headers }),
      await sendRaw(`${fixture.gateway.url}/jobs`, { headers: { origin: headers.origin } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([204, 200]);
    for (const answer of answers) expect(answer.headers).not.toHaveProperty("access-control-allow-origin");
  });

  it("adds its headers to answers, its own refusals included, and drops the function's", async () => {
    fixture.result = () => ({ statusCode: 200, headers: { "Access-Control-Allow-Origin": "*" }, body: "" });
    const headers = { origin: ORIGIN };
    for (const path of ["/jobs", "/guarded", "/nowhere"])
      expect((await sendRaw(fixture.gateway.url + path, { headers })).headers).toMatchObject({
        "access-control-allow-origin": ORIGIN,
        "access-control-expose-headers": "retry-after",
      });
    expect((await sendRaw(`${fixture.gateway.url}/jobs`)).headers).not.toHaveProperty("access-control-allow-origin");
  });
});

describe("the deployment", () => {
  it("is read from the files that are deployed", async () => {
    const { functions, cors } = await readDeployment();
    const routes = functions.flatMap((each) => each.routes);
    expect(routes.map(({ routeKey }) => routeKey).toSorted()).toEqual([
      "DELETE /api/job/delivery",
      "GET /api/job/add_media",
      "GET /api/job/delivery",
      "GET /api/job/request_upload_url",
      "GET /api/job/update_metadata",
      "GET /health",
      "GET /media/{capability}/{name}",
      "HEAD /media/{capability}/{name}",
      "POST /api/job/add_media",
      "POST /api/job/sign_upload",
      "POST /api/job/update_metadata",
    ]);
    const open = routes.filter(({ scopes }) => scopes === undefined).map(({ functionName }) => functionName);
    expect(new Set(open)).toEqual(new Set(["health", "media-source"]));
    for (const { scopes } of routes) if (scopes) expect(scopes).toContain("admin");
    expect(functions.find(({ name }) => name === "deliver-media")?.timeoutMs).toBe(900_000);
    expect(cors.allowedHeaders).toContain("authorization");
  });
});
