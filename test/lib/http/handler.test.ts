import { describe, expect, it } from "@jest/globals";
import { Cielo24Error } from "../../../lib/cielo24/api.ts";
import {
  respond,
  type ApiResponse,
  type ApiRequest,
  type Endpoint,
  type HttpEvent,
} from "../../../lib/http/endpoint.ts";
import { ApiError } from "../../../lib/http/errors.ts";
import { apiHandler, publicHandler } from "../../../lib/http/handler.ts";
import { httpEvent, lambdaContext } from "../../harness/http-event.ts";
import { testRuntime } from "../../harness/runtime.ts";

const JOB = "0123456789abcdef0123456789abcdef";

/** Calls a function made of the endpoint, and gives back its answer with what was logged. */
const call = async (endpoint: Endpoint, event: HttpEvent = httpEvent(), remainingMs?: number) => {
  const runtime = testRuntime({ STAGE: "test" });
  const handle = apiHandler(runtime, "some-function", { scope: "media.read" }, endpoint);
  const { statusCode, headers, body } = await handle(event, lambdaContext(remainingMs));
  const records = runtime.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { runtime, statusCode, headers, body: JSON.parse(body) as Record<string, string>, records };
};

const fail = (error: unknown): Endpoint => {
  const failing = Promise.withResolvers<ApiResponse>();
  return () => {
    failing.reject(error);
    return failing.promise;
  };
};

describe("apiHandler", () => {
  it("lets nobody reach the endpoint without the function's scope", async () => {
    const { statusCode, body } = await call(
      fail("unreachable"),
      httpEvent({ query: "v=1", claims: { sub: "alice", scope: "media.write" } }),
    );
    expect(statusCode).toBe(403);
    expect(body).toMatchObject({ ErrorType: "NOT_AUTHORIZED", ErrorComment: expect.stringContaining("media.read") });
  });

  it("gives the endpoint parameters, caller and deadline", async () => {
    const seen: ApiRequest[] = [];
    const { runtime } = await call(
      (request) => {
        seen.push(request);
        return Promise.resolve(respond({}));
      },
      httpEvent({ query: "v=1&job_id=a" }),
    );
    expect(seen).toMatchObject([
      {
        parameters: { v: "1", job_id: "a" },
        caller: { isAdmin: false, owner: "alice" },
        deadline: runtime.now + 24_000,
      },
    ]);
  });

  it.each([
    [29_000, 24_000],
    [900_000, 24_000],
    [10_000, 7_000],
    [2_000, 0],
  ])("of %i ms that remain, lets the endpoint have %i", async (remainingMs, expected) => {
    let leftMs: number | undefined;
    const { runtime } = await call(
      ({ deadline }) => {
        leftMs = deadline;
        return Promise.resolve(respond({}));
      },
      httpEvent(),
      remainingMs,
    );
    expect(leftMs).toBe(runtime.now + expected);
  });

  it("answers JSON that may not be stored or guessed at", async () => {
    const { statusCode, headers, body } = await call(() => Promise.resolve(respond({ TaskId: "t" })));
    expect(statusCode).toBe(200);
    expect(body).toEqual({ TaskId: "t" });
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "cache-control": "no-store",
      "X-Content-Type-Options": "nosniff",
      "Strict-Transport-Security": expect.stringContaining("max-age=") as unknown as string,
      "Referrer-Policy": "no-referrer",
    });
    expect(Object.values(headers)).not.toContain(undefined);
  });

  it("dresses errors in the same headers", async () => {
    const { headers } = await call(fail(new ApiError("INVALID_QUERY")));
    expect(headers).toMatchObject({ "cache-control": "no-store", "X-Content-Type-Options": "nosniff" });
  });

  it("refuses who owns nothing before it looks at the parameters", async () => {
    const { statusCode, body } = await call(fail("unreachable"), httpEvent({ claims: {}, query: "a=1&a=2" }));
    expect(statusCode).toBe(403);
    expect(body["ErrorType"]).toBe("NOT_AUTHORIZED");
  });

  it("refuses parameters before the endpoint sees them", async () => {
    const { statusCode, body } = await call(fail("unreachable"), httpEvent({ query: "a=1&a=2" }));
    expect(statusCode).toBe(400);
    expect(body).toEqual({ ErrorType: "INVALID_QUERY", ErrorComment: "a is given twice.", RequestId: "request-1" });
  });

  it("finds headers whatever their case", async () => {
    const event = httpEvent();
    event.headers = { "X-Auth-User": "someone" };
    expect((await call(fail("unreachable"), event)).body["ErrorComment"]).toContain("x-auth-user");
  });

  it("logs one record a request, without values of parameters", async () => {
    const { records } = await call(
      () => Promise.resolve(respond({ TaskId: "t" })),
      httpEvent({ routeKey: "GET /api/job/test", query: `job_id=${JOB}&reference_id=private` }),
    );
    expect(records).toEqual([
      {
        time: "2031-05-06T07:08:09.000Z",
        level: "info",
        service: "some-function",
        message: "request answered",
        requestId: "request-1",
        route: "GET /api/job/test",
        durationMs: 0,
        jobId: JOB,
        status: 200,
      },
    ]);
  });

  it("logs a job by its id, however it was spelt", async () => {
    const query = "job_id=01234567-89AB-CDEF-0123-456789ABCDEF";
    const { records } = await call(() => Promise.resolve(respond({})), httpEvent({ query }));
    expect(records).toMatchObject([{ jobId: JOB }]);
  });

  it("threat 14: logs a job_id only if it is one", async () => {
    const { records } = await call(() => Promise.resolve(respond({})), httpEvent({ query: "job_id=%0Ainjected" }));
    expect(records[0]).not.toHaveProperty("jobId");
  });

  it("logs refusals by their code", async () => {
    const { records } = await call(fail(new ApiError("JOB_HAS_MEDIA")));
    expect(records).toMatchObject([{ level: "info", message: "request refused", status: 409, code: "JOB_HAS_MEDIA" }]);
  });

  it("counts failures, and logs of the unexpected its class and place alone", async () => {
    const { statusCode, body, records } = await call(fail(new TypeError("https://s3.example/?X-Amz-Signature=5ecr37")));
    expect(statusCode).toBe(500);
    expect(body["ErrorType"]).toBe("UNHANDLED_ERROR");
    expect(records).toMatchObject([
      {
        level: "error",
        status: 500,
        code: "UNHANDLED_ERROR",
        reason: expect.stringMatching(/^TypeError at handler\.test\.ts:\d+$/) as unknown as string,
      },
      { Http5xx: 1 },
    ]);
    expect(JSON.stringify([body, records])).not.toMatch(/5ecr37|s3\.example/);
  });

  it.each([["text"], [undefined], [{ name: "x" }], [Object.assign(new Error("e"), { name: "a\nb", stack: "" })]])(
    "survives that %j is thrown",
    async (thrown) => {
      const { statusCode, records } = await call(fail(thrown));
      expect(statusCode).toBe(500);
      expect(records[1]).toMatchObject({ Http5xx: 1 });
    },
  );

  it("raises the alarm about cielo24's login", async () => {
    const { statusCode, records } = await call(fail(new Cielo24Error("LOGIN_INVALID")));
    expect(statusCode).toBe(502);
    expect(records).toMatchObject([{ code: "LOGIN_INVALID" }, { Http5xx: 1 }, { LoginInvalid: 1 }]);
  });

  it("answers for an endpoint that does not, before the function is ended", async () => {
    const { statusCode, body } = await call(() => new Promise(() => undefined), httpEvent(), 1_010);
    expect(statusCode).toBe(504);
    expect(body["ErrorType"]).toBe("TIMED_OUT");
  });
});

