import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { connectTable } from "../../lib/delivery/aws/table.ts";
import type { Owners } from "../../lib/delivery/ledger.ts";
import { sendWith } from "../harness/api.ts";
import { startIssuer, type Issuer } from "../harness/issuer.ts";
import { useStack } from "../harness/stack.ts";
import { SHAPES, type Answer } from "./shapes.ts";

const nameOf = (answer: Answer): string => {
  if (typeof answer === "string") return answer;
  if ("owner" in answer) return `owner ${answer.owner}`;
  return "unauthorized" in answer ? "unauthorized" : `not authorized, ${answer.notAuthorized}`;
};

/** On upload, metadata and delivery of a job that nobody has, and on upload for somebody else's. */
const expected = (answer: Answer) => {
  const all = (status: number, said: unknown, challenge: unknown = null) => ({
    statuses: [status, status, status, status],
    owner: undefined,
    said,
    challenge,
  });
  if (answer === "too large") return all(431, "Request Header Fields Too Large");
  if (answer === "forbidden") return all(403, "Forbidden", expect.stringContaining('error="insufficient_scope"'));
  if (answer === "admin") return all(200, undefined);
  if ("unauthorized" in answer) return all(401, "Unauthorized", expect.stringContaining(answer.unauthorized));
  if ("notAuthorized" in answer)
    return all(403, expect.stringMatching(new RegExp(`^NOT_AUTHORIZED .*${answer.notAuthorized}`)));
  return { statuses: [200, 200, 200, 404], owner: answer.owner, said: undefined, challenge: null };
};

/** On a busy machine, an issuer in this process may need longer than API Gateway allows. */
const ISSUER_TIMEOUT_MS = 30_000;

describe.each(SHAPES)("a token of $provider", ({ path, params, tokens }) => {
  const { audience, scopePrefix = "", scopeClaim = "scope", ownerClaim = "sub" } = params;
  let issuer: Issuer;
  beforeAll(async () => {
    issuer = await startIssuer({ path });
  });
  const local = useStack(() => ({
    authorizer: { issuer: issuer.issuer, audience, timeoutMs: ISSUER_TIMEOUT_MS },
    env: { SCOPE_PREFIX: scopePrefix, SCOPE_CLAIM: scopeClaim, OWNER_CLAIM: ownerClaim },
  }));
  afterAll(() => issuer.close());
  let owners: Owners;
  beforeAll(() => {
    ({ owners } = connectTable(local.stack));
  });
  const call = async (token: string, target: string) => {
    const answer = await sendWith(local, { authorization: `Bearer ${token}` })("GET", `/api/job/${target}`);
    const { message, ErrorType, ErrorComment } = answer.body as Readonly<Record<string, string | undefined>>;
    return { ...answer, said: message ?? (ErrorType && `${ErrorType} ${ErrorComment ?? ""}`) };
  };

  it.each(tokens.map((row) => ({ ...row, is: nameOf(row.answer) })))(
    "$is: $token",
    async ({ claims, answer, ...row }) => {
      const token = await issuer.sign(claims, "typ" in row ? { typ: row.typ } : {});
      const [job, foreign] = [local.newJob(), local.newJob()];
      await owners.bind(foreign, "somebody else");
      const upload = await call(token, `request_upload_url?v=1&job_id=${job}`);
      const metadata = await call(token, `update_metadata?v=1&job_id=${job}&reference_id=r&requestor_id=q`);
      const delivery = await call(token, `delivery?v=1&job_id=${job}`);
      const ofOthers = await call(token, `request_upload_url?v=1&job_id=${foreign}`);
      const statuses = [upload, metadata, delivery, ofOthers].map(({ status }) => status);
      const challenge = upload.headers.get("www-authenticate");
      expect({ statuses, owner: await owners.ownerOf(job), said: upload.said, challenge }).toEqual(expected(answer));
    },
  );
});
