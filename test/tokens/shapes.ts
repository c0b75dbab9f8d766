import type { Claims } from "../harness/issuer.ts";

/** What the API makes of a token. */
export type Answer =
  /** It owns what it uses: 200 on its own job, 404 on somebody else's. */
  | { readonly owner: string }
  /** 200 on everybody's job. */
  | "admin"
  /** API Gateway refuses it, and says why. */
  | { readonly unauthorized: string }
  /** API Gateway finds none of the route's scopes. */
  | "forbidden"
  /** It is too large. */
  | "too large"
  /** The functions refuse it with 403 NOT_AUTHORIZED, and these words. */
  | { readonly notAuthorized: string };

interface Row {
  readonly token: string;
  /** `iss`, `iat` and `exp` are added. */
  readonly claims: Claims;
  /** Of the header; `JWT` by default. */
  readonly typ?: string | undefined;
  readonly answer: Answer;
}

/** One kind of set-up: what the operator writes into `params.yml`, and what the tokens there look like. */
export interface Shape {
  readonly provider: string;
  /** Of the issuer, below its address. */
  readonly path: string;
  readonly params: {
    readonly audience: readonly string[];
    readonly scopePrefix?: string;
    readonly scopeClaim?: string;
    readonly ownerClaim?: string;
  };
  readonly tokens: readonly Row[];
}

const API = "https://captions.example/api";
const ALICE = "5f0c2b6e-8d1f-4c53-9a1e-2f3b7c9d0e11";
const SERVICE = "b71d3f0a-66c2-4a0e-8f57-0d9a1c2e3f44";
const WRITE_ALL = ["media.write", "media.read", "metadata.write"];
const SCOPES = WRITE_ALL.join(" ");
const OTHER_AUDIENCE = { unauthorized: "the token does not have a valid audience" };
const NO_ACCESS_TOKEN = { notAuthorized: "not an access token" };
const lacks = (scope: string) => ({ notAuthorized: `lacks the scope ${scope}` });
const namesNoOwner = (claim: string) => ({ notAuthorized: `its claim ${claim} must name one owner` });

const COGNITO_BROWSER = "2tq7k0v1d8m4s6r9n3p5b1x7c2";
const COGNITO_BACKEND = "6h3j9w2l5z8f1g4y7u0t3e6a9i";
const cognitoAccess = { token_use: "access", version: 2, jti: "0d0c7a7b-2f43-4f0b-a4a3-8a3c6a4d3b10", auth_time: 1 };
const COGNITO_SCOPES = WRITE_ALL.map((scope) => `captions/${scope}`).join(" ");

const cognito: Shape = {
  provider: "Cognito",
  path: "/us-east-1_Ab1Cd2Ef3",
  params: { audience: [COGNITO_BROWSER, COGNITO_BACKEND], scopePrefix: "captions/" },
  tokens: [
    {
      token: "a user's access token",
      claims: {
        ...cognitoAccess,
        sub: ALICE,
        username: "alice",
        client_id: COGNITO_BROWSER,
        scope: `openid ${COGNITO_SCOPES}`,
      },
      answer: { owner: ALICE },
    },
    {
      token: "a backend's, by client credentials",
      claims: { ...cognitoAccess, sub: COGNITO_BACKEND, client_id: COGNITO_BACKEND, scope: COGNITO_SCOPES },
      answer: { owner: COGNITO_BACKEND },
    },
    {
      token: "an operator's",
      claims: { ...cognitoAccess, sub: ALICE, client_id: COGNITO_BACKEND, scope: "captions/admin" },
      answer: "admin",
    },
    {
      token: "one with `admin` of another resource server, without the prefix",
      claims: { ...cognitoAccess, sub: ALICE, client_id: COGNITO_BROWSER, scope: `admin ${COGNITO_SCOPES}` },
      answer: { owner: ALICE },
    },
    {
      token: "one of a sign-in without the hosted pages, which has no scopes of ours",
      claims: { ...cognitoAccess, sub: ALICE, client_id: COGNITO_BROWSER, scope: "aws.cognito.signin.user.admin" },
      answer: "forbidden",
    },
    {
      token: "one of another client of the pool",
      claims: { ...cognitoAccess, sub: ALICE, client_id: "another", scope: COGNITO_SCOPES },
      answer: OTHER_AUDIENCE,
    },
    {
      token: "an ID token, whose audience is the client",
      claims: { token_use: "id", sub: ALICE, aud: COGNITO_BROWSER, "cognito:username": "alice", auth_time: 1 },
      answer: "forbidden",
    },
  ],
};

