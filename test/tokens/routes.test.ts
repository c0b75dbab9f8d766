import { describe, expect, it } from "@jest/globals";
import { readDeployment } from "../../dev/gateway/deployment.ts";
import { connectTable } from "../../lib/delivery/aws/table.ts";
import { errorOf, NOT_FOUND, sendAs, type HttpAnswer } from "../harness/api.ts";
import { useStack } from "../harness/stack.ts";

/**
 * What each route makes of tokens on stages where the gateway checks no scopes, does check them, and goes by lists of jobs.
 * The routes are those that are deployed, so a new one fails here until it is told what to send.
 */
const SCOPE_OF: Readonly<Record<string, string>> = {
  "GET /api/job/request_upload_url": "media.write",
  "POST /api/job/sign_upload": "media.write",
  "GET /api/job/add_media": "media.write",
  "POST /api/job/add_media": "media.write",
  "GET /api/job/delivery": "media.read",
  "DELETE /api/job/delivery": "media.write",
  "GET /api/job/update_metadata": "metadata.write",
  "POST /api/job/update_metadata": "metadata.write",
};
const PARAMETERS: Readonly<Record<string, Readonly<Record<string, string | number>>>> = {
  request_upload_url: {},
  sign_upload: { method: "PUT" },
  add_media: { media_url: "https://media.example.org/lecture.mp4" },
  delivery: {},
  update_metadata: { reference_id: "r", requestor_id: "q" },
};
const ROUTES = Object.keys(SCOPE_OF);
const SCOPES = [...new Set(Object.values(SCOPE_OF)), "admin"];

type Claims = Readonly<Record<string, unknown>>;

const useRoutes = (env: Readonly<Record<string, string>>) => {
  const local = useStack({ env, fetchMedia: () => Promise.resolve(Buffer.from("m\0dia")) });
  return {
    local,
    /** A job of alice's with an upload that was begun, so that every route has something to answer. */
    newUpload: async (jobId = local.newJob()) => {
      const { ledger, owners } = connectTable(local.stack);
      await ledger.write(jobId, {
        if: { state: ["none"] },
        set: { state: "UPLOADING", fence: 0, updatedAt: local.stack.runtime.clock() },
      });
      return { jobId, owners };
    },
    call: async (route: string, jobId: string, claims: Claims, headers: Record<string, string> = {}) => {
      const [method = "", path = ""] = route.split(" ");
      const rest = { job_id: jobId, ...PARAMETERS[path.split("/").at(-1) ?? ""] };
      const send = sendAs(local, { scope: undefined, ...claims });
      if (method === "POST")
        return send(method, `${path}?v=1`, {
          headers: { "content-type": "application/json", ...headers },
          body: JSON.stringify(rest),
        });
      const query = new URLSearchParams({ v: "1", ...rest } as Record<string, string>);
      return send(method, `${path}?${query.toString()}`, { headers });
    },
  };
};

const commentOf = ({ status, body }: HttpAnswer): unknown => [status, body["ErrorComment"] ?? body["message"]];

it("knows every route that asks for a token", async () => {
  const { functions } = await readDeployment();
  const guarded = functions.flatMap(({ routes }) => routes.filter(({ scopes }) => scopes));
  expect(guarded.map(({ routeKey }) => routeKey).sort()).toEqual([...ROUTES].sort());
});

