import { describe, expect, it } from "@jest/globals";
import { Cielo24Error } from "../../../lib/cielo24/api.ts";
import { LedgerError } from "../../../lib/delivery/ledger.ts";
import { respondWithError, API_ERROR_CODES, ApiError, toApiError } from "../../../lib/http/errors.ts";
import { UploadStoreError } from "../../../lib/media/body.ts";

const SECRET = "https://s3.example/?X-Amz-Signature=5ecr37";
const render = (error: unknown) => {
  const { statusCode, headers, body } = respondWithError(toApiError(error), "request-1");
  return { statusCode, retryAfter: headers["retry-after"], body: JSON.parse(body) as Record<string, string> };
};

describe("errorAnswer", () => {
  it("has cielo24's form, the id of the request, and may not be stored", () => {
    const { headers, body } = respondWithError(new ApiError("INVALID_QUERY", { comment: "v must be 1." }), "request-1");
    expect(headers).toEqual({ "content-type": "application/json", "cache-control": "no-store" });
    expect(JSON.parse(body)).toEqual({
      ErrorType: "INVALID_QUERY",
      ErrorComment: "v must be 1.",
      RequestId: "request-1",
    });
  });

  // Where a code's own words are about one parameter, whoever refuses names it, and says how it must be.
  const SAID_BY_THE_REFUSER = ["MISSING_PARAMETER", "INVALID_QUERY", "INVALID_OPTION", "INVALID_URL", "REFUSED"];
  const OTHERS = ["NOT_AUTHORIZED", "MEDIA_TOO_LARGE", ...SAID_BY_THE_REFUSER];
  it.each(API_ERROR_CODES.filter((code) => !OTHERS.includes(code)))("tells what to do next: %s", (code) => {
    expect(new ApiError(code).comment).toMatch(
      /\b(?:Check|Ask|ask|Tell|tell the operator|Try again|use another job|Do not send it again)\b/,
    );
  });

  it("passes cielo24's own refusal on, by its type and comment", () => {
    const refused = new Cielo24Error("REFUSED", { errorType: "ACCOUNT_UNPRIVILEGED", errorComment: "No." });
    expect(render(refused)).toMatchObject({
      statusCode: 400,
      body: { ErrorType: "ACCOUNT_UNPRIVILEGED", ErrorComment: "No." },
    });
  });

  it.each([
    [
      new Cielo24Error("LOGIN_INVALID", { errorType: "LOGIN_INVALID", errorComment: SECRET }),
      502,
      "CIELO24_UNAVAILABLE",
    ],
    [
      new Cielo24Error("BAD_API_TOKEN", { errorType: "BAD_API_TOKEN", errorComment: SECRET }),
      502,
      "CIELO24_UNAVAILABLE",
    ],
    [new Cielo24Error("UNINTELLIGIBLE", { errorComment: SECRET }), 502, "CIELO24_UNINTELLIGIBLE"],
    [new Cielo24Error("UNAVAILABLE"), 503, "CIELO24_UNAVAILABLE"],
    [new Cielo24Error("TIMED_OUT"), 504, "TIMED_OUT"],
    [new LedgerError(SECRET), 503, "PROXY_UNAVAILABLE"],
    [new UploadStoreError(SECRET), 503, "PROXY_UNAVAILABLE"],
    [new TypeError(SECRET, { cause: new Error(SECRET) }), 500, "UNHANDLED_ERROR"],
    [SECRET, 500, "UNHANDLED_ERROR"],
    [undefined, 500, "UNHANDLED_ERROR"],
  ])("tells of %s no more than its kind", (error, statusCode, errorType) => {
    const answer = render(error);
    expect(answer).toMatchObject({ statusCode, body: { ErrorType: errorType } });
    expect(JSON.stringify(answer)).not.toMatch(/5ecr37|LOGIN_INVALID|BAD_API_TOKEN|stack|cause/);
  });

  it.each([
    [undefined, "30"],
    [0, "1"],
    [999, "1"],
    [1001, "2"],
    [60_000, "60"],
    [1e12, "7200"],
    [-5000, "1"],
    [Infinity, "7200"],
    [NaN, "30"],
  ])("says with 503 when to come back: %s ms become %s s", (retryAfterMs, retryAfter) => {
    expect(render(new Cielo24Error("UNAVAILABLE", { retryAfterMs })).retryAfter).toBe(retryAfter);
  });

  it("says so with 503 alone", () => {
    expect(render(new Cielo24Error("TIMED_OUT", { retryAfterMs: 5000 })).retryAfter).toBeUndefined();
    expect(render(new ApiError("JOB_HAS_MEDIA", { retryAfterS: 5 })).retryAfter).toBeUndefined();
  });
});
