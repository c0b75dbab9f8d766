import { describe, expect, it } from "@jest/globals";
import { describeEnd } from "../../web/problems.ts";

describe("the page says of a delivery that was rejected what to do", () => {
  it.each([
    ["CANCELLED", /upload it again; the job is free/],
    ["TIMED_OUT", /upload the file again/],
    ["WITHDRAWN", /upload it again/],
    ["BRAND_NEW", /^Correct the file/],
  ])("%s", (errorType, next) => {
    const end = describeEnd({
      jobId: "0fbd6015910e42dca25a863c4925d77c",
      state: "REJECTED",
      sentBytes: 0,
      attempts: 0,
      updatedAt: "2026-03-14T15:00:12.000Z",
      error: { errorType, comment: "Why." },
    });
    expect(end).toMatchObject({ text: "Why.", next: expect.stringMatching(next) });
  });
});
