import { describe, expect, it } from "@jest/globals";
import { ApiError } from "../../../lib/http/errors.ts";
import { readCaller, type CallerConfig } from "../../../lib/http/caller.ts";
import type { HttpEvent } from "../../../lib/http/endpoint.ts";
import { httpEvent } from "../../harness/http-event.ts";

const A = "a".repeat(32);
const B = "b".repeat(32);
const CONFIG: CallerConfig = {
  scopePrefix: "",
  scopeClaim: "scope",
  ownerClaim: "sub",
  jobsClaim: "",
  jobsClaimRequired: false,
};
const LISTED: CallerConfig = { ...CONFIG, jobsClaim: "jobs" };
const MANDATORY: CallerConfig = { ...LISTED, jobsClaimRequired: true };

/** The caller of a route that asks for `media.write`. The token has that scope unless the claims say otherwise. */
const read = (claims: Record<string, unknown>, config = CONFIG) =>
  readCaller(httpEvent({ claims: { scope: "media.write", ...claims } }), config, "media.write");
const wordsOf = (claims: Record<string, unknown>, config: CallerConfig): string => {
  try {
    return JSON.stringify(read(claims, config));
  } catch (error) {
    return error instanceof ApiError ? error.comment : String(error);
  }
};
const forbidden = expect.objectContaining({ code: "NOT_AUTHORIZED", status: 403 }) as unknown as Error;

describe("readCaller", () => {
  it("takes the owner from the claim that is configured", () => {
    expect(read({ sub: "alice", tenant: "acme" })).toEqual({ isAdmin: false, owner: "alice" });
    expect(read({ sub: "alice", tenant: "acme" }, { ...CONFIG, ownerClaim: "tenant" })).toEqual({
      isAdmin: false,
      owner: "acme",
    });
    expect(read({ "https://id.example/tenant": "7" }, { ...CONFIG, ownerClaim: "https://id.example/tenant" })).toEqual({
      isAdmin: false,
      owner: "7",
    });
  });

  it.each([
    {},
    { sub: "" },
    { sub: true },
    { sub: "[a b]" },
    { sub: "[a]" },
    { sub: "map[id:7]" },
    { sub: ["a", "b"] },
    { sub: null },
    ...[
      "null",
      "NULL",
      "<nil>",
      "nil",
      "None",
      "undefined",
      "true",
      "false",
      " ",
      "\t\n",
      "{}",
      '{"id":7}',
      "{id=7}",
    ].map((sub) => ({ sub })),
  ])("lets nobody in whose claims name no single owner: %j", (claims) => {
    expect(() => read(claims)).toThrow(forbidden);
  });

  it.each(["nullable", "trueman", "nile", "a{b}", "none@captions.example", "0"])("takes %j for an owner", (sub) => {
    expect(read({ sub })).toEqual({ isAdmin: false, owner: sub });
  });

  it("does not find an owner in what every object inherits", () => {
    expect(() => read({}, { ...CONFIG, ownerClaim: "constructor" })).toThrow(forbidden);
  });

  it("lets nobody in where the route was left without an authorizer", () => {
    const event = httpEvent();
    const { authorizer, ...requestContext } = event.requestContext;
    expect(authorizer).toBeDefined();
    const lambda = { sub: "alice", scope: "media.write" };
    for (const context of [requestContext, { ...requestContext, authorizer: { lambda } }])
      expect(() =>
        readCaller({ ...event, requestContext: context } as unknown as HttpEvent, CONFIG, "media.write"),
      ).toThrow(forbidden);
  });

  it.each([
    [`[${A} ${B}]`, [A, B]],
    [`${A} ${B}`, [A, B]],
    [`[${A}]`, [A]],
    [A, [A]],
    [`${A},${B}`, [A, B]],
    [`[${A}, ${B}]`, [A, B]],
    ["[]", []],
    ["", []],
    [
      [A, B],
      [A, B],
    ],
  ])("reads the list of jobs from %j", (jobs, expected) => {
    expect(read({ sub: "alice", jobs }, LISTED)).toEqual({ isAdmin: false, owner: "alice", jobs: new Set(expected) });
  });

  it("reads the list of jobs however it spells them, and leaves what is no job as it is", () => {
    const jobs = `[${A.toUpperCase()} bbbbbbbb-bbbb-BBBB-bbbb-bbbbbbbbbbbb *]`;
    expect(read({ sub: "alice", jobs }, LISTED)).toMatchObject({ jobs: new Set([A, B, "*"]) });
  });

  it("names the claim that a token lacks", () => {
    expect(wordsOf({}, { ...CONFIG, ownerClaim: "tenant" })).toMatch(/its claim tenant must name one owner\.$/);
    expect(wordsOf({ sub: "alice" }, MANDATORY)).toMatch(/its claim jobs must/);
    expect(wordsOf({ sub: "alice" }, { ...CONFIG, jobsClaimRequired: true })).not.toMatch(/claim/);
  });

  it("does not ask for a list of jobs unless it is mandatory", () => {
    expect(read({ sub: "alice" }, LISTED)).toEqual({ isAdmin: false, owner: "alice" });
    expect(() => read({ sub: "alice" }, MANDATORY)).toThrow(forbidden);
    expect(() => read({ sub: "alice", jobs: A }, { ...CONFIG, jobsClaimRequired: true })).toThrow(forbidden);
  });

  it("goes by a mandatory list of jobs alone, whoever the token's owner is", () => {
    for (const sub of ["alice", undefined, "null"])
      expect(read({ sub, jobs: `[${A} ${B}]` }, MANDATORY)).toEqual({ isAdmin: false, jobs: new Set([A, B]) });
    expect(read({ jobs: "[]" }, MANDATORY)).toEqual({ isAdmin: false, jobs: new Set() });
  });

  it.each([
    { scope: "admin" },
    { scope: "media.read admin", sub: "alice" },
    { scope: "media.read", scp: "admin" },
    { scope: "[media.read admin]" },
    { scp: "admin" },
    { scp: "[media.read admin]" },
  ])("knows an admin by the scope of the token: %j", (claims) => {
    expect(read(claims, MANDATORY)).toEqual({ isAdmin: true });
  });

  it.each([
    { scope: "media.write media.admin" },
    { scope: "media.write administrator" },
    { scope: "media.write Admin" },
    { roles: "admin" },
  ])("takes nobody else for one: %j", (claims) => {
    expect(read({ sub: "alice", ...claims })).toEqual({ isAdmin: false, owner: "alice" });
  });

  it("does not believe the scopes of the route", () => {
    const event = httpEvent();
    event.requestContext.authorizer.jwt.scopes = ["admin"];
    expect(readCaller(event, CONFIG, "media.write")).toEqual({ isAdmin: false, owner: "alice" });
  });
});

