import { createHmac } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { sendRaw } from "../../harness/raw-client.ts";
import { createKey } from "../../harness/issuer.ts";
import { AUDIENCE, useGateway } from "./gateway.ts";

let now = Date.UTC(2026, 0, 1);
const nowS = () => now / 1000;
const route = (path: string, scopes?: string[]) => ({
  routeKey: `GET ${path}`,
  method: "GET",
  path,
  functionName: "echo",
  ...(scopes ? { scopes } : {}),
});
const fixture = useGateway({
  routes: [route("/guarded", ["media.write", "admin"]), route("/any", []), route("/open")],
  clock: () => now,
});

const SCOPE = "media.write media.read";

const call = (token: string | undefined, path = "/guarded") =>
  sendRaw(fixture.gateway.url + path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });

const jwtOf = (body: string) =>
  (
    JSON.parse(body) as {
      requestContext: { authorizer: { jwt: { claims: Record<string, string>; scopes: string[] | null } } };
    }
  ).requestContext.authorizer.jwt;

const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString("base64url");

describe("the JWT authorizer", () => {
  it("lets a token with one of the route's scopes through, and hands its claims on", async () => {
    const { status, body } = await call(await fixture.token({ sub: "you", scope: SCOPE }));
    expect(status).toBe(200);
    const { claims, scopes } = jwtOf(body);
    expect(claims).toMatchObject({ sub: "you", scope: SCOPE, iss: fixture.issuer.issuer, aud: AUDIENCE });
    expect(scopes).toEqual(["media.write", "media.read"]);
  });

  it("takes a token without its scheme, too", async () => {
    const authorization = await fixture.token({ sub: "you", scope: SCOPE });
    expect((await sendRaw(`${fixture.gateway.url}/guarded`, { headers: { authorization } })).status).toBe(200);
  });

  it("makes strings of all claims, in Go's notation", async () => {
    const token = await fixture.token({
      scope: SCOPE,
      jobs: ["a", "b"],
      none: [],
      level: 7,
      verified: true,
      tenant: { id: "t1", size: 3, region: null },
    });
    const { claims } = jwtOf((await call(token)).body);
    expect(claims).toMatchObject({
      jobs: "[a b]",
      none: "[]",
      level: "7",
      verified: "true",
      tenant: "map[id:t1 size:3 region:<nil>]",
      exp: String(nowS() + 3600),
    });
  });

  it("leaves out a claim that is null, and keeps one that is a text of that name", async () => {
    const { claims } = jwtOf((await call(await fixture.token({ scope: SCOPE, sub: null, tenant: "null" }))).body);
    expect(claims).not.toHaveProperty("sub");
    expect(claims).toMatchObject({ tenant: "null" });
  });

  it.each([
    ["a text in `scope`", { scope: "openid media.write" }],
    ["a text in `scp`", { scp: "openid media.write" }],
    ["a list in `scope`", { scope: ["openid", "media.write"] }],
    ["a list in `scp`", { scp: ["openid", "media.write"] }],
    ["`scp`, while `scope` has others", { scope: "openid", scp: ["media.write"] }],
    ["`scope`, while `scp` has others", { scope: "media.write", scp: "openid" }],
    ["`scp`, while `scope` is null", { scope: null, scp: "media.write" }],
  ])("finds a scope as %s", async (_where, claims) => {
    expect((await call(await fixture.token(claims))).status).toBe(200);
  });

  it("leaves `scopes` null where the route asks for none", async () => {
    const { body } = await call(await fixture.token({ scope: SCOPE }), "/any");
    expect(jwtOf(body).scopes).toBeNull();
  });

  it.each([
    ["the audience", { aud: AUDIENCE }, 200],
    ["the audience among others", { aud: ["account", AUDIENCE] }, 200],
    ["another audience", { aud: "other" }, 401],
    ["a list without it", { aud: ["account"] }, 401],
    ["an empty list", { aud: [], client_id: AUDIENCE }, 401],
    ["null", { aud: null, client_id: AUDIENCE }, 401],
    ["no `aud`, and the audience in `client_id`", { aud: undefined, client_id: AUDIENCE }, 200],
    ["no `aud`, and another `client_id`", { aud: undefined, client_id: "other" }, 401],
    ["another `aud`, in spite of `client_id`", { aud: "other", client_id: AUDIENCE }, 401],
    ["neither, in spite of `azp` and `cid`", { aud: undefined, azp: AUDIENCE, cid: AUDIENCE }, 401],
  ])("looks for the audience: %s", async (_kind, claims, status) => {
    const answer = await call(await fixture.token({ scope: SCOPE, ...claims }));
    expect(answer.status).toBe(status);
    if (status === 401)
      expect(answer.headers["www-authenticate"]).toBe(
        'Bearer scope="media.write admin" error="invalid_token" error_description="the token does not have a valid audience"',
      );
  });

  it("refuses a call without a token", async () => {
    const { status, headers, body } = await call(undefined);
    expect([status, body, headers["www-authenticate"]]).toEqual([401, '{"message":"Unauthorized"}', "Bearer"]);
    expect(headers["content-type"]).toBe("application/json");
  });

  it.each([
    ["another issuer", () => ({ iss: "https://issuer.example.org" }), "iss"],
    ["its issuer and a slash", () => ({ iss: `${fixture.issuer.issuer}/` }), "iss"],
    ["an end that is now", () => ({ exp: nowS() }), "expired"],
    ["no end", () => ({ exp: undefined }), "exp"],
    ["an end that is null", () => ({ exp: null }), "exp"],
    ["a start that is to come", () => ({ nbf: nowS() + 1 }), "nbf"],
    ["a time of issue that is to come", () => ({ iat: nowS() + 1 }), "iat"],
    ["a time of issue that is a text", () => ({ iat: "2026-01-01" }), "iat"],
  ])("refuses a token with %s", async (_fault, claims, said) => {
    const { status, headers, body } = await call(await fixture.token({ scope: SCOPE, ...claims() }));
    expect([status, body]).toEqual([401, '{"message":"Unauthorized"}']);
    expect(headers["www-authenticate"]).toContain('error="invalid_token"');
    expect(headers["www-authenticate"]).toContain(said);
  });

  it.each([
    ["was issued in this second", () => ({ iat: nowS(), nbf: nowS() })],
    ["does not say when it was issued", () => ({ iat: undefined })],
    ["ends in the next second", () => ({ exp: nowS() + 1 })],
  ])("takes a token that %s", async (_kind, claims) => {
    expect((await call(await fixture.token({ scope: SCOPE, ...claims() }))).status).toBe(200);
  });

  it.each([
    ["RS256", 200],
    ["RS384", 200],
    ["RS512", 200],
    ["PS256", 401],
    ["ES256", 401],
    ["EdDSA", 401],
  ])("answers a token of an honest %s key with %i", async (alg, status) => {
    const key = await createKey(alg);
    fixture.issuer.published = [...fixture.issuer.published, key.published];
    expect((await call(await fixture.token({ scope: SCOPE }, {}, key))).status).toBe(status);
  });

  it.each(["JWT", "at+jwt", "application/at+jwt", "logout+jwt", undefined])("takes a token of type %s", async (typ) => {
    expect((await call(await fixture.token({ scope: SCOPE }, { typ }))).status).toBe(200);
  });

  it("refuses a token that names no key, or another's, even where there is only one", async () => {
    fixture.issuer.published = [fixture.issuer.key.published];
    // Forget the keys of other tests.
    now += 2 * 3_600_000;
    expect((await call(await fixture.token({ scope: SCOPE }))).status).toBe(200);
    for (const kid of [undefined, "", "other", null, [fixture.issuer.key.published.kid]])
      expect((await call(await fixture.token({ scope: SCOPE }, { kid }))).status).toBe(401);
  });

  it("refuses a bogus signature, a foreign key under a known name, `none`, HMAC with the public key, and no token", async () => {
    const token = await fixture.token({ scope: SCOPE });
    const [header = "", payload = ""] = token.split(".");
    const { published } = fixture.issuer.key;
    const foreign = { ...(await createKey()), published };
    const hmac = `${encode({ alg: "HS256", kid: published.kid })}.${payload}`;
    const signature = createHmac("sha256", JSON.stringify(published)).update(hmac).digest("base64url");
    for (const bogus of [
      `${header}.${payload}.${"A".repeat(342)}`,
      await fixture.token({ scope: SCOPE }, {}, foreign),
      `${encode({ alg: "none", kid: published.kid })}.${payload}.`,
      `${hmac}.${signature}`,
      "abc",
      "a.b.c",
    ]) {
      const { status, headers } = await call(bogus);
      expect([status, headers["www-authenticate"]]).toEqual([401, expect.stringContaining("invalid_token")]);
    }
  });

  it("forbids a token without any of the route's scopes", async () => {
    const { status, headers, body } = await call(await fixture.token({ scope: "media.read", scp: "media.writes" }));
    expect([status, body]).toEqual([403, '{"message":"Forbidden"}']);
    expect(headers["www-authenticate"]).toContain('error="insufficient_scope"');
    expect((await call(await fixture.token({}))).status).toBe(403);
  });

  it("goes by the stack's time", async () => {
    const token = await fixture.token({ scope: SCOPE, exp: nowS() + 60 });
    expect((await call(token)).status).toBe(200);
    now += 61_000;
    expect((await call(token)).status).toBe(401);
  });

  it("guards no route that asks for no authorizer", async () => {
    const { status, body } = await call(undefined, "/open");
    expect(status).toBe(200);
    expect(body).not.toContain("authorizer");
  });
});