describe.each([
  {
    checks: "the functions alone check",
    claim: "roles",
    lacks: /lacks the scope captions\/\w+\.\w+\./,
    noAccess: /not an access token/,
  },
  { checks: "the gateway checks", claim: "scope", lacks: /^Forbidden$/, noAccess: /^Forbidden$/ },
])("where $checks scopes", ({ claim, lacks, noAccess }) => {
  const { call, newUpload } = useRoutes({ SCOPE_CLAIM: claim, SCOPE_PREFIX: "captions/" });
  const access = { sub: "alice", client_id: "spa" };

  it.each(ROUTES)("%s takes its own scope and admin, and no other", async (route) => {
    const taken = [];
    for (const scope of [...SCOPES, "openid"]) {
      const { jobId, owners } = await newUpload();
      await owners.bind(jobId, "alice");
      const answer = await call(route, jobId, { ...access, [claim]: [`captions/${scope}`, scope, "admin"] });
      if (answer.status === 200) taken.push(scope);
      else expect(commentOf(answer)).toEqual([403, expect.stringMatching(lacks)]);
    }
    expect(taken).toEqual([SCOPE_OF[route], "admin"]);
  });

  it.each(ROUTES)("%s takes no ID token, whatever its roles", async (route) => {
    const { jobId, owners } = await newUpload();
    const roles = SCOPES.map((scope) => `captions/${scope}`);
    for (const claims of [{ nonce: "n" }, { token_use: "id" }, { typ: "ID" }, { azp: "cielo24-proxy" }, {}]) {
      const answer = await call(route, jobId, { sub: "alice", roles, ...claims });
      expect(commentOf(answer)).toEqual([403, expect.stringMatching(noAccess)]);
    }
    expect(await owners.ownerOf(jobId)).toBeUndefined();
  });
});

describe("a stage without a prefix", () => {
  const { call, newUpload } = useRoutes({});

  it.each(ROUTES)("%s refuses cielo24's credentials in headers, not those of a proxy in front", async (route) => {
    const { jobId, owners } = await newUpload();
    await owners.bind(jobId, "alice");
    const alice = { sub: "alice", scope: SCOPE_OF[route] };
    for (const name of ["X-Auth-User", "X-Auth-Securekey", "X-Auth-Password", "X-Auth-Key"])
      expect(commentOf(await call(route, jobId, alice, { [name]: "x" }))).toEqual([
        400,
        expect.stringMatching(/^The header x-auth-\w+ has no business here/),
      ]);
    const headers = { "X-Auth-Request-User": "alice", "X-Auth-Request-Email": "a@b.example", "X-Auth-User": "" };
    expect((await call(route, jobId, alice, headers)).status).toBe(200);
  });

  it.each(ROUTES)("%s makes no owner of what names none", async (route) => {
    for (const sub of [null, "null", true, " ", ["alice"], { id: "alice" }]) {
      const { jobId, owners } = await newUpload();
      const answer = await call(route, jobId, { sub, scope: SCOPE_OF[route] });
      expect(commentOf(answer)).toEqual([403, expect.stringContaining("its claim sub must name one owner.")]);
      expect(await owners.ownerOf(jobId)).toBeUndefined();
    }
  });
});

describe("where a list of jobs is mandatory", () => {
  const { local, call, newUpload } = useRoutes({ JOBS_CLAIM: "jobs", JOBS_CLAIM_REQUIRED: "true" });

  it.each(ROUTES)("%s goes by the list alone", async (route) => {
    const scope = SCOPE_OF[route];
    for (const sub of ["alice", "bob", null]) {
      const { jobId, owners } = await newUpload();
      const jobs = [local.newJob(), jobId.toUpperCase(), jobId];
      expect((await call(route, jobId, { sub, scope, jobs })).status).toBe(200);
      expect(await owners.ownerOf(jobId)).toBeUndefined();
    }
    const { jobId, owners } = await newUpload();
    await owners.bind(jobId, "bob");
    expect((await call(route, jobId, { sub: "alice", scope, jobs: [jobId] })).status).toBe(200);
    expect(errorOf(await call(route, jobId, { sub: "bob", scope, jobs: [local.newJob()] }))).toEqual(NOT_FOUND);
    expect(errorOf(await call(route, jobId, { sub: "bob", scope, jobs: [] }))).toEqual(NOT_FOUND);
    expect(commentOf(await call(route, jobId, { sub: "bob", scope }))).toEqual([
      403,
      expect.stringMatching(/as its claim jobs must\. Get one that does, or ask the operator\.$/),
    ]);
  });

  it.each(ROUTES)("%s asks no list of an admin", async (route) => {
    const { jobId, owners } = await newUpload();
    expect((await call(route, jobId, { sub: "root", scope: "admin" })).status).toBe(200);
    expect(await owners.ownerOf(jobId)).toBeUndefined();
  });
});
