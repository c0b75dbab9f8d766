import { OAuth2Server } from "oauth2-mock-server";

export interface TokenClaims {
  readonly sub?: string;
  readonly scope?: string;
  readonly expiresInS?: number;
  /** Any other token claim. `undefined` removes a default one. */
  readonly [claim: string]: unknown;
}

/** An OpenID issuer with its own key. */
export interface Identity {
  readonly issuer: string;
  readonly audience: string;
  /** A signed access token for the audience, valid for an hour, with these claims in addition to its own. */
  readonly issueToken: (claims: TokenClaims) => Promise<string>;
  readonly close: () => Promise<void>;
}

const AUDIENCE = "cielo24-proxy";

export const startIdentity = async ({ port = 0, clock }: { port?: number; clock: () => number }): Promise<Identity> => {
  const server = new OAuth2Server();
  await server.issuer.keys.generate("RS256");
  await server.start(port, "127.0.0.1");
  const issuer = `http://127.0.0.1:${server.address().port}`;
  server.issuer.url = issuer;
  return {
    issuer,
    audience: AUDIENCE,
    issueToken: ({ expiresInS = 3600, ...claims }) =>
      server.issuer.buildToken({
        scopesOrTransform: (_header, payload) => {
          const now = Math.floor(clock() / 1000);
          Object.assign(payload, { iat: now, nbf: now, exp: now + expiresInS, aud: AUDIENCE, ...claims });
        },
      }),
    close: () => server.stop(),
  };
};
