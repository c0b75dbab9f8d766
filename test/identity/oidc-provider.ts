import { exportJWK, generateKeyPair } from "jose";
import { createServer } from "node:http";
import { Provider, errors, type ResourceServer } from "oidc-provider";
import { closeServer, listen } from "../../dev/stack/listen.ts";
import { REDIRECT_URI } from "./log-in.ts";

/** An authorization server made of the package `oidc-provider`, as an application would set it up. */
export interface OidcProvider {
  readonly issuer: string;
  readonly close: () => Promise<void>;
}

const SCOPES = "media.write media.read metadata.write";

/** The APIs that clients may name as `resource`, which each becomes the audience of their tokens. */
const RESOURCES: Readonly<Record<string, ResourceServer>> = {
  "https://captions.example/api": { scope: `${SCOPES} admin` },
  "https://captions.example/prefixed": {
    scope: `${SCOPES} admin`
      .split(" ")
      .flatMap((scope) => [scope, `captions/${scope}`])
      .join(" "),
  },
  "https://captions.example/es256": { scope: SCOPES, jwt: { sign: { alg: "ES256" } } },
};

const user = (id: string) => ({
  client_id: id,
  token_endpoint_auth_method: "none" as const,
  redirect_uris: [REDIRECT_URI],
  grant_types: ["authorization_code", "refresh_token"],
});

const backend = (id: string) => ({
  client_id: id,
  client_secret: `of ${id}`.replaceAll(" ", "-"),
  redirect_uris: [],
  response_types: [],
  grant_types: ["client_credentials"],
});

/**
 * Starts it with its own forms for login and consent, which take any name with any password.
 *
 * @param jobs what tokens list in their claim `jobs`, by the name of the user
 */
export const startOidcProvider = async (jobs: ReadonlyMap<string, readonly string[]>): Promise<OidcProvider> => {
  // The issuer contains the port, so the server listens before there is a provider.
  const server = createServer();
  const issuer = `http://127.0.0.1:${await listen(server)}`;
  const keys = await Promise.all(
    ["RS256", "ES256"].map(async (alg) => ({
      ...(await exportJWK((await generateKeyPair(alg, { extractable: true })).privateKey)),
      alg,
      kid: alg,
      use: "sig",
    })),
  );
  const provider = new Provider(issuer, {
    jwks: { keys },
    // What a client's `scope` may name. A client without one may ask for every scope of a resource.
    scopes: ["openid", "offline_access", ...SCOPES.split(" "), "admin"],
    clients: [
      { ...user("upload-page"), scope: `openid ${SCOPES}` },
      user("anything"),
      { ...backend("archive"), scope: SCOPES },
      backend("operators"),
    ],
    features: {
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => {
          const found = RESOURCES[resource];
          if (!found) throw new errors.InvalidTarget();
          return { accessTokenFormat: "jwt", jwt: { sign: { alg: "RS256" } }, ...found };
        },
      },
    },
    // Defaults of these would do, with a line on the console for each.
    findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    ttl: Object.fromEntries(
      ["AccessToken", "ClientCredentials", "Grant", "IdToken", "Interaction", "Session"].map((what) => [what, 600]),
    ),
    extraTokenClaims: (_context, token) => {
      const listed = "accountId" in token ? jobs.get(token.accountId) : undefined;
      return listed && { jobs: listed };
    },
  });
  const answer = provider.callback();
  server.on("request", (request, response) => void answer(request, response));
  return { issuer, close: () => closeServer(server) };
};
