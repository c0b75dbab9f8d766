import { createLocalJWKSet, errors, type JSONWebKeySet, type JWSHeaderParameters, type LocalJWKSet } from "jose";

/** The key that a token's header asks for. Rejects if there is none, or if the issuer cannot be asked. */
export type FindKey = (header: JWSHeaderParameters) => ReturnType<LocalJWKSet>;

export interface KeyOptions {
  /** As `iss` has it; `<issuer>/.well-known/openid-configuration` names the keys. */
  readonly issuer: string;
  readonly clock: () => number;
  /** For each of the two requests; shorter only in tests. */
  readonly timeoutMs?: number;
}

/** "API Gateway can cache the public key for two hours": the longest, so that what depends on it is seen here. */
const LIFETIME_MS = 2 * 60 * 60_000;
/** Quotas of HTTP APIs: "Timeout for OpenID Connect discovery endpoint", "… JSON Web Key Set endpoint", its response size. */
const TIMEOUT_MS = 1_500;
const MAX_KEY_SET_BYTES = 150_000;

/**
 * The issuer's public keys, as API Gateway keeps them: discovery document and key set are fetched with the first token and
 * kept for two hours, so a key that the issuer has withdrawn is good until then. A key that is not among them is looked for
 * at the issuer once more. No failure is kept.
 *
 * jose's own `createRemoteJWKSet` would do most of this, but by the real clock.
 */
export const createKeySource = ({ issuer, clock, timeoutMs = TIMEOUT_MS }: KeyOptions): FindKey => {
  let kept: { readonly keys: LocalJWKSet; readonly until: number } | undefined;
  let fetching: Promise<LocalJWKSet> | undefined;

  const fetchOnce = (): Promise<LocalJWKSet> =>
    (fetching ??= fetchKeys(issuer, timeoutMs)
      .then((keys) => {
        kept = { keys, until: clock() + LIFETIME_MS };
        return keys;
      })
      .finally(() => {
        fetching = undefined;
      }));

  return async (header) => {
    // jose takes any key of the right type for a token that names none.
    if (typeof header.kid !== "string") throw new errors.JWKSNoMatchingKey();
    if (!kept || clock() >= kept.until) return (await fetchOnce())(header);
    try {
      return await kept.keys(header);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      return (await fetchOnce())(header);
    }
  };
};

const fetchKeys = async (issuer: string, timeoutMs: number): Promise<LocalJWKSet> => {
  const discovery = await fetchJson(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, timeoutMs);
  const { issuer: named, jwks_uri: keysUrl } = discovery as { issuer?: unknown; jwks_uri?: unknown };
  if (named !== issuer || typeof keysUrl !== "string") throw new Error("The discovery document is another issuer's");
  return createLocalJWKSet((await fetchJson(keysUrl, timeoutMs, MAX_KEY_SET_BYTES)) as JSONWebKeySet);
};

const fetchJson = async (url: string, timeoutMs: number, maxBytes = Infinity): Promise<unknown> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: "error" });
  const body = response.body as ReadableStream<Uint8Array> | null;
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new Error(`The response of ${url} is larger than ${maxBytes} bytes`);
  }
  if (!response.ok) throw new Error(`${url} responded with ${response.status}`);
  return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
};
