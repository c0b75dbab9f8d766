import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { startExternalServer } from "../contracts/external-server.ts";

/** A Keycloak with an administrator. */
export interface Keycloak {
  readonly url: string;
  /** Of the realm `captions`, as tokens have it. */
  readonly issuer: string;
  readonly administrator: { readonly name: string; readonly password: string };
  /** Creates or, with PUT, changes something below `/admin`. */
  readonly administer: (method: "POST" | "PUT", path: string, what: object) => Promise<void>;
  readonly close: () => Promise<void>;
}

export const REALM = "captions";

/** Starts it in development mode, with its database in memory. @param home the folder of `scripts/keycloak.sh` */
export const startKeycloak = async (home: string): Promise<Keycloak> => {
  const administrator = { name: "admin", password: randomBytes(16).toString("hex") };
  const { endpoint: url, close } = await startExternalServer(
    "Keycloak",
    join(home, "bin", "kc.sh"),
    (port) => ["start-dev", "--db=dev-mem", "--cache=local", "--http-host=127.0.0.1", `--http-port=${port}`],
    {
      ...process.env,
      KC_BOOTSTRAP_ADMIN_USERNAME: administrator.name,
      KC_BOOTSTRAP_ADMIN_PASSWORD: administrator.password,
      // It runs for a minute or two: the second compiler would cost more than it gains.
      JAVA_OPTS_APPEND: "-XX:TieredStopAtLevel=1",
    },
  );

  const administer: Keycloak["administer"] = async (method, path, what) => {
    const login = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "password",
        client_id: "admin-cli",
        username: administrator.name,
        password: administrator.password,
      }),
    });
    const { access_token: token } = (await login.json()) as { access_token: string };
    const response = await fetch(`${url}/admin${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(what),
    });
    if (!response.ok)
      throw new Error(`Keycloak answers ${method} ${path} with ${response.status}: ${await response.text()}`);
  };

  return { url, issuer: `${url}/realms/${REALM}`, administrator, administer, close };
};