describe("the scope that a route asks for", () => {
  it.each([
    { scope: "media.write" },
    { scp: "media.write" },
    { scope: "[media.read media.write]" },
    { scope: "openid", scp: "[media.write]" },
    { scope: "media.write", scp: "openid" },
  ])("is found in scope and in scp, which count together: %j", (claims) => {
    expect(read({ sub: "alice", scope: undefined, ...claims })).toEqual({ isAdmin: false, owner: "alice" });
  });

  it.each([{ scope: undefined }, { scope: "media.read" }, { scope: "media.writer" }, { scope: "openid profile" }])(
    "is asked for by the function, too: %j",
    (claims) => {
      expect(() => read({ sub: "alice", ...claims })).toThrow(forbidden);
      expect(wordsOf({ sub: "alice", ...claims }, CONFIG)).toMatch(/^The token lacks the scope media\.write\./);
    },
  );

  it("has the deployment's prefix, and so has admin", () => {
    const prefixed = { ...CONFIG, scopePrefix: "captions/" };
    expect(read({ sub: "alice", scope: "captions/media.write" }, prefixed)).toEqual({ isAdmin: false, owner: "alice" });
    expect(read({ scope: "captions/admin" }, prefixed)).toEqual({ isAdmin: true });
    for (const scope of ["media.write", "admin", "media.write admin", "other/admin", "other/media.write"])
      expect(wordsOf({ sub: "alice", scope }, prefixed)).toMatch(/^The token lacks the scope captions\/media\.write\./);
    expect(read({ sub: "alice", scope: "captions/media.write admin" }, prefixed)).toMatchObject({ isAdmin: false });
    expect(read({ sub: "alice", scope: "media.write captions/admin" })).toMatchObject({ isAdmin: false });
  });

  it.each(["roles", "permissions", "https://captions.example/roles"])("is found in %s where that is named", (name) => {
    const config = { ...CONFIG, scopeClaim: name };
    const token = { sub: "alice", scope: undefined, client_id: "backend" };
    expect(read({ ...token, [name]: "[media.write media.read]" }, config)).toMatchObject({ owner: "alice" });
    expect(read({ ...token, [name]: "[admin]" }, config)).toEqual({ isAdmin: true });
    expect(read({ ...token, scope: "media.write" }, config)).toMatchObject({ owner: "alice" });
    expect(() => read({ ...token, [name]: "[media.read]" }, config)).toThrow(forbidden);
    expect(() => read({ ...token, [name]: "[media.write]" }, CONFIG)).toThrow(forbidden);
  });
});

describe("where the gateway cannot read the scopes", () => {
  const config = { ...CONFIG, scopeClaim: "roles" };
  const token = { sub: "alice", scope: undefined, roles: "[media.write]", aud: "api" };

  it.each([
    { token_use: "access", client_id: "spa" },
    { typ: "Bearer", azp: "spa" },
    { typ: "DPoP" },
    { client_id: "backend" },
    { client_id: "api", aud: undefined },
    { cid: "spa" },
    { appid: "spa" },
    { azp: "spa" },
    { azp: "spa", aud: "[api account]" },
    { scp: "openid" },
    { scope: "[media.read]" },
  ])("takes an access token: %j", (claims) => {
    expect(read({ ...token, ...claims }, config)).toEqual({ isAdmin: false, owner: "alice" });
  });

  it.each([
    {},
    { token_use: "id", client_id: "spa" },
    { token_use: "id", typ: "Bearer" },
    { token_use: "access", typ: "ID" },
    { typ: "ID", azp: "spa" },
    { typ: "Refresh", azp: "spa" },
    { azp: "api" },
    { client_id: "api" },
    { cid: "api" },
    { appid: "api" },
    { client_id: "api", azp: "api" },
    { azp: "spa", aud: "[spa account]" },
    { azp: "spa", aud: "api", nonce: "n" },
    { client_id: "spa", at_hash: "h" },
    { scope: "media.write", c_hash: "h" },
  ])("takes no ID token, and none that cannot be told from one: %j", (claims) => {
    expect(() => read({ ...token, ...claims }, config)).toThrow(forbidden);
    expect(wordsOf({ ...token, ...claims, roles: "[admin]" }, config)).toMatch(/^This is not an access token/);
  });
});
