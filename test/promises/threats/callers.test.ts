import { describe, expect, it } from "@jest/globals";
import { readDeployment } from "../../../dev/gateway/deployment.ts";
import { error, NOT_FOUND, errorOf, sendAs, sendWith } from "../../harness/api.ts";
import { useStack } from "../../harness/stack.ts";

const JSON_TYPE = { "content-type": "application/json" };
const { functions } = await readDeployment();
const ROUTES = functions.flatMap(({ routes }) => routes);
const CLOSED = ROUTES.filter(({ path }) => path !== "/health" && !path.startsWith("/media/"));

describe("the routes", () => {
  const local = useStack();

  it.each(CLOSED.map(({ routeKey, ...route }) => ({ routeKey, route })))(
    "threat 6: let nobody in with an ID token: $routeKey",
    async ({ route: { method, path } }) => {
      const identity = { sub: "alice", token_use: "id", email: "alice@example.org", nonce: "n", auth_time: 1 };
      for (const scopes of [{}, { scope: "" }, { scope: "openid profile email" }]) {
        const call = sendWith(local, {
          authorization: `Bearer ${await local.stack.token({ ...identity, ...scopes })}`,
        });
        expect((await call(method, `${path}?v=1`)).status).toBe(403);
      }
    },
  );

  it.each(CLOSED.map(({ routeKey, ...route }) => ({ routeKey, route })))(
    "threat 7: let nobody in without a token: $routeKey",
    async ({ route: { method, path, scopes } }) => {
      expect(scopes?.length).toBeGreaterThan(0);
      expect((await sendWith(local, {})(method, `${path}?v=1`)).status).toBe(401);
    },
  );

  it("threat 7: are closed but for those that need no caller", () => {
    const open = ROUTES.filter(({ scopes }) => scopes === undefined).map(({ routeKey }) => routeKey);
    expect(open.sort()).toEqual(["GET /health", "GET /media/{capability}/{name}", "HEAD /media/{capability}/{name}"]);
  });
});

describe("the routes of a stage whose gateway cannot read the scopes", () => {
  const local = useStack({ env: { SCOPE_CLAIM: "roles", SCOPE_PREFIX: "captions." } });
  const access = { sub: "alice", scope: undefined, client_id: "backend" };
  const SCOPES = ["media.write", "media.read", "metadata.write", "admin"];

  it.each(CLOSED.map(({ routeKey, ...route }) => ({ routeKey, route })))(
    "threat 6: are as closed by the functions alone: $routeKey",
    async ({ route: { method, path, scopes = [] } }) => {
      const answerTo = async (claims: Record<string, unknown>) =>
        errorOf(await sendAs(local, { ...access, ...claims })(method, `${path}?v=2`));
      const wanted = scopes[0] ?? "";
      const others = SCOPES.filter((scope) => !scopes.includes(scope)).map((scope) => `captions.${scope}`);
      for (const roles of [undefined, [], others, scopes])
        expect(await answerTo({ roles })).toEqual(error(403, "NOT_AUTHORIZED", new RegExp(`captions\\.${wanted}\\.`)));
      for (const role of scopes) {
        const roles = [`captions.${role}`];
        expect(await answerTo({ roles })).toMatchObject({ status: 400 });
        expect(await answerTo({ roles, token_use: "id" })).toEqual(
          error(403, "NOT_AUTHORIZED", /^This is not an access token/),
        );
      }
    },
  );
});

