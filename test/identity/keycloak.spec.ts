import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { decodeJwt } from "jose";
import { NOT_FOUND, errorOf } from "../harness/api.ts";
import { useStack } from "../harness/stack.ts";
import { callerWith, DELIVERED, ISSUER_TIMEOUT_MS, refusalOf } from "./calls.ts";
import { startKeycloak, type Keycloak } from "./keycloak.ts";
import { logIn, logInBackend, renew, type Tokens, type User } from "./log-in.ts";
import {
  addClient,
  addScope,
  AUDIENCE,
  claimMapper,
  makeRealm,
  PEOPLE,
  ROLE_PREFIX,
  SCOPES,
  SCOPES_AS_ROLES,
} from "./realm.ts";

const home = process.env["KEYCLOAK"];
const { alice, bob, olivia, rita, max } = PEOPLE;
const SCOPE = SCOPES.join(" ");

(home === undefined ? describe.skip : describe)("Keycloak, set up as the page says", () => {
  let keycloak: Keycloak;
  let printed: string;
  beforeAll(async () => {
    keycloak = await startKeycloak(home ?? "");
  });
  beforeAll(async () => {
    printed = await makeRealm(keycloak, home ?? "");
  });
  afterAll(() => (keycloak as Keycloak | undefined)?.close());

  const logInAt = (clientId: string, user: User, scope = `openid ${SCOPE}`): Promise<Tokens> =>
    logIn({ issuer: keycloak.issuer, client: { id: clientId }, scope, user });
  const stage = (env: Record<string, string> = {}, audience: readonly string[] = [AUDIENCE]) =>
    useStack(() => ({ authorizer: { issuer: keycloak.issuer, audience, timeoutMs: ISSUER_TIMEOUT_MS }, env }));

  describe("and a stage with its issuer and the API as audience", () => {
    const local = stage();
    const jobOfBob = async (): Promise<string> => {
      const job = local.newJob();
      const { accessToken } = await logInAt("upload-page", bob);
      expect((await callerWith(local, accessToken).askForUrl(job)).status).toBe(200);
      return job;
    };

    it("lets a user upload who logs in with a browser, and keeps others' jobs from them", async () => {
      const { accessToken } = await logInAt("upload-page", alice);
      expect(decodeJwt(accessToken)).toMatchObject({ iss: keycloak.issuer, aud: AUDIENCE, azp: "upload-page" });
      const caller = callerWith(local, accessToken);
      expect(await caller.upload(local.newJob())).toEqual(DELIVERED);
      const foreign = await jobOfBob();
      expect(errorOf(await caller.askForUrl(foreign))).toEqual(NOT_FOUND);
      expect(errorOf(await caller.askForDelivery(foreign))).toEqual(NOT_FOUND);
    });

    it("knows the user again by a renewed token, of which a long upload needs several", async () => {
      const tokens = await logInAt("upload-page", alice);
      const job = local.newJob();
      await callerWith(local, tokens.accessToken).upload(job);
      const { accessToken } = await renew({ issuer: keycloak.issuer, client: { id: "upload-page" } }, tokens);
      expect(accessToken).not.toBe(tokens.accessToken);
      expect((await callerWith(local, accessToken).askForDelivery(job)).body).toMatchObject({ State: "DELIVERED" });
    });

    it("lets a backend upload with the token that the page's last command gets", async () => {
      const [, accessToken = ""] = /"access_token":"([^"]+)"/.exec(printed) ?? [];
      expect(decodeJwt(accessToken)).toMatchObject({
        client_id: "archive",
        sub: expect.stringMatching(/^[\da-f-]{36}$/),
      });
      const caller = callerWith(local, accessToken);
      expect(await caller.upload(local.newJob())).toEqual(DELIVERED);
      expect(errorOf(await caller.askForDelivery(await jobOfBob()))).toEqual(NOT_FOUND);
    });

    it("shows everybody's jobs to a user with the role of operators", async () => {
      const { accessToken } = await logInAt("operators", olivia, "openid admin");
      expect((await callerWith(local, accessToken).askForDelivery(await jobOfBob())).status).toBe(200);
    });

    it("leaves the scope of operators out where a user without the role asks for it, also at a client that may", async () => {
      await addClient(keycloak, "page-that-may-be-admin", { optionalClientScopes: [...SCOPES, "admin"] });
      const { accessToken } = await logInAt("page-that-may-be-admin", alice, "openid media.read admin");
      expect(String(decodeJwt(accessToken)["scope"]).split(" ")).toEqual(["openid", "media.read"]);
      expect(errorOf(await callerWith(local, accessToken).askForDelivery(await jobOfBob()))).toEqual(NOT_FOUND);
      const operator = await logInAt("page-that-may-be-admin", olivia, "openid media.read admin");
      expect((await callerWith(local, operator.accessToken).askForDelivery(await jobOfBob())).status).toBe(200);
    });

    it("refuses to give a browser's client the scope of operators", async () => {
      await expect(logInAt("upload-page", olivia, "openid admin")).rejects.toThrow("invalid_scope");
    });

    const refused = [
      [
        "a client without the audience: 401",
        { defaultClientScopes: ["basic"] },
        `openid ${SCOPE}`,
        { status: 401, says: expect.stringContaining("audience") },
      ],
      [
        "a client that does not ask for the scopes: 403",
        {},
        "openid",
        { status: 403, says: expect.stringContaining("insufficient_scope") },
      ],
      [
        "a client whose tokens are signed with ES256: 401",
        { attributes: { "access.token.signed.response.alg": "ES256" } },
        `openid ${SCOPE}`,
        { status: 401, says: expect.stringContaining("invalid_token") },
      ],
      [
        "a client without the scope basic, whose tokens have no sub: 403, which names the claim",
        { defaultClientScopes: ["captions-api"] },
        `openid ${SCOPE}`,
        { status: 403, says: expect.stringContaining("claim sub") },
      ],
      [
        "a client with lightweight access tokens: 401",
        { attributes: { "client.use.lightweight.access.token.enabled": "true" } },
        `openid ${SCOPE}`,
        { status: 401, says: expect.stringContaining("audience") },
      ],
    ] as const;
    it.each(refused)("refuses %s", async (name, differences, scope, refusal) => {
      const id = name.replaceAll(/\W+/g, "-");
      await addClient(keycloak, id, differences);
      const { accessToken } = await logInAt(id, alice, scope);
      expect(await refusalOf(local, accessToken)).toEqual(refusal);
    });

    it("refuses a token that 190 roles make too large", async () => {
      await addClient(keycloak, "page-with-all-roles", { defaultClientScopes: ["basic", "captions-api", "roles"] });
      const { accessToken } = await logInAt("page-with-all-roles", max);
      expect(accessToken.length).toBeGreaterThan(10_240);
      expect((await callerWith(local, accessToken).askForUrl(local.newJob())).status).toBe(431);
    });

    it("refuses an ID token: 401, since it is for the client", async () => {
      const { idToken = "" } = await logInAt("upload-page", alice);
      expect(await refusalOf(local, idToken)).toEqual({ status: 401, says: expect.stringContaining("audience") });
    });
  });

  describe("and a stage whose scope of operators is tied to no role", () => {
    const local = stage({ SCOPE_PREFIX: "untied/" });

    it("has an operator in everybody who asks: this is what the page warns of", async () => {
      const scopes = ["untied/media.write", "untied/admin"];
      for (const name of scopes) await addScope(keycloak, name);
      await addClient(keycloak, "careless-page", { optionalClientScopes: scopes });
      const job = local.newJob();
      const owner = await logInAt("careless-page", bob, "openid untied/media.write");
      expect((await callerWith(local, owner.accessToken).askForUrl(job)).status).toBe(200);
      const anybody = await logInAt("careless-page", alice, "openid untied/admin");
      expect((await callerWith(local, anybody.accessToken).askForDelivery(job)).status).toBe(200);
    });
  });

  describe("and a stage where jobs belong to tenants", () => {
    const local = stage({ OWNER_CLAIM: "tenant" });
    const ofUser = { "user.attribute": "tenant", "jsonType.label": "String" };

    it("lets a user and a backend share jobs", async () => {
      await addClient(keycloak, "page-of-tenants", {
        protocolMappers: [claimMapper("tenant", "oidc-usermodel-attribute-mapper", ofUser)],
      });
      await addClient(keycloak, "backend-of-acme", {
        publicClient: false,
        serviceAccountsEnabled: true,
        secret: "of-the-backend",
        protocolMappers: [claimMapper("tenant", "oidc-hardcoded-claim-mapper", { "claim.value": "acme" })],
      });
      const client = { id: "backend-of-acme", secret: "of-the-backend" };
      const backend = await logInBackend({ issuer: keycloak.issuer, client, scope: SCOPE });
      const user = await logInAt("page-of-tenants", alice);
      const job = local.newJob();
      expect(await callerWith(local, user.accessToken).upload(job)).toEqual(DELIVERED);
      expect((await callerWith(local, backend.accessToken).askForDelivery(job)).body).toMatchObject({ JobId: job });
    });

    it("refuses a tenant that is a list, as 'Multivalued' makes it: 403, which names the claim", async () => {
      await addClient(keycloak, "page-of-lists", {
        protocolMappers: [claimMapper("tenant", "oidc-usermodel-attribute-mapper", { ...ofUser, multivalued: "true" })],
      });
      const { accessToken } = await logInAt("page-of-lists", alice);
      expect(await refusalOf(local, accessToken)).toEqual({
        status: 403,
        says: expect.stringContaining("claim tenant must name one owner"),
      });
    });
  });

  const roles = {
    // Nothing of a scope: neither is one asked for, nor could it be.
    optionalClientScopes: [],
    protocolMappers: [claimMapper("roles", "oidc-usermodel-realm-role-mapper", { multivalued: "true" })],
  };

  describe("and a stage that reads the scopes from the claim roles", () => {
    const local = stage({ SCOPE_CLAIM: "roles", SCOPE_PREFIX: ROLE_PREFIX });

    it("lets a user upload whose roles have the scopes' names, and refuses one without: 403, which names the scope", async () => {
      await addClient(keycloak, "page-of-roles", roles);
      const { accessToken } = await logInAt("page-of-roles", rita, "openid");
      expect(await callerWith(local, accessToken).upload(local.newJob())).toEqual(DELIVERED);
      expect(await refusalOf(local, (await logInAt("page-of-roles", alice, "openid")).accessToken)).toEqual({
        status: 403,
        says: expect.stringContaining("lacks the scope captions:media.write"),
      });
    });

    it("takes the role admin of another application for no operator's", async () => {
      await addClient(keycloak, "page-of-all-roles", roles);
      const { accessToken } = await logInAt("page-of-all-roles", bob, "openid");
      expect(decodeJwt(accessToken)["roles"]).toContain("admin");
      expect(await refusalOf(local, accessToken)).toMatchObject({ status: 403 });
    });
  });

  describe("and a stage that reads the scopes from the claim roles, and has the client among its audiences", () => {
    const local = stage({ SCOPE_CLAIM: "roles", SCOPE_PREFIX: ROLE_PREFIX }, [AUDIENCE, "page-of-its-own"]);

    it("refuses an ID token that carries the roles: 403, which says what it is", async () => {
      await addClient(keycloak, "page-of-its-own", roles);
      const { accessToken, idToken = "" } = await logInAt("page-of-its-own", rita, "openid");
      expect((await callerWith(local, accessToken).askForUrl(local.newJob())).status).toBe(200);
      expect(decodeJwt(idToken)).toMatchObject({
        aud: "page-of-its-own",
        roles: expect.arrayContaining(SCOPES_AS_ROLES),
      });
      expect(await refusalOf(local, idToken)).toEqual({
        status: 403,
        says: expect.stringContaining("not an access token"),
      });
    });
  });
});
