import { readSections } from "../client-pages/sections.ts";
import { makeFolder } from "../harness/folder.ts";
import { runProgram } from "../harness/programs.ts";
import { REALM, type Keycloak } from "./keycloak.ts";
import { REDIRECT_URI } from "./log-in.ts";

/** As in the recipe of `docs/identity-providers.md`. */
export const AUDIENCE = "https://captions.example/api";
export const SCOPES = ["media.write", "media.read", "metadata.write"];

const person = (name: string) => ({ name, password: `${name} of the realm` });

/**
 * People of the realm. Olivia is given the role of operators by the recipe, Bob has some other application's role "admin",
 * Rita has roles with the names of the scopes, and Max has more roles than fit into a token.
 */
export const PEOPLE = {
  alice: person("alice"),
  bob: person("bob"),
  olivia: person("olivia"),
  rita: person("rita"),
  max: person("max"),
};
const MANY_ROLES = Array.from({ length: 190 }, (_, at) => `department-of-media-and-communication-${at}`);
/** Stands before the names of roles that count as scopes. */
export const ROLE_PREFIX = "captions:";
export const SCOPES_AS_ROLES = SCOPES.map((scope) => ROLE_PREFIX + scope);
const ROLES: Readonly<Record<string, readonly string[]>> = {
  rita: SCOPES_AS_ROLES,
  bob: ["admin"],
  max: MANY_ROLES,
};

/**
 * Makes a realm with people, and lets the recipe of `docs/identity-providers.md` do the rest, as it is printed there.
 *
 * @returns what the recipe printed: at its end, the token endpoint's answer to the backend
 */
export const makeRealm = async (keycloak: Keycloak, home: string): Promise<string> => {
  await keycloak.administer("POST", "/realms", { realm: REALM, enabled: true });
  await keycloak.administer("PUT", `/realms/${REALM}/users/profile`, {
    attributes: [
      { name: "username" },
      { name: "email" },
      { name: "tenant", permissions: { view: ["admin"], edit: ["admin"] } },
    ],
  });
  await keycloak.administer("POST", `/realms/${REALM}/partialImport`, {
    ifResourceExists: "FAIL",
    roles: { realm: Object.values(ROLES).flatMap((names) => names.map((name) => ({ name }))) },
    users: Object.values(PEOPLE).map(({ name, password }) => ({
      username: name,
      enabled: true,
      email: `${name}@app.example`,
      emailVerified: true,
      attributes: { tenant: ["acme"] },
      credentials: [{ type: "password", value: password }],
      realmRoles: ROLES[name] ?? [],
    })),
  });

  const [recipe] = readSections("../identity-providers.md").filter(({ title }) => title === "Keycloak");
  const script = (recipe?.script ?? "").replace(/^KEYCLOAK=.*$/m, "");
  await using folder = await makeFolder();
  return await runProgram("/bin/bash", ["-euo", "pipefail", "-c", script], {
    cwd: folder.path,
    env: {
      PATH: `${home}/bin:${process.env["PATH"] ?? ""}`,
      KEYCLOAK: keycloak.url,
      KC_CLI_PASSWORD: keycloak.administrator.password,
      // kcadm keeps its session at home, and is a JVM that runs for a second.
      KC_OPTS: `-Duser.home=${folder.path} -XX:TieredStopAtLevel=1`,
    },
  });
};

/** A browser's client that differs from the recipe's. */
export const addClient = async (keycloak: Keycloak, id: string, differences: object = {}) => {
  await keycloak.administer("POST", `/realms/${REALM}/clients`, {
    clientId: id,
    publicClient: true,
    redirectUris: [REDIRECT_URI],
    defaultClientScopes: ["basic", "captions-api"],
    optionalClientScopes: SCOPES,
    ...differences,
  });
};

/** A scope that clients may be allowed to ask for, tied to nothing. */
export const addScope = async (keycloak: Keycloak, name: string) => {
  await keycloak.administer("POST", `/realms/${REALM}/client-scopes`, {
    name,
    protocol: "openid-connect",
    attributes: { "include.in.token.scope": "true" },
  });
};

/** Puts something of the user, or a fixed value, into a claim. */
export const claimMapper = (claim: string, mapper: string, config: Readonly<Record<string, string>>) => ({
  name: claim,
  protocol: "openid-connect",
  protocolMapper: mapper,
  config: { "claim.name": claim, "access.token.claim": "true", "id.token.claim": "true", ...config },
});
