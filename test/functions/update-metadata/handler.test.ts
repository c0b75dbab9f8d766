import { afterEach, describe, expect, it } from "@jest/globals";
import { NOT_FOUND, error, errorOf, sendAs, sendWith } from "../../harness/api.ts";
import { useStack } from "../../harness/stack.ts";

const PATH = "/api/job/update_metadata";
const JSON_TYPE = { "content-type": "application/json" };
const FORM_TYPE = { "content-type": "application/x-www-form-urlencoded" };
const TASK_ID = expect.stringMatching(/^[0-9a-f]{32}$/) as unknown as string;

describe("update_metadata through the gateway", () => {
  const local = useStack({ env: { JOBS_CLAIM: "jobs" } });
  const alice = sendAs(local, { sub: "alice" });
  const { newJob } = local;

  it("takes everything in the query, spaces as +", async () => {
    const { status, body } = await alice(
      "GET",
      `${PATH}?v=1&job_id=${newJob()}&reference_id=course+7%2Bb&requestor_id=jo%40example.com`,
    );
    expect([status, body]).toEqual([200, { TaskId: TASK_ID }]);
  });

  it("takes a JSON body", async () => {
    const body = JSON.stringify({ job_id: newJob(), reference_id: "course 7", requestor_id: "jo" });
    expect(await alice("POST", `${PATH}?v=1`, { headers: JSON_TYPE, body })).toMatchObject({
      status: 200,
      body: { TaskId: TASK_ID },
    });
  });

  it("takes a form body, which the gateway makes base64 of", async () => {
    const body = `job_id=${newJob()}&reference_id=course+7&requestor_id=j%C3%B6`;
    expect(await alice("POST", `${PATH}?v=1`, { headers: FORM_TYPE, body })).toMatchObject({
      status: 200,
      body: { TaskId: TASK_ID },
    });
  });

  it("takes a POST with everything in the query and no body", async () => {
    const target = `${PATH}?v=1&job_id=${newJob()}&reference_id=a&requestor_id=b`;
    expect((await alice("POST", target)).status).toBe(200);
  });

  it("keeps a comma apart from a repeated parameter", async () => {
    const target = `${PATH}?v=1&job_id=${newJob()}&reference_id=a,b&requestor_id=c`;
    expect((await alice("GET", target)).status).toBe(200);
    expect(errorOf(await alice("GET", `${target}&requestor_id=d`))).toEqual(
      error(400, "INVALID_QUERY", "requestor_id is given twice."),
    );
  });

  it.each(["api_token=x", "username=x", "password=x", "securekey=x"])(
    "threat 4: refuses %s in query and body",
    async (given) => {
      const refused = error(400, "INVALID_QUERY", /^(api_token|username|password|securekey) has no business here/);
      const target = `${PATH}?v=1&job_id=${newJob()}&reference_id=a&requestor_id=b`;
      expect(errorOf(await alice("GET", `${target}&${given}`))).toEqual(refused);
      expect(errorOf(await alice("POST", target, { headers: FORM_TYPE, body: given }))).toEqual(refused);
    },
  );

  it("threat 4: refuses cielo24's login headers", async () => {
    const headers = { "X-Auth-User": "x", "X-Auth-Securekey": "y" };
    expect(errorOf(await alice("GET", `${PATH}?v=1`, { headers }))).toEqual(
      error(400, "INVALID_QUERY", /^The header x-auth-/),
    );
  });

  it("names every parameter that is missing", async () => {
    expect(errorOf(await alice("GET", `${PATH}?v=1`))).toEqual(
      error(400, "MISSING_PARAMETER", "job_id is missing. reference_id is missing. requestor_id is missing."),
    );
  });

  it("threat 5: lets a job that cielo24 does not know look like somebody else's", async () => {
    const unknown = "e".repeat(32);
    const answer = await alice("GET", `${PATH}?v=1&job_id=${unknown}&reference_id=a&requestor_id=b`);
    expect(errorOf(answer)).toEqual(NOT_FOUND);
  });

  it("threat 5: shows a job to its first owner alone", async () => {
    const target = `${PATH}?v=1&job_id=${newJob()}&reference_id=a&requestor_id=b`;
    const bob = sendAs(local, { sub: "bob" });
    expect((await alice("GET", target)).status).toBe(200);
    expect(errorOf(await bob("GET", target))).toEqual(NOT_FOUND);
    expect((await alice("GET", target)).status).toBe(200);
    const admin = sendAs(local, { sub: "root", scope: "admin" });
    expect((await admin("GET", target)).status).toBe(200);
  });

  it("threat 5: keeps a token to the jobs that its array claim lists", async () => {
    const [mine, other] = [newJob(), newJob()];
    const listed = sendAs(local, { sub: "carol", jobs: [mine, newJob()] });
    const targetOf = (job: string) => `${PATH}?v=1&job_id=${job}&reference_id=a&requestor_id=b`;
    expect((await listed("GET", targetOf(mine))).status).toBe(200);
    expect(errorOf(await listed("GET", targetOf(other)))).toEqual(NOT_FOUND);
  });

  it("refuses a token that names no owner", async () => {
    const nobody = sendAs(local, {});
    expect(errorOf(await nobody("GET", `${PATH}?v=1`))).toEqual(
      error(403, "NOT_AUTHORIZED", /^The token does not say/),
    );
  });

  it("is closed by the gateway to other scopes, and to no and bad tokens", async () => {
    const reader = sendAs(local, { sub: "alice", scope: "media.read media.write" });
    expect(await reader("GET", PATH)).toMatchObject({ status: 403, body: { message: "Forbidden" } });
    expect(await sendWith(local, {})("GET", PATH)).toMatchObject({
      status: 401,
      body: { message: "Unauthorized" },
    });
    const forged = sendWith(local, { authorization: "Bearer e30.e30.e30" });
    expect(await forged("GET", PATH)).toMatchObject({ status: 401 });
  });

  it("logs neither parameters nor tokens", async () => {
    const job = newJob();
    await alice("GET", `${PATH}?v=1&job_id=${job}&reference_id=5ecr37-reference&requestor_id=b`);
    const records = local.stack.logs.filter((line) => line.includes(job));
    expect(records).toHaveLength(1);
    expect(records.join("\n")).not.toMatch(/5ecr37|Bearer|eyJ/);
  });

  it("threat 3, threat 4: brings cielo24 exactly what the client said, and nothing that it did not ask for", async () => {
    const job = newJob();
    await alice("GET", `${PATH}?v=1&job_id=${job}&reference_id=a+b%2Bc%26d%3De%25&requestor_id=%C3%BC%F0%9F%8E%AC&x=y`);
    expect(local.cielo24.metadata.filter(({ jobId }) => jobId === job)).toEqual([
      { jobId: job, referenceId: "a b+c&d=e%", requestorId: "ü🎬" },
    ]);
  });

  describe("while something is broken", () => {
    afterEach(() => {
      local.cielo24.faults.clear();
      local.stack.aws.faults.clear();
    });
    const update = () => alice("GET", `${PATH}?v=1&job_id=${newJob()}&reference_id=a&requestor_id=b`);
    const breakCielo24 = (answer: { status: number; body?: string; headers?: Record<string, string> }) => {
      local.cielo24.faults.add({ action: "job/update_metadata", kind: "answer", times: 10, ...answer });
    };

    it.each([
      [{ "retry-after": "120" }, "120"],
      [{ "retry-after": "999999999" }, "7200"],
      [{ "retry-after": "soon" }, "30"],
      [undefined, "30"],
    ])("says when to come back: cielo24's %j", async (headers, expected) => {
      breakCielo24({ status: 503, ...(headers ? { headers } : {}) });
      const answer = await update();
      expect(errorOf(answer)).toEqual(error(503, "CIELO24_UNAVAILABLE", /Try again later/));
      expect(answer.headers.get("retry-after")).toBe(expected);
    });

    it("tells of an account that has no update_metadata", async () => {
      breakCielo24({ status: 400, body: JSON.stringify({ ErrorType: "NOT_IMPLEMENTED", ErrorComment: "x" }) });
      expect(errorOf(await update())).toEqual(error(502, "NOT_IMPLEMENTED", /does not offer this action/));
    });

    it("supposes so where cielo24 answers with a page", async () => {
      breakCielo24({ status: 404, body: "<html>Not Found</html>", headers: { "content-type": "text/html" } });
      expect(errorOf(await update())).toEqual(error(502, "CIELO24_UNINTELLIGIBLE", /does not offer update_metadata/));
    });

    it("keeps the account's troubles to itself", async () => {
      local.cielo24.setAccounts([]);
      local.cielo24.expireTokens();
      const answer = await update();
      local.cielo24.setAccounts([local.stack.credentials]);
      expect(errorOf(answer)).toEqual(
        error(502, "CIELO24_UNAVAILABLE", /^cielo24 cannot be used at present\. Tell the operator/),
      );
      // The session does not try credentials again at once that were refused.
      local.stack.advanceTime(60_000);
      expect((await update()).status).toBe(200);
    });

    it("asks cielo24 nothing while nobody knows whose the job is", async () => {
      for (const action of ["UpdateItem", "GetItem"])
        local.stack.aws.faults.add({ action, kind: "unavailable", times: 10 });
      const before = local.cielo24.metadata.length;
      const answer = await update();
      expect(errorOf(answer)).toEqual(error(503, "PROXY_UNAVAILABLE", /record of jobs/));
      expect(answer.headers.get("retry-after")).toBe("30");
      expect(local.cielo24.metadata.length).toBe(before);
    });
  });
});
