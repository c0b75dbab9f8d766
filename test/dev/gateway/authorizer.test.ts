import { describe, expect, it } from "@jest/globals";
import { generateKeyPair, SignJWT } from "jose";
import { sendRaw } from "../../harness/raw-client.ts";
import { useGateway } from "./gateway.ts";

let now = Date.UTC(2026, 0, 1);
const fixture = useGateway({
  routes: [
    {
      routeKey: "GET /guarded",
      method: "GET",
      path: "/guarded",
      functionName: "echo",
      scopes: ["media.write", "admin"],
    },
    { routeKey: "GET /any", method: "GET", path: "/any", functionName: "echo", scopes: [] },
    { routeKey: "GET /open", method: "GET", path: "/open", functionName: "echo" },
  ],
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

describe("the JWT authorizer", () => {
  it("lets a token with one of the route's scopes through, and hands its claims on", async () => {
    const { status, body } = await call(await fixture.identity.issueToken({ sub: "you", scope: SCOPE }));
    expect(status).toBe(200);
    const { claims, scopes } = jwtOf(body);
    expect(claims).toMatchObject({
      sub: "you",
      scope: SCOPE,
      iss: fixture.identity.issuer,
      aud: fixture.identity.audience,
    });
    expect(scopes).toEqual(["media.write", "media.read"]);
  });

  it("takes a token without its scheme, too", async () => {
    const authorization = await fixture.identity.issueToken({ sub: "you", scope: SCOPE });
    expect((await sendRaw(`${fixture.gateway.url}/guarded`, { headers: { authorization } })).status).toBe(200);
  });

  it("makes strings of all claims, and `[a b]` of a list", async () => {
    const token = await fixture.identity.issueToken({
      scope: SCOPE,
      jobs: ["a", "b"],
      none: [],
      level: 7,
      verified: true,
      tenant: { id: "t1", size: 3 },
    });
    const { claims } = jwtOf((await call(token)).body);
    expect(claims).toMatchObject({
      jobs: "[a b]",
      none: "[]",
      level: "7",
      verified: "true",
      tenant: "map[id:t1 size:3]",
      exp: String(now / 1000 + 3600),
    });
  });

  it("reads scopes from a list in `scp`, too", async () => {
    const { status } = await call(await fixture.identity.issueToken({ scp: ["media.read", "admin"] }));
    expect(status).toBe(200);
  });

  it("leaves `scopes` null where the route asks for none", async () => {
    const { body } = await call(await fixture.identity.issueToken({ scope: SCOPE }), "/any");
    expect(jwtOf(body).scopes).toBeNull();
  });

  it("takes `client_id` for the audience where there is no `aud`", async () => {
    const ours = { scope: SCOPE, aud: undefined, client_id: fixture.identity.audience };
    expect((await call(await fixture.identity.issueToken(ours))).status).toBe(200);
    expect((await call(await fixture.identity.issueToken({ ...ours, client_id: "other" }))).status).toBe(401);
    expect((await call(await fixture.identity.issueToken({ ...ours, aud: "other" }))).status).toBe(401);
  });

  it("refuses a call without a token", async () => {
    const { status, headers, body } = await call(undefined);
    expect([status, body, headers["www-authenticate"]]).toEqual([401, '{"message":"Unauthorized"}', "Bearer"]);
    expect(headers["content-type"]).toBe("application/json");
  });

  it.each([
    ["another audience", { aud: "other" }, "audience"],
    ["another issuer", { iss: "https://issuer.example.org" }, "iss"],
    ["an end that is past", { expiresInS: -1 }, "expired"],
    ["a start that is to come", { nbf: 4_000_000_000 }, "nbf"],
    ["no end", { exp: undefined }, "exp"],
  ])("refuses a token with %s", async (_fault, claims, said) => {
    const { status, headers, body } = await call(await fixture.identity.issueToken({ scope: SCOPE, ...claims }));
    expect([status, body]).toEqual([401, '{"message":"Unauthorized"}']);
    expect(headers["www-authenticate"]).toContain('error="invalid_token"');
    expect(headers["www-authenticate"]).toContain(said);
  });

  it("refuses a bogus signature, a foreign key, `none` and what is no token", async () => {
    const token = await fixture.identity.issueToken({ scope: SCOPE });
    const [header = "", payload = ""] = token.split(".");
    const { privateKey } = await generateKeyPair("RS256");
    const foreign = await new SignJWT({ scope: SCOPE })
      .setProtectedHeader(JSON.parse(Buffer.from(header, "base64url").toString()) as { alg: string })
      .setIssuer(fixture.identity.issuer)
      .setAudience(fixture.identity.audience)
      .setExpirationTime(now / 1000 + 60)
      .sign(privateKey);
    const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`;
    for (const bogus of [`${header}.${payload}.${"A".repeat(342)}`, foreign, unsigned, "abc", "a.b.c"])
      expect((await call(bogus)).status).toBe(401);
  });

  it("forbids a token without any of the route's scopes", async () => {
    const { status, headers, body } = await call(await fixture.identity.issueToken({ scope: "media.read" }));
    expect([status, body]).toEqual([403, '{"message":"Forbidden"}']);
    expect(headers["www-authenticate"]).toContain('error="insufficient_scope"');
    expect((await call(await fixture.identity.issueToken({}))).status).toBe(403);
  });

  it("goes by the stack's time", async () => {
    const token = await fixture.identity.issueToken({ scope: SCOPE, expiresInS: 60 });
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
