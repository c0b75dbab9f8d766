import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { errorOf, NOT_FOUND } from "../harness/api.ts";
import { SCOPE } from "../harness/scope.ts";
import { useStack } from "../harness/stack.ts";
import { callerWith, DELIVERED, ISSUER_TIMEOUT_MS, refusalOf } from "./calls.ts";
import { logIn, logInBackend, type Tokens } from "./log-in.ts";
import { startOidcProvider, type OidcProvider } from "./oidc-provider.ts";

const API = "https://captions.example/api";

describe("node oidc-provider", () => {
  let provider: OidcProvider;
  const jobs = new Map<string, string[]>();
  beforeAll(async () => {
    provider = await startOidcProvider(jobs);
  });
  afterAll(() => (provider as OidcProvider | undefined)?.close());

  const logInAt = (client: string, name: string, scope = SCOPE, resource: string | undefined = API): Promise<Tokens> =>
    logIn({
      issuer: provider.issuer,
      client: { id: client },
      user: { name, password: "any" },
      scope: `openid ${scope}`,
      more: resource === "" ? {} : { resource },
    });
  const backend = (id: string, scope = SCOPE, resource = API): Promise<Tokens> =>
    logInBackend({ issuer: provider.issuer, client: { id, secret: `of-${id}` }, scope, more: { resource } });
  const stage = (env: Record<string, string> = {}, audience: readonly string[] = [API]) =>
    useStack(() => ({ authorizer: { issuer: provider.issuer, audience, timeoutMs: ISSUER_TIMEOUT_MS }, env }));

  describe("and a stage with its issuer and the resource as audience", () => {
    const local = stage();

    it("lets a user upload who logs in with a browser that names the resource", async () => {
      const { accessToken } = await logInAt("upload-page", "alice");
      expect(decodeProtectedHeader(accessToken)).toMatchObject({ typ: "at+jwt", alg: "RS256" });
      expect(decodeJwt(accessToken)).toMatchObject({ aud: API, sub: "alice", client_id: "upload-page", scope: SCOPE });
      expect(await callerWith(local, accessToken).upload(local.newJob())).toEqual(DELIVERED);
    });

    it("lets a backend upload, as an owner with the client's id, and keeps its jobs from users", async () => {
      const { accessToken } = await backend("archive");
      expect(decodeJwt(accessToken)).toMatchObject({ aud: API, sub: "archive", client_id: "archive" });
      const job = local.newJob();
      expect(await callerWith(local, accessToken).upload(job)).toEqual(DELIVERED);
      const user = await logInAt("upload-page", "alice");
      expect(errorOf(await callerWith(local, user.accessToken).askForDelivery(job))).toEqual(NOT_FOUND);
    });

    it("gives the scope of operators to no client that may not have it, and to anybody at one that may", async () => {
      await expect(logInAt("upload-page", "alice", "admin")).rejects.toThrow("invalid_scope");
      const job = local.newJob();
      await callerWith(local, (await backend("archive")).accessToken).askForUrl(job);
      const { accessToken } = await logInAt("anything", "alice", "admin");
      expect((await callerWith(local, accessToken).askForDelivery(job)).status).toBe(200);
    });

    it("refuses the opaque token that comes where no resource is named: 401", async () => {
      const { accessToken } = await logInAt("upload-page", "alice", SCOPE, "");
      expect(accessToken).not.toContain(".");
      expect(await refusalOf(local, accessToken)).toEqual({ status: 401, says: expect.stringContaining("verify") });
    });

    it("refuses a token signed with ES256: 401", async () => {
      const { accessToken } = await logInAt("upload-page", "alice", SCOPE, "https://captions.example/es256");
      expect(await refusalOf(local, accessToken)).toEqual({
        status: 401,
        says: expect.stringContaining("invalid_token"),
      });
    });

    it("refuses an ID token: 401, since it is for the client", async () => {
      const { idToken = "" } = await logInAt("upload-page", "alice");
      expect(await refusalOf(local, idToken)).toEqual({ status: 401, says: expect.stringContaining("audience") });
    });
  });

  describe("and a stage with a prefix before the scopes", () => {
    const PREFIXED = "https://captions.example/prefixed";
    const local = stage({ SCOPE_PREFIX: "captions/" }, [PREFIXED]);

    it("lets a backend upload that has the scopes by their whole names", async () => {
      const scope = SCOPE.replaceAll(/\S+/g, "captions/$&");
      const { accessToken } = await backend("operators", scope, PREFIXED);
      expect(await callerWith(local, accessToken).upload(local.newJob())).toEqual(DELIVERED);
    });

    it("takes captions/admin for an operator, and a bare admin for nobody", async () => {
      const job = local.newJob();
      const owner = await backend("operators", "captions/media.write", PREFIXED);
      expect((await callerWith(local, owner.accessToken).askForUrl(job)).status).toBe(200);
      const statusFor = async (scope: string) => {
        const { accessToken } = await logInAt("anything", "alice", scope, PREFIXED);
        return (await callerWith(local, accessToken).askForDelivery(job)).status;
      };
      expect(await statusFor("captions/admin")).toBe(200);
      expect(await statusFor("admin")).toBe(403);
      expect(await statusFor("admin captions/media.read")).toBe(404);
    });
  });

  describe("and a stage whose tokens must list their jobs", () => {
    const local = stage({ JOBS_CLAIM: "jobs", JOBS_CLAIM_REQUIRED: "true" });

    it("goes by the list of extraTokenClaims alone, whoever the user is", async () => {
      const [job, other] = [local.newJob(), local.newJob()];
      jobs.set("alice", [job]).set("bob", [job]);
      const alice = callerWith(local, (await logInAt("upload-page", "alice")).accessToken);
      expect(await alice.upload(job)).toEqual(DELIVERED);
      expect(errorOf(await alice.askForUrl(other))).toEqual(NOT_FOUND);
      const bob = callerWith(local, (await logInAt("upload-page", "bob")).accessToken);
      expect((await bob.askForDelivery(job)).body).toMatchObject({ State: "DELIVERED" });
    });

    it("refuses a token without a list: 403, which names the claim", async () => {
      const { accessToken } = await logInAt("upload-page", "carol");
      expect(await refusalOf(local, accessToken)).toEqual({ status: 403, says: expect.stringContaining("claim jobs") });
    });
  });
});
