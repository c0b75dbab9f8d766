import { describe, expect, it } from "@jest/globals";
import { whyNotDelivered, type CallerMedia } from "../../../functions/add-media/delivery.ts";
import { addMedia } from "../../../functions/add-media/handler.ts";
import type { DeliveryEnd } from "../../../lib/delivery/deliver.ts";
import type { LaterReason } from "../../../lib/delivery/machine/protocol.ts";
import type { DeliveryError, Row, State } from "../../../lib/delivery/machine/row.ts";
import { createOwnership } from "../../../lib/http/caller.ts";
import { memoryOwners } from "../../harness/memory-ports.ts";
import { answered, apiRequest, bob } from "../../harness/requests.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const TASK = "fedcba9876543210fedcba9876543210";
const URL_OF_MEDIA = "https://media.example.com/lecture.mp4";
const MIB = 1024 * 1024;

type Command = DeliveryEnd["command"];

/** The caller's own media, and a row of it or of other media. */
const MEDIA = { id: "url:1", kind: "url" } as const;
const row = (state: State, more: Partial<Row> = {}): Row => ({ jobId: JOB, state, fence: 1, updatedAt: 0, ...more });
const own = (state: State, error?: DeliveryError) => row(state, { media: MEDIA, ...(error ? { error } : {}) });
const later = (reason: LaterReason, more: Partial<Command> = {}) =>
  ({ do: "later", reason, at: 0, ...more }) as Command;
const withdrawn = (type: string): Command => ({
  do: "acknowledge",
  reason: "rejected",
  row: own("REJECTED", { type, comment: "Not sent." }),
});
const REJECTED: Command = {
  do: "acknowledge",
  reason: "rejected",
  row: own("REJECTED", { type: "INVALID_URL", comment: "Not found." }),
};

const setUp = (end?: Command) => {
  const calls: CallerMedia[] = [];
  const owners = memoryOwners();
  const endpoint = addMedia({
    ownership: createOwnership(owners),
    deliver: (request) => {
      calls.push(request);
      return end ? Promise.reject(whyNotDelivered(end, MEDIA)) : Promise.resolve(TASK);
    },
    ownBucket: "captions-media",
  });
  return {
    calls,
    owners,
    add: (parameters: Record<string, string>, more: Parameters<typeof apiRequest>[1] = {}) =>
      answered(
        endpoint(apiRequest({ v: "1", job_id: JOB, ...parameters }, { deadline: 99, ...more }), {
          ownHosts: ["api.captions.example"],
          requestId: "request-1",
        }),
      ),
  };
};

