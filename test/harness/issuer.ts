import { createServer, type ServerResponse } from "node:http";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTHeaderParameters } from "jose";
import { closeServer, listen } from "../../dev/stack/listen.ts";

export interface SigningKey {
  readonly alg: string;
  readonly privateKey: CryptoKey;
  /** As the key set publishes it. */
  readonly published: JWK;
}

export type Claims = Readonly<Record<string, unknown>>;
/** `undefined` leaves out what is there by default. */
type Header = { readonly [K in "typ" | "kid"]?: unknown };

/** An OpenID provider that does what a test tells it to: any claims and headers, keys that change, and bad answers. */
export interface Issuer {
  /** What `iss` says. */
  readonly issuer: string;
  /** The key that signs, published or not. */
  key: SigningKey;
  /** What the key set has. */
  published: readonly JWK[];
  /** Changes a document before it is served; it may also answer by itself, or never. */
  discovery: (response: ServerResponse, document: object) => void;
  keySet: (response: ServerResponse, document: object) => void;
  /** How often each was asked for. */
  readonly asked: { discovery: number; keySet: number };
  /** A token of these claims; `iss`, `iat` and `exp` (in an hour) are added, and `undefined` leaves one out. */
  readonly sign: (claims: Claims, header?: Header, key?: SigningKey) => Promise<string>;
  readonly close: () => Promise<void>;
}

let made = 0;
export const createKey = async (alg = "RS256"): Promise<SigningKey> => {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  made += 1;
  return { alg, privateKey, published: { ...(await exportJWK(publicKey)), alg, use: "sig", kid: `key-${made}` } };
};

export const serveJson = (response: ServerResponse, document: object): ServerResponse => {
  response.setHeader("content-type", "application/json");
  return response.end(JSON.stringify(document));
};

/** @param path of the issuer below its address, such as `/realms/captions` or `/` */
export const startIssuer = async ({ path = "", clock = Date.now } = {}): Promise<Issuer> => {
  const key = await createKey();
  const base = path.replace(/\/$/, "");
  const server = createServer((request, response) => {
    if (request.url === `${base}/.well-known/openid-configuration`) {
      parts.asked.discovery += 1;
      parts.discovery(response, { issuer: parts.issuer, jwks_uri: `${origin}/keys` });
    } else if (request.url === "/keys") {
      parts.asked.keySet += 1;
      parts.keySet(response, { keys: parts.published });
    } else response.writeHead(404).end();
  });
  const origin = `http://127.0.0.1:${await listen(server)}`;
  const parts: Issuer = {
    issuer: origin + path,
    key,
    published: [key.published],
    discovery: serveJson,
    keySet: serveJson,
    asked: { discovery: 0, keySet: 0 },
    sign: async (claims, header = {}, { alg, privateKey, published } = parts.key) => {
      const now = Math.floor(clock() / 1000);
      return new SignJWT({ iss: parts.issuer, iat: now, exp: now + 3600, ...claims })
        .setProtectedHeader({ alg, kid: published.kid, typ: "JWT", ...header } as JWTHeaderParameters)
        .sign(privateKey);
    },
    close: () => closeServer(server),
  };
  return parts;
};
