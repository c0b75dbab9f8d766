import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from "jose";

/** What API Gateway passes to the function about a verified token. */
export interface JwtContext {
  readonly claims: Readonly<Record<string, string>>;
  readonly scopes: string[] | null;
}

/** A refused token: the response's status and its `www-authenticate` header. */
interface Refusal {
  readonly status: 401 | 403;
  readonly challenge: string;
}

export type Authorizer = (
  authorization: string | undefined,
  routeScopes: readonly string[],
) => Promise<{ readonly jwt: JwtContext } | { readonly refusal: Refusal }>;

export interface AuthorizerOptions {
  /** As `iss` has it; `<issuer>/.well-known/openid-configuration` names the keys. */
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly clock: () => number;
}

/**
 * API Gateway's JWT authorizer. It checks the signature (RS256 only) with the issuer's keys, which are fetched once and
 * cached, then `iss`, `aud` (or `client_id`, if there is no `aud`), `exp`, `nbf`, and one of the route's scopes in `scope`
 * or `scp`. The scheme `Bearer` may be left out.
 */
export const createJwtAuthorizer = ({ issuer, audience, clock }: AuthorizerOptions): Authorizer => {
  let keys: Promise<ReturnType<typeof createRemoteJWKSet>> | undefined;
  const fetchKeys = async () => {
    keys ??= discoverKeys(issuer);
    return keys.catch((error: unknown) => {
      keys = undefined;
      throw error;
    });
  };

  return async (authorization, routeScopes) => {
    const token = authorization?.replace(/^Bearer /i, "").trim();
    if (!token) return refuse(401, routeScopes);
    let payload: JWTPayload;
    try {
      const options = { issuer, algorithms: ["RS256"], requiredClaims: ["exp"], currentDate: new Date(clock()) };
      ({ payload } = await jwtVerify(token, await fetchKeys(), options));
    } catch (error) {
      return refuse(401, routeScopes, describe(error));
    }
    if (!isMeantForUs(payload, audience)) return refuse(401, routeScopes, "the token does not have a valid audience");
    const scopes = scopesOf(payload);
    if (routeScopes.length > 0 && !routeScopes.some((scope) => scopes.includes(scope)))
      return { refusal: { status: 403, challenge: challengeOf(routeScopes, "insufficient_scope") } };
    return { jwt: { claims: stringClaims(payload), scopes: routeScopes.length > 0 ? scopes : null } };
  };
};

const discoverKeys = async (issuer: string) => {
  const response = await fetch(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const { jwks_uri: keysUrl } = (await response.json()) as { jwks_uri: string };
  return createRemoteJWKSet(new URL(keysUrl));
};

const refuse = (status: 401, scopes: readonly string[], description?: string) => ({
  refusal: { status, challenge: description ? challengeOf(scopes, "invalid_token", description) : "Bearer" },
});

const challengeOf = (scopes: readonly string[], error: string, description?: string): string =>
  `Bearer scope="${scopes.join(" ")}" error="${error}"${description ? ` error_description="${description}"` : ""}`;

const describe = (error: unknown): string => {
  if (error instanceof errors.JWTExpired) return "the token has expired";
  if (error instanceof errors.JWTClaimValidationFailed) return `the token has an invalid ${error.claim}`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return "the token has an invalid signature";
  return "unable to verify the token";
};

const isMeantForUs = ({ aud, client_id: clientId }: JWTPayload, audience: readonly string[]): boolean =>
  (aud === undefined ? [clientId] : [aud].flat()).some((each) => typeof each === "string" && audience.includes(each));

const scopesOf = ({ scope, scp }: JWTPayload): string[] =>
  [scope ?? scp]
    .flat()
    .flatMap((each) => (typeof each === "string" ? each.split(" ") : []))
    .filter((each) => each !== "");

const stringClaims = (payload: JWTPayload): Record<string, string> =>
  Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, claimText(value)]));

/** The function receives token claims as strings, in the notation of Go: `[a b]`, `map[k:v]`. */
const claimText = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(claimText).join(" ")}]`;
  if (typeof value === "object" && value !== null)
    return `map[${Object.entries(value)
      .map(([name, each]) => `${name}:${claimText(each)}`)
      .join(" ")}]`;
  return typeof value === "string" ? value : JSON.stringify(value);
};