const AUTH0_CLIENT = "hT4mQe9cVb2LxWf7";
const auth0User = { sub: "auth0|66f1c0ffee", azp: AUTH0_CLIENT, aud: [API, "https://tenant.example/userinfo"] };
const auth0Machine = { sub: "Kp8@clients", azp: "Kp8", aud: API, gty: "client-credentials" };

const auth0: Shape = {
  provider: "Auth0, where clients ask for scopes",
  path: "/",
  params: { audience: [API] },
  tokens: [
    {
      token: "a user's access token",
      claims: { ...auth0User, scope: `openid profile ${SCOPES}` },
      answer: { owner: "auth0|66f1c0ffee" },
    },
    { token: "a backend's", claims: { ...auth0Machine, scope: SCOPES }, answer: { owner: "Kp8@clients" } },
    {
      token: "an operator's",
      claims: { ...auth0User, scope: `openid admin ${SCOPES}`, permissions: ["admin"] },
      answer: "admin",
    },
    {
      token: "one whose rights are in `permissions` alone",
      claims: { ...auth0User, scope: "openid profile", permissions: WRITE_ALL },
      answer: "forbidden",
    },
    { token: "an ID token", claims: { sub: auth0User.sub, aud: AUTH0_CLIENT, sid: "s1" }, answer: OTHER_AUDIENCE },
  ],
};

const auth0Permissions: Shape = {
  provider: "Auth0, where roles give permissions",
  path: "/",
  // The client's id, too, so that an ID token gets past the gateway.
  params: { audience: [API, AUTH0_CLIENT], scopeClaim: "permissions" },
  tokens: [
    {
      token: "a user's access token",
      claims: { ...auth0User, scope: "openid profile", permissions: WRITE_ALL },
      answer: { owner: "auth0|66f1c0ffee" },
    },
    {
      token: "one that asked for no scope at all",
      claims: { ...auth0User, permissions: WRITE_ALL },
      answer: { owner: "auth0|66f1c0ffee" },
    },
    { token: "a backend's", claims: { ...auth0Machine, permissions: WRITE_ALL }, answer: { owner: "Kp8@clients" } },
    { token: "an operator's", claims: { ...auth0User, permissions: ["admin"] }, answer: "admin" },
    {
      token: "one of a user without permissions",
      claims: { ...auth0User, scope: "openid", permissions: [] },
      answer: lacks("media.write"),
    },
    {
      token: "an ID token that carries permissions",
      claims: { sub: auth0User.sub, aud: AUTH0_CLIENT, sid: "s1", permissions: [...WRITE_ALL, "admin"] },
      answer: NO_ACCESS_TOKEN,
    },
    {
      token: "the same with a nonce and the client as `azp`",
      claims: { sub: auth0User.sub, aud: AUTH0_CLIENT, azp: AUTH0_CLIENT, nonce: "n", permissions: WRITE_ALL },
      answer: NO_ACCESS_TOKEN,
    },
  ],
};

const ENTRA_API = "3c0d9a52-7f8b-4b57-9f0b-6f2f4b0d8c21";
const ENTRA_TENANT = "9e2b1f7c-0a5d-4d0f-8d2c-1b7e6a4c3f90";
const entraUser = { oid: ALICE, sub: "pairwise-for-this-app", tid: ENTRA_TENANT, name: "Alice", uti: "u" };
const entraApp = { oid: SERVICE, sub: SERVICE, tid: ENTRA_TENANT, uti: "u" };
const entraV2 = { aud: ENTRA_API, azp: "5d8f-client", azpacr: "1", ver: "2.0" };
const entraV1 = { aud: "api://captions", appid: "5d8f-client", appidacr: "1", ver: "1.0" };

const entra: Shape = {
  provider: "Entra ID v2, users alone",
  path: `/${ENTRA_TENANT}/v2.0`,
  params: { audience: [ENTRA_API], ownerClaim: "oid" },
  tokens: [
    { token: "a user's access token", claims: { ...entraV2, ...entraUser, scp: SCOPES }, answer: { owner: ALICE } },
    { token: "an operator's", claims: { ...entraV2, ...entraUser, scp: "admin" }, answer: "admin" },
    {
      token: "an application's, which has roles and no scopes",
      claims: { ...entraV2, ...entraApp, roles: WRITE_ALL },
      answer: "forbidden",
    },
    {
      token: "an ID token for the API's own registration",
      claims: { ...entraUser, aud: ENTRA_API, nonce: "n", ver: "2.0" },
      answer: "forbidden",
    },
    {
      token: "a v1 token, which has another audience",
      claims: { ...entraV1, ...entraUser, scp: SCOPES },
      answer: OTHER_AUDIENCE,
    },
  ],
};

