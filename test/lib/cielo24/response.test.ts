import { describe, expect, it } from "@jest/globals";
import { JobInfoResponse, readResponse, showsMedia, TaskResponse } from "../../../lib/cielo24/response.ts";
import { CIELO24_ERROR_TYPES, Cielo24Error } from "../../../lib/cielo24/api.ts";

const asIs = (text: string) => text;
const errorOf = (status: number, body: unknown, retryAfter?: string): Cielo24Error => {
  try {
    readResponse(
      { status, body: typeof body === "string" ? body : JSON.stringify(body), retryAfter },
      TaskResponse,
      asIs,
    );
  } catch (error) {
    if (error instanceof Cielo24Error) return error;
    throw error;
  }
  throw new Error("It is no error");
};

describe("an answer of cielo24's", () => {
  const OWN_CODES: Readonly<Record<string, string>> = {
    LOGIN_INVALID: "LOGIN_INVALID",
    BAD_API_TOKEN: "BAD_API_TOKEN",
    UNHANDLED_ERROR: "UNAVAILABLE",
  };
  it.each(CIELO24_ERROR_TYPES.map((type) => [type, OWN_CODES[type] ?? "REFUSED"] as const))(
    "of 400 %s is %s",
    (errorType, code) => {
      expect(errorOf(400, { ErrorType: errorType, ErrorComment: "why" })).toMatchObject({
        code,
        errorType,
        errorComment: "why",
      });
    },
  );

  it.each([
    [200, {}],
    [200, { TaskId: "" }],
    [200, { TaskId: 7 }],
    [200, { TaskId: "a b" }],
    [200, []],
    [200, "null"],
    [200, '{"TaskId": "abc'],
    [200, { ErrorType: "INVALID_QUERY", ErrorComment: "in a 200" }],
    [201, { TaskId: "a" }],
    [204, ""],
    [301, ""],
    [400, { ErrorType: "item_not_found" }],
    [400, { ErrorComment: "no type" }],
    [401, { ErrorType: "BAD_API_TOKEN" }],
    [404, { ErrorType: "ITEM_NOT_FOUND" }],
    [422, { ErrorType: "INVALID_QUERY" }],
  ])("of %i %j is not understood", (status, body) => {
    expect(errorOf(status, body).code).toBe("UNINTELLIGIBLE");
  });

  it.each([429, 500, 502, 503, 504, 599])("of %i is a trouble that may pass, whatever it says", (status) => {
    expect(errorOf(status, { ErrorType: "INVALID_QUERY" }).code).toBe("UNAVAILABLE");
  });

  it.each([429, 500, 502, 503])("of %i is an error that cielo24 itself has answered", (status) => {
    expect(errorOf(status, "<html>").isAnsweredError).toBe(true);
  });

  it.each([408, 501, 504, 505, 520, 599])("of %i tells nothing of what became of the request", (status) => {
    expect(errorOf(status, { ErrorType: "UNHANDLED_ERROR" })).toMatchObject({
      code: "UNAVAILABLE",
      isAnsweredError: false,
    });
  });

  it("of 400 UNHANDLED_ERROR is an error that cielo24 itself has answered, and may ask to wait", () => {
    expect(errorOf(400, { ErrorType: "UNHANDLED_ERROR" }, "7")).toMatchObject({
      isAnsweredError: true,
      retryAfterMs: 7_000,
    });
  });

  it.each([
    [400, { ErrorType: "INVALID_QUERY" }],
    [400, "<html>"],
    [403, ""],
    [200, {}],
  ])("of %i %j is no error of cielo24's own", (status, body) => {
    expect(errorOf(status, body).isAnsweredError).toBe(false);
  });

  it.each([
    ["0", 0],
    [" 7 ", 7_000],
    ["1.5", undefined],
    ["-1", undefined],
    ["1e3", undefined],
    ["", undefined],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
    ["Thu, nonsense", undefined],
    ["2030-01-01", undefined],
  ])("fault 15: with a Retry-After of %j asks to wait %j ms", (retryAfter, expected) => {
    expect(errorOf(503, "", retryAfter).retryAfterMs).toBe(expected);
  });

  it("threat 14, threat 15: has its comment freed of control characters and cut", () => {
    const comment = `a\r\n\u0000\u202eb${"x".repeat(400)}`;
    const { errorComment } = errorOf(400, { ErrorType: "INVALID_QUERY", ErrorComment: comment });
    expect(errorComment).toBe(`a b${"x".repeat(253)}`);
  });

  it("may come without a comment", () => {
    expect(errorOf(400, { ErrorType: "INVALID_QUERY", ErrorComment: null }).errorComment).toBe("");
  });
});

describe("job/info", () => {
  const JOB = "a".repeat(32);
  const hasMedia = (body: unknown) =>
    showsMedia(readResponse({ status: 200, body: JSON.stringify(body) }, JobInfoResponse, asIs), JOB);

  it.each([
    [{ MediaLengthSeconds: 28.4 }, true],
    [{ MediaLengthSeconds: "28.4" }, true],
    [{ MediaLengthSeconds: 0 }, false],
    [{ MediaLengthSeconds: "" }, false],
    [{ MediaLengthSeconds: null }, false],
    [{ MediaLengthSeconds: null, Tasks: null }, false],
    [{ MediaLengthSeconds: null, Tasks: [{ TaskType: "JOB_ADD_MEDIA", TaskStatus: "COMPLETE" }] }, true],
    [{ MediaLengthSeconds: null, Tasks: [{ TaskType: "JOB_ADD_MEDIA", TaskStatus: "FAILED" }] }, false],
    [{ MediaLengthSeconds: null, Tasks: [{ TaskType: "JOB_CREATED", TaskStatus: "COMPLETE" }] }, false],
    [{ MediaLengthSeconds: 3, Tasks: "odd", JobStatus: "Pending", More: {} }, true],
  ])("of %j shows media: %j", (fields, expected) => {
    expect(hasMedia({ JobId: JOB, ...fields })).toBe(expected);
  });

  it.each([
    [{ JobId: "b".repeat(32), MediaLengthSeconds: 3 }],
    [{ JobId: "b".repeat(32), MediaLengthSeconds: null }],
    [{ JobId: JOB, MediaLengthSeconds: "long" }],
    [{ JobId: JOB, MediaLengthSeconds: {} }],
    ["text"],
    [null],
  ])("of %j is not understood, so that nothing is concluded from it", (body) => {
    expect(() => hasMedia(body)).toThrow(new Cielo24Error("UNINTELLIGIBLE"));
  });
});