describe("an event that is no request", () => {
  it.each([
    [null],
    [{}],
    ["text"],
    [{ key1: "value1" }],
    [{ Records: [] }],
    [{ ...httpEvent(), rawQueryString: undefined }],
    [{ ...httpEvent(), headers: null }],
    [{ ...httpEvent(), body: { job_id: JOB } }],
  ])("is refused in the form of every error, and logged: %j", async (event) => {
    const { statusCode, headers, body, records } = await call(fail("unreachable"), event as unknown as HttpEvent);
    expect(statusCode).toBe(400);
    expect(headers).toMatchObject({ "content-type": "application/json", "X-Content-Type-Options": "nosniff" });
    expect(body).toEqual({
      ErrorType: "INVALID_QUERY",
      ErrorComment: "The event is no HTTP request of API Gateway. Call the function by the API's address.",
      RequestId: "lambda-request-1",
    });
    expect(records).toMatchObject([
      { level: "info", message: "request refused", requestId: "lambda-request-1", status: 400, code: "INVALID_QUERY" },
    ]);
  });
});

describe("publicHandler", () => {
  it("needs no authorizer and reads no parameters", async () => {
    const handle = publicHandler(testRuntime(), "health", () => Promise.resolve(respond({ Version: "1" })));
    const event = httpEvent({ query: "a=1&a=2&api_token=x", claims: {} });
    expect(await handle(event, lambdaContext())).toMatchObject({ statusCode: 200, body: '{"Version":"1"}' });
  });
});