const entraRoles: Shape = {
  provider: "Entra ID v2, users and applications",
  path: `/${ENTRA_TENANT}/v2.0`,
  params: { audience: [ENTRA_API], scopeClaim: "roles", ownerClaim: "oid" },
  tokens: [
    { token: "a user's access token", claims: { ...entraV2, ...entraUser, scp: SCOPES }, answer: { owner: ALICE } },
    {
      token: "one of a user who also has a role",
      claims: { ...entraV2, ...entraUser, scp: SCOPES, roles: ["admin"] },
      answer: "admin",
    },
    {
      token: "an application's",
      claims: { ...entraV2, ...entraApp, roles: WRITE_ALL },
      answer: { owner: SERVICE },
    },
    { token: "an operators' application's", claims: { ...entraV2, ...entraApp, roles: ["admin"] }, answer: "admin" },
    {
      token: "one of an application that calls itself, which an ID token looks like",
      claims: { ...entraV2, ...entraApp, azp: ENTRA_API, roles: WRITE_ALL },
      answer: NO_ACCESS_TOKEN,
    },
    {
      token: "one of an application without roles",
      claims: { ...entraV2, ...entraApp },
      answer: lacks("media.write"),
    },
    {
      token: "an ID token that carries roles, for the API's own registration",
      claims: { ...entraUser, aud: ENTRA_API, nonce: "n", ver: "2.0", roles: ["admin"] },
      answer: NO_ACCESS_TOKEN,
    },
    {
      token: "the same without a nonce",
      claims: { ...entraUser, aud: ENTRA_API, ver: "2.0", roles: ["admin"] },
      answer: NO_ACCESS_TOKEN,
    },
  ],
};

const entraV1Roles: Shape = {
  provider: "Entra ID v1",
  path: `/${ENTRA_TENANT}/`,
  params: { audience: ["api://captions"], scopeClaim: "roles", ownerClaim: "oid" },
  tokens: [
    { token: "a user's access token", claims: { ...entraV1, ...entraUser, scp: SCOPES }, answer: { owner: ALICE } },
    { token: "an application's", claims: { ...entraV1, ...entraApp, roles: WRITE_ALL }, answer: { owner: SERVICE } },
    {
      token: "an ID token that carries roles",
      claims: { ...entraUser, aud: "api://captions", ver: "1.0", roles: ["admin"] },
      answer: NO_ACCESS_TOKEN,
    },
  ],
};

const OKTA_CLIENT = "0oa1client2id3";
const okta: Shape = {
  provider: "Okta, a custom authorization server",
  path: "/oauth2/default",
  params: { audience: ["api://default"] },
  tokens: [
    {
      token: "a user's access token",
      claims: {
        ver: 1,
        jti: "AT.1",
        aud: "api://default",
        cid: OKTA_CLIENT,
        uid: "00u1",
        scp: ["openid", ...WRITE_ALL],
        sub: "alice@example.org",
      },
      answer: { owner: "alice@example.org" },
    },
    {
      token: "a backend's",
      claims: { ver: 1, jti: "AT.2", aud: "api://default", cid: "0oa9", scp: WRITE_ALL, sub: "0oa9" },
      answer: { owner: "0oa9" },
    },
    {
      token: "an operator's",
      claims: { ver: 1, jti: "AT.3", aud: "api://default", cid: "0oa9", scp: ["admin"], sub: "0oa9" },
      answer: "admin",
    },
    {
      token: "one of a client that did not ask for our scopes",
      claims: {
        ver: 1,
        jti: "AT.4",
        aud: "api://default",
        cid: OKTA_CLIENT,
        scp: ["openid"],
        sub: "alice@example.org",
      },
      answer: "forbidden",
    },
    {
      token: "an ID token",
      claims: { ver: 1, jti: "ID.1", aud: OKTA_CLIENT, sub: "00u1", amr: ["pwd"], at_hash: "h" },
      answer: OTHER_AUDIENCE,
    },
  ],
};

const keycloakAccess = { typ: "Bearer", azp: "spa", sid: "s", jti: "j", acr: "1", sub: ALICE };
const keycloakAudience = { aud: [API, "account"] };
const keycloakRoles = (count: number) => ({
  realm_access: { roles: Array.from({ length: count }, (_, at) => `captioning-and-transcription-of-department-${at}`) },
});