describe("addMedia", () => {
  it("gives cielo24 the URL and answers its task", async () => {
    const { add, calls, owners } = setUp();
    expect(await add({ media_url: URL_OF_MEDIA })).toEqual({ status: 200, body: { TaskId: TASK } });
    expect(calls).toEqual([
      {
        jobId: JOB,
        requestId: "request-1",
        media: { kind: "url", mediaUrl: URL_OF_MEDIA, isDuplicate: false },
        deadline: 99,
      },
    ]);
    expect(owners.table.get(JOB)).toBe("alice");
  });

  it.each([
    ["true", true],
    ["TRUE", true],
    ["True", true],
    ["false", false],
    ["False", false],
  ])("reads is_duplicate=%s whatever its case", async (is_duplicate, isDuplicate) => {
    const { add, calls } = setUp();
    await add({ media_url: URL_OF_MEDIA, is_duplicate });
    expect(calls).toMatchObject([{ media: { isDuplicate } }]);
  });

  it("refuses any other is_duplicate", async () => {
    const { add } = setUp();
    expect(await add({ media_url: URL_OF_MEDIA, is_duplicate: "1" })).toEqual({
      status: 400,
      body: { ErrorType: "INVALID_OPTION", ErrorComment: "is_duplicate must be true or false." },
    });
  });

  it("delivers a body of up to 4 MiB", async () => {
    const { add, calls } = setUp();
    const bytes = Buffer.alloc(4 * MIB, 1);
    expect((await add({}, { mediaBody: bytes })).status).toBe(200);
    expect(calls).toEqual([{ jobId: JOB, requestId: "request-1", media: { kind: "body", bytes }, deadline: 99 }]);
  });

  it("points to the upload routes beyond", async () => {
    const { add, calls, owners } = setUp();
    const { status, body } = await add({}, { mediaBody: Buffer.alloc(4 * MIB + 1) });
    expect(status).toBe(413);
    expect(body["ErrorComment"]).toMatch(/request_upload_url or \/api\/job\/sign_upload/);
    expect(calls).toEqual([]);
    expect(owners.table.size).toBe(0);
  });

  it("needs either a URL or a body, and no two media", async () => {
    const { add, calls } = setUp();
    expect(await add({})).toMatchObject({
      status: 400,
      body: { ErrorType: "MISSING_PARAMETER", ErrorComment: expect.stringMatching(/^media_url is missing/) },
    });
    expect(await add({ media_url: URL_OF_MEDIA }, { mediaBody: Buffer.from("x") })).toMatchObject({
      status: 400,
      body: { ErrorType: "INVALID_QUERY", ErrorComment: expect.stringMatching(/^media_url must not/) },
    });
    expect(calls).toEqual([]);
  });

  it.each([
    ["http://media.example.com/a.mp4", "media_url must begin with https://."],
    ["https://169.254.169.254/latest/", "media_url must name a host, not an address."],
    ["https://captions-media.s3.amazonaws.com/a.mp4", "media_url must not lead into this API's bucket."],
    ["https://api.captions.example/media/x", "media_url must not lead back here."],
  ])("threat 8: refuses the URL %s", async (media_url, ErrorComment) => {
    const { add, calls, owners } = setUp();
    expect(await add({ media_url })).toEqual({ status: 400, body: { ErrorType: "INVALID_URL", ErrorComment } });
    expect(calls).toEqual([]);
    expect(owners.table.size).toBe(0);
  });

  it("does not touch a foreign job", async () => {
    const { add, calls } = setUp();
    await add({ media_url: URL_OF_MEDIA });
    expect((await add({ media_url: URL_OF_MEDIA }, { caller: bob })).status).toBe(404);
    expect(calls).toHaveLength(1);
  });

  it.each<[Command, number, string]>([
    [REJECTED, 400, "INVALID_URL"],
    [{ do: "acknowledge", reason: "hasMedia" }, 409, "JOB_HAS_MEDIA"],
    [{ do: "acknowledge", reason: "conflict", row: row("DELIVERED") }, 409, "JOB_HAS_MEDIA"],
    [later("underWay"), 409, "DELIVERY_UNDER_WAY"],
    [later("notDue"), 409, "DELIVERY_UNDER_WAY"],
    [{ do: "acknowledge", reason: "needsReview", row: row("NEEDS_REVIEW") }, 409, "NEEDS_REVIEW"],
    [{ do: "acknowledge", reason: "needsReview", row: row("NEEDS_REVIEW", { closed: true }) }, 409, "JOB_CLOSED"],
    [{ do: "acknowledge", reason: "needsReview", row: own("NEEDS_REVIEW") }, 502, "NEEDS_REVIEW"],
    [later("loginInvalid"), 502, "CIELO24_UNAVAILABLE"],
    [withdrawn("CIELO24_LOGIN_INVALID"), 502, "CIELO24_UNAVAILABLE"],
    [later("accountRefused"), 502, "CIELO24_UNAVAILABLE"],
    [later("unintelligible"), 502, "CIELO24_UNINTELLIGIBLE"],
    [later("unavailable"), 503, "CIELO24_UNAVAILABLE"],
    [withdrawn("CIELO24_UNAVAILABLE"), 503, "CIELO24_UNAVAILABLE"],
    [withdrawn("CALL_ABANDONED"), 503, "CIELO24_UNAVAILABLE"],
    [later("ledger"), 503, "PROXY_UNAVAILABLE"],
    [later("lostClaim"), 503, "PROXY_UNAVAILABLE"],
    [later("answerUnknown"), 504, "CIELO24_ANSWER_UNKNOWN"],
  ])("answers %j with %i %s", async (end, status, errorType) => {
    const answer = await setUp(end).add({ media_url: URL_OF_MEDIA });
    expect(answer.status).toBe(status);
    expect(answer.body["ErrorType"]).toBe(errorType);
  });

  it.each<[Command, number | undefined]>([
    [{ ...withdrawn("CIELO24_UNAVAILABLE"), retryAfterMs: 120_000 }, 120],
    [later("unavailable", { retryAfterMs: 1_500 }), 2],
    [later("unavailable"), 30],
    [later("underWay", { retryAfterMs: 5_000 }), undefined],
  ])("says of %j to come back after %s s", (end, retryAfterS) => {
    expect(whyNotDelivered(end, MEDIA).retryAfterS).toBe(retryAfterS);
  });

  it("passes cielo24's comment on, and says what to do where its answer was lost", async () => {
    expect((await setUp(REJECTED).add({ media_url: URL_OF_MEDIA })).body["ErrorComment"]).toBe("Not found.");
    expect((await setUp(later("answerUnknown")).add({ media_url: URL_OF_MEDIA })).body["ErrorComment"]).toMatch(
      /Do not send it again; ask \/api\/job\/delivery/,
    );
  });
});
