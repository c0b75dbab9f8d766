import { describe, expect, it } from "@jest/globals";
import { updateMetadata } from "../../../functions/update-metadata/handler.ts";
import { Cielo24Error, type Cielo24 } from "../../../lib/cielo24/api.ts";
import { LedgerError } from "../../../lib/delivery/ledger.ts";
import { createOwnership } from "../../../lib/http/caller.ts";
import { memoryOwners } from "../../harness/memory-ports.ts";
import { answered, apiRequest, bob } from "../../harness/requests.ts";
import { ApiError } from "../../../lib/http/errors.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const TASK = "fedcba9876543210fedcba9876543210";
const PARAMETERS = { v: "1", job_id: JOB, reference_id: "course 7", requestor_id: "jo@example.com" };

const NO_JOB_ID = "job_id must be 32 hex characters, with or without the hyphens of a UUID.";

const setUp = (answer: () => Promise<{ taskId: string }> = () => Promise.resolve({ taskId: TASK })) => {
  const calls: Parameters<Cielo24["updateMetadata"]>[] = [];
  const owners = memoryOwners();
  const endpoint = updateMetadata({
    cielo24: {
      updateMetadata: (...call) => {
        calls.push(call);
        return answer();
      },
    },
    ownership: createOwnership(owners),
  });
  return { calls, owners, endpoint };
};

describe("updateMetadata", () => {
  it("sets the job's metadata and answers cielo24's task", async () => {
    const { endpoint, calls, owners } = setUp();
    expect(await answered(endpoint(apiRequest(PARAMETERS, { deadline: 99 })))).toEqual({
      status: 200,
      body: { TaskId: TASK },
    });
    expect(calls).toEqual([[{ jobId: JOB, referenceId: "course 7", requestorId: "jo@example.com" }, { deadline: 99 }]]);
    expect(owners.table.get(JOB)).toBe("alice");
  });

  it.each([JOB.toUpperCase(), "01234567-89ab-cdef-0123-456789abcdef", "01234567-89AB-CDEF-0123-456789ABCDEF"])(
    "knows the job that is spelt %s by its id in lower case, without hyphens",
    async (job_id) => {
      const { endpoint, calls, owners } = setUp();
      expect((await answered(endpoint(apiRequest({ ...PARAMETERS, job_id })))).status).toBe(200);
      expect(calls).toMatchObject([[{ jobId: JOB }, {}]]);
      expect([...owners.table.keys()]).toEqual([JOB]);
    },
  );

  it("passes on no parameter that it does not know", async () => {
    const { endpoint, calls } = setUp();
    await endpoint(apiRequest({ ...PARAMETERS, callback_url: "https://x.example/" }));
    expect(JSON.stringify(calls)).not.toContain("callback_url");
  });

  it.each([
    [{ v: "" }, "MISSING_PARAMETER", "v is missing."],
    [{ v: "2" }, "INVALID_OPTION", "v must be 1."],
    [{ job_id: "" }, "MISSING_PARAMETER", "job_id is missing."],
    [{ job_id: JOB.slice(1) }, "INVALID_QUERY", NO_JOB_ID],
    [{ job_id: `${JOB.slice(0, 16)}-${JOB.slice(16)}` }, "INVALID_QUERY", NO_JOB_ID],
    [{ job_id: `${JOB}&api_token=x` }, "INVALID_QUERY", NO_JOB_ID],
    [{ job_id: `${JOB}\n` }, "INVALID_QUERY", NO_JOB_ID],
    [{ reference_id: "" }, "MISSING_PARAMETER", "reference_id is missing."],
    [{ reference_id: "", requestor_id: "" }, "MISSING_PARAMETER", "reference_id is missing. requestor_id is missing."],
    [{ requestor_id: "a\nb" }, "INVALID_QUERY", "requestor_id must be text without control characters."],
    [{ requestor_id: "\ud800" }, "INVALID_QUERY", "requestor_id must be text without control characters."],
    [{ requestor_id: "x".repeat(2049) }, "INVALID_QUERY", "requestor_id must be at most 2,048 characters long."],
  ])("refuses %j", async (wrong, ErrorType, ErrorComment) => {
    const { endpoint, calls, owners } = setUp();
    const given = Object.fromEntries(Object.entries({ ...PARAMETERS, ...wrong }).filter(([, value]) => value !== ""));
    expect(await answered(endpoint(apiRequest(given)))).toEqual({ status: 400, body: { ErrorType, ErrorComment } });
    expect(calls).toEqual([]);
    expect(owners.table.size).toBe(0);
  });

  it("does not touch a foreign job", async () => {
    const { endpoint, calls } = setUp();
    await endpoint(apiRequest(PARAMETERS));
    expect(await answered(endpoint(apiRequest(PARAMETERS, { caller: bob })))).toEqual({
      status: 404,
      body: { ErrorType: "ITEM_NOT_FOUND", ErrorComment: new ApiError("ITEM_NOT_FOUND").comment },
    });
    expect(calls).toHaveLength(1);
  });

  it("calls nobody while the owner of a job is not known", async () => {
    const { endpoint, calls, owners } = setUp();
    owners.isDown = true;
    await expect(endpoint(apiRequest(PARAMETERS))).rejects.toBeInstanceOf(LedgerError);
    expect(calls).toEqual([]);
  });

  it("says so where the account has no update_metadata", async () => {
    const { endpoint } = setUp(() => Promise.reject(new Cielo24Error("REFUSED", { errorType: "NOT_IMPLEMENTED" })));
    const { status, body } = await answered(endpoint(apiRequest(PARAMETERS)));
    expect(status).toBe(502);
    expect(body).toEqual({
      ErrorType: "NOT_IMPLEMENTED",
      ErrorComment: "cielo24 does not offer this action to the account behind this API. Tell the operator.",
    });
  });

  it("supposes so where cielo24 answers with a page", async () => {
    const { endpoint } = setUp(() => Promise.reject(new Cielo24Error("UNINTELLIGIBLE")));
    const { status, body } = await answered(endpoint(apiRequest(PARAMETERS)));
    expect(status).toBe(502);
    expect(body["ErrorComment"]).toMatch(/does not offer update_metadata/);
  });

  it("leaves every other failure of cielo24's as it is", async () => {
    for (const error of [
      new Cielo24Error("REFUSED", { errorType: "ITEM_NOT_FOUND" }),
      new Cielo24Error("UNAVAILABLE"),
      new Cielo24Error("TIMED_OUT"),
      new Cielo24Error("LOGIN_INVALID"),
    ]) {
      const { endpoint } = setUp(() => Promise.reject(error));
      await expect(endpoint(apiRequest(PARAMETERS))).rejects.toBe(error);
    }
  });
});