const keycloak: Shape = {
  provider: "Keycloak",
  path: "/realms/captions",
  params: { audience: [API] },
  tokens: [
    {
      token: "a user's access token, with an audience mapper",
      claims: { ...keycloakAccess, ...keycloakAudience, ...keycloakRoles(3), scope: `openid ${SCOPES}` },
      answer: { owner: ALICE },
    },
    {
      token: "a service account's",
      claims: {
        ...keycloakAccess,
        ...keycloakAudience,
        sub: SERVICE,
        azp: "backend",
        client_id: "backend",
        clientHost: "192.0.2.1",
        preferred_username: "service-account-backend",
        scope: SCOPES,
      },
      answer: { owner: SERVICE },
    },
    {
      token: "one with the client scope `admin`",
      claims: { ...keycloakAccess, ...keycloakAudience, scope: "openid admin" },
      answer: "admin",
    },
    {
      token: "one without an audience mapper",
      claims: { ...keycloakAccess, aud: "account", scope: `openid ${SCOPES}` },
      answer: OTHER_AUDIENCE,
    },
    {
      token: "one of a client that did not ask for the scopes",
      claims: { ...keycloakAccess, ...keycloakAudience, scope: "openid profile" },
      answer: "forbidden",
    },
    {
      token: "one of a client without the scope `basic`",
      claims: { ...keycloakAccess, ...keycloakAudience, sub: undefined, scope: SCOPES },
      answer: namesNoOwner("sub"),
    },
    {
      token: "a lightweight one",
      claims: { typ: "Bearer", azp: "spa", sid: "s", jti: "j", scope: `openid ${SCOPES}` },
      answer: OTHER_AUDIENCE,
    },
    {
      token: "a lightweight one, with mappers for audience and sub",
      claims: { typ: "Bearer", azp: "spa", sid: "s", jti: "j", aud: API, sub: ALICE, scope: `openid ${SCOPES}` },
      answer: { owner: ALICE },
    },
    {
      token: "one of a user with 100 roles",
      claims: { ...keycloakAccess, ...keycloakAudience, ...keycloakRoles(100), scope: SCOPES },
      answer: { owner: ALICE },
    },
    {
      token: "one of a user with 190 roles",
      claims: { ...keycloakAccess, ...keycloakAudience, ...keycloakRoles(190), scope: SCOPES },
      answer: "too large",
    },
    {
      token: "an ID token",
      claims: { typ: "ID", azp: "spa", aud: "spa", sub: ALICE, at_hash: "h", sid: "s", email: "alice@example.org" },
      answer: OTHER_AUDIENCE,
    },
  ],
};

const keycloakTenants: Shape = {
  provider: "Keycloak, with roles in a claim of their own and a tenant as owner",
  path: "/realms/captions",
  params: { audience: [API, "spa"], scopeClaim: "roles", ownerClaim: "tenant" },
  tokens: [
    {
      token: "a user's access token",
      claims: { ...keycloakAccess, ...keycloakAudience, scope: "openid", roles: WRITE_ALL, tenant: "acme" },
      answer: { owner: "acme" },
    },
    {
      token: "one of a user with two tenants",
      claims: { ...keycloakAccess, ...keycloakAudience, roles: WRITE_ALL, tenant: ["acme", "globex"] },
      answer: namesNoOwner("tenant"),
    },
    {
      token: 'one with the mapper\'s "Multivalued" on',
      claims: { ...keycloakAccess, ...keycloakAudience, roles: WRITE_ALL, tenant: ["acme"] },
      answer: namesNoOwner("tenant"),
    },
    ...[null, "null", "<nil>", true, "", " ", { id: "acme" }].map((tenant) => ({
      token: `one whose tenant is ${JSON.stringify(tenant)}`,
      claims: { ...keycloakAccess, ...keycloakAudience, roles: WRITE_ALL, tenant },
      answer: namesNoOwner("tenant"),
    })),
    {
      token: "an ID token that carries roles",
      claims: { typ: "ID", azp: "spa", aud: "spa", sub: ALICE, roles: ["admin"], tenant: "acme" },
      answer: NO_ACCESS_TOKEN,
    },
    {
      token: "a refresh token",
      claims: { typ: "Refresh", azp: "spa", aud: "spa", sub: ALICE, roles: ["admin"], scope: SCOPES, tenant: "acme" },
      answer: NO_ACCESS_TOKEN,
    },
  ],
};