describe("an id that is more than an id", () => {
  const local = useStack();
  const alice = sendAs(local, { sub: "alice" });
  const JOB = "0123456789abcdef0123456789abcdef";
  const WRONG = [
    `${JOB}&api_token=${"f".repeat(32)}`,
    `x&api_token=y`,
    `${JOB}?v=2`,
    `${JOB}#`,
    `${JOB}\n`,
    `${JOB}\r\nX-Auth-User: y`,
    `${JOB}\0`,
    `${JOB}0`,
    JOB.slice(1),
    `${JOB.slice(0, 16)}-${JOB.slice(16)}`,
    "{01234567-89ab-cdef-0123-456789abcdef}",
    "urn:uuid:01234567-89ab-cdef-0123-456789abcdef",
    `../${JOB}`,
    `${JOB}/../${JOB}`,
    "０123456789abcdef0123456789abcdef",
  ];
  const others = "&reference_id=a&requestor_id=b&media_url=https%3A%2F%2Fmedia.example.org%2Fa.mp4&method=PUT";
  const PATHS = [...new Set(CLOSED.map(({ path }) => path))];

  it.each(PATHS)("threat 3: is refused in the query, before anybody hears of it: %s", async (path) => {
    const { method = "GET" } = CLOSED.find((route) => route.path === path) ?? {};
    for (const wrong of WRONG) {
      const answer = await alice(method, `${path}?v=1&job_id=${encodeURIComponent(wrong)}${others}`);
      expect(errorOf(answer)).toMatchObject({ status: 400, ErrorType: "INVALID_QUERY" });
    }
    expect(local.cielo24.logins()).toBe(0);
  });

  it.each(CLOSED.filter(({ method }) => method === "POST").map(({ path }) => path))(
    "threat 3: is refused in a JSON body, before anybody hears of it: %s",
    async (path) => {
      const parameters = { v: 1, reference_id: "a", requestor_id: "b", method: "PUT" };
      const media = path.endsWith("add_media") ? { media_url: "https://media.example.org/a.mp4" } : {};
      for (const job_id of [...WRONG, [JOB], { $ne: "" }]) {
        const body = JSON.stringify({ ...parameters, ...media, job_id });
        expect(errorOf(await alice("POST", path, { headers: JSON_TYPE, body }))).toMatchObject({ status: 400 });
      }
      expect(local.cielo24.logins()).toBe(0);
    },
  );

  it.each(PATHS)("threat 3: is refused where it is given twice: %s", async (path) => {
    const { method = "GET" } = CLOSED.find((route) => route.path === path) ?? {};
    for (const twice of [`job_id=${JOB}&job_id=${JOB}`, `job_id=${JOB}&job%5Fid=${"e".repeat(32)}`]) {
      const answer = await alice(method, `${path}?v=1&${twice}${others}`);
      expect(errorOf(answer)).toMatchObject({ status: 400, ErrorType: "INVALID_QUERY" });
    }
  });

  it.each(["api_token", "username", "password", "securekey"])(
    "threat 4: is no way in for a client's %s, on any route",
    async (name) => {
      for (const { method, path } of CLOSED) {
        const answer = await alice(method, `${path}?v=1&job_id=${JOB}${others}&${name}=x`);
        expect(errorOf(answer)).toMatchObject({ status: 400, ErrorType: "INVALID_QUERY" });
      }
    },
  );
});

describe("a job of somebody else", () => {
  const local = useStack();

  it("threat 5: looks on every route as one that does not exist", async () => {
    const [alice, bob] = [sendAs(local, { sub: "alice" }), sendAs(local, { sub: "bob" })];
    const job = local.newJob();
    expect((await alice("GET", `/api/job/request_upload_url?v=1&job_id=${job}`)).status).toBe(200);
    // Whatever asked cielo24 from now on would need another login.
    local.cielo24.expireTokens();
    local.stack.advanceTime(60_000);
    const logins = local.cielo24.logins();
    const others = "&reference_id=a&requestor_id=b&media_url=https%3A%2F%2Fmedia.example.org%2Fa.mp4&method=PUT";
    for (const { method, path } of CLOSED) {
      const foreign = errorOf(await bob(method, `${path}?v=1&job_id=${job}${others}`));
      expect(foreign).toMatchObject(NOT_FOUND);
    }
    const absent = await bob("GET", `/api/job/delivery?v=1&job_id=${"e".repeat(32)}`);
    expect(errorOf(absent)).toMatchObject(NOT_FOUND);
    expect(local.cielo24.logins()).toBe(logins);
  });
});
