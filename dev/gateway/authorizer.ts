import { errors, jwtVerify, type JWTPayload } from "jose";
import { createKeySource, type KeyOptions } from "./keys.ts";

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

export interface AuthorizerOptions extends KeyOptions {
  readonly audience: readonly string[];
}

/** "Currently, only RSA-based algorithms are supported." Whether that includes PSS is not said; taken for no. */
const ALGORITHMS = ["RS256", "RS384", "RS512"];

/**
 * API Gateway's JWT authorizer. It checks the signature with the key of the issuer that the token's `kid` names, then
 * `iss`, `aud` (or `client_id`, if there is no `aud`), `exp`, `nbf` and `iat` by the clock and without any tolerance, and
 * one of the route's scopes in `scope` and `scp` together. The scheme `Bearer` may be left out.
 *
 * Source: "Control access to HTTP APIs with JWT authorizers in API Gateway", Amazon API Gateway developer guide. What that
 * leaves open is in docs/local-gateway.md.
 */
export const createJwtAuthorizer = ({ audience, ...keyOptions }: AuthorizerOptions): Authorizer => {
  const { issuer, clock } = keyOptions;
  const findKey = createKeySource(keyOptions);

  return async (authorization, routeScopes) => {
    const token = authorization?.replace(/^Bearer /i, "").trim();
    if (!token) return refuse(401, routeScopes);
    let payload: JWTPayload;
    try {
      const currentDate = new Date(clock());
      const options = { issuer, algorithms: ALGORITHMS, requiredClaims: ["exp"], currentDate };
      ({ payload } = await jwtVerify(token, findKey, options));
      // jose looks at `iat` only together with a greatest age.
      if ((payload.iat ?? 0) * 1000 > currentDate.getTime())
        return refuse(401, routeScopes, "the token has an invalid iat");
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
  [scope, scp]
    .flat()
    .flatMap((each) => (typeof each === "string" ? each.split(" ") : []))
    .filter((each) => each !== "");

/** A claim that is null is left out: a function could not tell the text `null` from somebody of that name. */
const stringClaims = (payload: JWTPayload): Record<string, string> =>
  Object.fromEntries(
    Object.entries(payload)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, claimText(value)]),
  );

/** The function receives token claims as strings, in the notation of Go: `[a b]`, `map[k:v]`, `<nil>` within these. */
const claimText = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(claimText).join(" ")}]`;
  if (typeof value === "object" && value !== null)
    return `map[${Object.entries(value)
      .map(([name, each]) => `${name}:${claimText(each)}`)
      .join(" ")}]`;
  if (value === null) return "<nil>";
  return typeof value === "string" ? value : JSON.stringify(value);
};