const hydraAccess = { client_id: "spa", sub: "alice", jti: "j", nbf: 1, ext: {} };
const hydra: Shape = {
  provider: "Ory Hydra",
  path: "",
  params: { audience: [API] },
  tokens: [
    {
      token: "a user's access token",
      claims: { ...hydraAccess, aud: [API], scp: ["openid", ...WRITE_ALL] },
      answer: { owner: "alice" },
    },
    {
      token: "one with `scope` and `scp`",
      claims: { ...hydraAccess, aud: [API], scp: WRITE_ALL, scope: SCOPES },
      answer: { owner: "alice" },
    },
    {
      token: "a backend's",
      claims: { ...hydraAccess, client_id: SERVICE, sub: SERVICE, aud: [API], scp: WRITE_ALL },
      answer: { owner: SERVICE },
    },
    { token: "an operator's", claims: { ...hydraAccess, aud: [API], scp: ["admin"] }, answer: "admin" },
    {
      token: "one of a client that passed no audience",
      claims: { ...hydraAccess, aud: [], scp: WRITE_ALL },
      answer: OTHER_AUDIENCE,
    },
    {
      token: "an ID token",
      claims: { sub: "alice", aud: ["spa"], at_hash: "h", sid: "s", rat: 1, nonce: "n" },
      answer: OTHER_AUDIENCE,
    },
  ],
};

const hydraTenants: Shape = {
  provider: "Ory Hydra, with a tenant as owner",
  path: "",
  params: { audience: [API], ownerClaim: "tenant" },
  tokens: [
    {
      token: "an access token, the claim allowed at the top level",
      claims: { ...hydraAccess, aud: [API], scp: WRITE_ALL, tenant: "acme", ext: { tenant: "acme" } },
      answer: { owner: "acme" },
    },
    {
      token: "one with the claim under `ext` alone",
      claims: { ...hydraAccess, aud: [API], scp: WRITE_ALL, ext: { tenant: "acme" } },
      answer: namesNoOwner("tenant"),
    },
  ],
};

const spring: Shape = {
  provider: "Spring Authorization Server",
  path: "",
  params: { audience: ["spa", "backend"] },
  tokens: [
    {
      token: "a user's access token",
      typ: undefined,
      claims: { sub: "alice", aud: "spa", nbf: 1, jti: "j", scope: ["openid", ...WRITE_ALL] },
      answer: { owner: "alice" },
    },
    {
      token: "a backend's",
      typ: undefined,
      claims: { sub: "backend", aud: "backend", nbf: 1, jti: "j", scope: WRITE_ALL },
      answer: { owner: "backend" },
    },
    {
      token: "an operator's",
      typ: undefined,
      claims: { sub: "backend", aud: "backend", nbf: 1, jti: "j", scope: ["admin"] },
      answer: "admin",
    },
    {
      token: "one of a client that is not listed as an audience",
      typ: undefined,
      claims: { sub: "alice", aud: "another", nbf: 1, jti: "j", scope: WRITE_ALL },
      answer: OTHER_AUDIENCE,
    },
    {
      token: "an ID token",
      typ: undefined,
      claims: { sub: "alice", aud: "spa", azp: "spa", auth_time: 1, sid: "s", nonce: "n" },
      answer: "forbidden",
    },
  ],
};

const rfc9068: Shape = {
  provider: "RFC 9068 (Authlib, oidc-provider)",
  path: "",
  params: { audience: [API] },
  tokens: [
    {
      token: "a user's access token",
      typ: "at+jwt",
      claims: { aud: API, client_id: "spa", sub: "alice", jti: "j", auth_time: 1, scope: SCOPES },
      answer: { owner: "alice" },
    },
    {
      token: "a backend's",
      typ: "at+jwt",
      claims: { aud: [API], client_id: "backend", sub: "backend", jti: "j", scope: SCOPES },
      answer: { owner: "backend" },
    },
    {
      token: "an operator's",
      typ: "application/at+jwt",
      claims: { aud: API, client_id: "backend", sub: "backend", jti: "j", scope: "admin" },
      answer: "admin",
    },
    {
      token: "one whose audience is the client, as Authlib's are by default",
      typ: "at+jwt",
      claims: { aud: "backend", client_id: "backend", sub: "backend", jti: "j", scope: SCOPES },
      answer: OTHER_AUDIENCE,
    },
    { token: "an ID token", claims: { aud: "spa", sub: "alice", nonce: "n", at_hash: "h" }, answer: OTHER_AUDIENCE },
  ],
};

export const SHAPES: readonly Shape[] = [
  cognito,
  auth0,
  auth0Permissions,
  entra,
  entraRoles,
  entraV1Roles,
  okta,
  keycloak,
  keycloakTenants,
  hydra,
  hydraTenants,
  spring,
  rfc9068,
];
