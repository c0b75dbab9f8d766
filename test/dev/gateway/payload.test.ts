import { describe, expect, it } from "@jest/globals";
import { sendRaw } from "../../harness/raw-client.ts";
import { useGateway } from "./gateway.ts";

const route = (method: string, path: string) => ({ routeKey: `${method} ${path}`, method, path, functionName: "echo" });

const fixture = useGateway({
  routes: [
    route("GET", "/jobs"),
    route("POST", "/jobs"),
    route("GET", "/media/{capability}/{name}"),
    route("HEAD", "/media/{capability}/{name}"),
    route("GET", "/media/all/{name}"),
  ],
  clock: () => Date.UTC(2026, 2, 7, 19, 3, 58, 123),
});

const ask = async (path: string, options: Parameters<typeof sendRaw>[1] = {}): Promise<Record<string, unknown>> => {
  const { status, body } = await sendRaw(fixture.gateway.url + path, options);
  expect(status).toBe(200);
  return JSON.parse(body) as Record<string, unknown>;
};

describe("the event of payload format 2.0", () => {
  it("names version, route and stage", async () => {
    const event = await ask("/jobs?v=1", { headers: { "user-agent": "curl/8" } });
    expect(event).toMatchObject({
      version: "2.0",
      routeKey: "GET /jobs",
      rawPath: "/jobs",
      rawQueryString: "v=1",
      requestContext: {
        routeKey: "GET /jobs",
        stage: "$default",
        domainName: "127.0.0.1",
        http: { method: "GET", path: "/jobs", protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "curl/8" },
        time: "07/Mar/2026:19:03:58 +0000",
        timeEpoch: Date.UTC(2026, 2, 7, 19, 3, 58, 123),
      },
    });
  });

  it("has a fresh request id each time, which the client sees too", async () => {
    const answers = [await sendRaw(`${fixture.gateway.url}/jobs`), await sendRaw(`${fixture.gateway.url}/jobs`)];
    const ids = answers.map(
      ({ body }) => (JSON.parse(body) as { requestContext: { requestId: string } }).requestContext,
    );
    expect(ids[0]?.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(ids[0]?.requestId).not.toBe(ids[1]?.requestId);
    expect(answers.map(({ headers }) => headers["apigw-requestid"])).toEqual(ids.map(({ requestId }) => requestId));
  });

  it("joins repeated query parameters by commas, and keeps the raw query as it was", async () => {
    const event = await ask("/jobs?job_id=a&job_id=b&name=x%2Cy+z&empty=");
    expect(event["queryStringParameters"]).toEqual({ job_id: "a,b", name: "x,y z", empty: "" });
    expect(event["rawQueryString"]).toBe("job_id=a&job_id=b&name=x%2Cy+z&empty=");
  });

  it("takes headers and parameters by any name, those that mean something to JavaScript included", async () => {
    const event = await ask("/jobs?toString=a&__proto__=b&__proto__=c", {
      headers: { constructor: "x", valueOf: "y" },
    });
    expect(event["headers"]).toMatchObject({ constructor: "x", valueof: "y" });
    expect(Object.entries(event["queryStringParameters"] ?? {})).toEqual([
      ["toString", "a"],
      ["__proto__", "b,c"],
    ]);
  });

  it("leaves out what there is none of", async () => {
    const event = await ask("/jobs");
    expect(event["rawQueryString"]).toBe("");
    for (const absent of ["queryStringParameters", "pathParameters", "cookies", "body"])
      expect(event).not.toHaveProperty(absent);
    expect(event["requestContext"]).not.toHaveProperty("authorizer");
    expect(event["isBase64Encoded"]).toBe(false);
  });

  it("writes header names in lower case and joins repeated headers by commas", async () => {
    const { headers } = await ask("/jobs", { headers: { "X-Custom": ["one", "two"], Accept: "text/html" } });
    expect(headers).toMatchObject({ "x-custom": "one,two", accept: "text/html" });
    expect(headers).toMatchObject({ "x-forwarded-proto": "https", "x-forwarded-for": "127.0.0.1" });
    expect(headers).not.toHaveProperty("connection");
  });

  it("moves cookies out of the headers", async () => {
    const event = await ask("/jobs", { headers: { cookie: "a=1; b=2" } });
    expect(event["cookies"]).toEqual(["a=1", "b=2"]);
    expect(event["headers"]).not.toHaveProperty("cookie");
  });

  it("decodes path parameters, and the raw path in spite of its name", async () => {
    const event = await ask("/media/caf%C3%A9.1/a%20b%2Bc.mp4");
    expect(event["pathParameters"]).toEqual({ capability: "café.1", name: "a b+c.mp4" });
    expect(event["rawPath"]).toBe("/media/café.1/a b+c.mp4");
  });

  it("prefers a literal path to a parameter", async () => {
    expect(await ask("/media/all/x")).toMatchObject({ routeKey: "GET /media/all/{name}" });
  });

  it.each([
    ["application/json", '{"a":"ü"}'],
    ["application/json; charset=utf-8", "{}"],
    ["text/plain", "words"],
    ["text/csv", "a,b"],
    ["application/javascript", "1"],
    ["application/xml", "<a/>"],
  ])("passes a body of %s on as text", async (type, body) => {
    const event = await ask("/jobs", { method: "POST", headers: { "content-type": type }, body });
    expect(event).toMatchObject({ body, isBase64Encoded: false });
  });

  it.each([
    ["a form", { "content-type": "application/x-www-form-urlencoded" }],
    ["binary data", { "content-type": "video/mp4" }],
    ["an unusual kind of JSON", { "content-type": "application/vnd.api+json" }],
    ["no type", {}],
  ])("passes a body of %s on as base64", async (_kind, headers) => {
    const bytes = Buffer.from([0, 0xff, 0x80, 0x41]);
    const event = await ask("/jobs", { method: "POST", headers: headers, body: bytes });
    expect(event).toMatchObject({ body: bytes.toString("base64"), isBase64Encoded: true });
  });

  it("takes a body that came in chunks", async () => {
    const event = await ask("/jobs", {
      method: "POST",
      headers: { "transfer-encoding": "chunked", "content-type": "text/plain" },
      body: "chunked",
    });
    expect(event).toMatchObject({ body: "chunked", isBase64Encoded: false });
    expect(event["headers"]).not.toHaveProperty("transfer-encoding");
  });
});

describe("a function's result", () => {
  const answerOf = async (result: unknown, method = "GET", path = "/jobs") => {
    fixture.result = () => result;
    return sendRaw(fixture.gateway.url + path, { method }).finally(() => {
      fixture.result = (event) => event;
    });
  };

  it("is the body of a 200 where it has no status", async () => {
    const { status, headers, body } = await answerOf({ TaskId: "1" });
    expect([status, headers["content-type"], body]).toEqual([200, "application/json", '{"TaskId":"1"}']);
  });

  it("is the body itself where it is a string", async () => {
    const { status, headers, body } = await answerOf("words");
    expect([status, headers["content-type"], body]).toEqual([200, "application/json", "words"]);
  });

  it("gives status, headers and cookies", async () => {
    const { status, headers, body } = await answerOf({
      statusCode: 409,
      headers: { "Retry-After": 5, "Content-Type": "application/json" },
      cookies: ["a=1", "b=2; Secure"],
      body: "{}",
    });
    expect([status, body]).toEqual([409, "{}"]);
    expect(headers).toMatchObject({
      "retry-after": "5",
      "content-type": "application/json",
      "set-cookie": ["a=1", "b=2; Secure"],
    });
  });

  it("is plain text where it does not say what it is", async () => {
    expect((await answerOf({ statusCode: 200, body: "x" })).headers["content-type"]).toBe("text/plain;charset=UTF-8");
  });

  it("may have a body in base64", async () => {
    const result = { statusCode: 200, body: Buffer.from("ünïcode").toString("base64"), isBase64Encoded: true };
    expect((await answerOf(result)).body).toBe("ünïcode");
  });

  it.each([
    ["a status that is none", { statusCode: "often", body: "" }],
    ["a body that is no string", { statusCode: 200, body: { TaskId: "1" } }],
  ])("is a fault with %s", async (_fault, result) => {
    const { status, body } = await answerOf(result);
    expect([status, body]).toEqual([500, '{"message":"Internal Server Error"}']);
  });

  it("tells by HEAD the length of a body that is not sent", async () => {
    const result = { statusCode: 200, headers: { "content-length": "12345", "content-type": "video/mp4" }, body: "" };
    const { status, headers, body } = await answerOf(result, "HEAD", "/media/x/y");
    expect([status, headers["content-length"], headers["content-type"], body]).toEqual([200, "12345", "video/mp4", ""]);
  });
});
