/** What API Gateway allows an issuer. Source: API Gateway Developer Guide, "Quotas for configuring and running an HTTP API". */
const LONGEST_ANSWER_MS = 1_500;
const MOST_KEY_SET_BYTES = 150_000;

/**
 * Asks an issuer what API Gateway asks it when the authorizer is made: its discovery document and its keys. A deployment
 * fails on the same, minutes later and with less of a reason.
 *
 * @param issuerUrl the `iss` of its tokens, character for character
 * @param options.mayBeHttp for tests: takes http as well as https
 * @param options.patienceMs how long an answer may take before it counts as none
 * @returns what may go wrong all the same, one sentence each
 * @throws {Error} that says what is wrong with the issuer, or with issuerUrl
 */
export const checkIssuer = async (
  issuerUrl: string,
  { mayBeHttp = false, patienceMs = 15_000 } = {},
): Promise<string[]> => {
  const get = async (what: string, url: string): Promise<Answer> => {
    const answer = await ask(what, url, patienceMs);
    if (!mayBeHttp && new URL(answer.url).protocol !== "https:")
      throw new Error(`${what} leads to ${answer.url}, which is not https`);
    return answer;
  };

  const discovery = await get("The discovery document of issuerUrl", discoveryUrlOf(issuerUrl));
  const { issuer, jwks_uri: keysUrl } = asObject(discovery);
  if (issuer !== issuerUrl) throw new Error(describeDifference(issuerUrl, issuer, discovery.url));
  if (typeof keysUrl !== "string" || !URL.canParse(keysUrl)) throw new Error(`${discovery.url} names no jwks_uri`);
  if (!mayBeHttp && !keysUrl.startsWith("https:")) throw new Error(`The jwks_uri of ${discovery.url} is not https`);

  const keySet = await get("The issuer's key set", keysUrl);
  if (keySet.body.length > MOST_KEY_SET_BYTES)
    throw new Error(
      `${keySet.url} has ${keySet.body.length} bytes of keys; API Gateway takes ${MOST_KEY_SET_BYTES} at most`,
    );
  const { keys } = asObject(keySet);
  if (!Array.isArray(keys) || !keys.some(isUsable))
    throw new Error(`${keySet.url} has no RSA key with a kid for signatures; API Gateway takes no others`);

  return [discovery, keySet].flatMap(describeDoubts);
};

interface Answer {
  /** Begins a sentence. */
  readonly what: string;
  /** Where it came from in the end, after redirects. */
  readonly url: string;
  readonly isRedirected: boolean;
  readonly body: Buffer;
  readonly tookMs: number;
}

/** The slash at the end of an issuer belongs to its name, but stands only once in the URL. */
const discoveryUrlOf = (issuerUrl: string): string =>
  `${issuerUrl.replace(/\/$/, "")}/.well-known/openid-configuration`;

const ask = async (what: string, url: string, patienceMs: number): Promise<Answer> => {
  const begunAt = performance.now();
  try {
    const response = await fetch(url, {
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(patienceMs),
    });
    const body = Buffer.from(await response.arrayBuffer());
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const tookMs = performance.now() - begunAt;
    return { what, url: response.url, isRedirected: response.redirected, body, tookMs };
  } catch (error) {
    throw new Error(`${what} cannot be read at ${url} (${reasonOf(error)}). ${ADVICE}`, { cause: error });
  }
};

const ADVICE =
  "API Gateway asks for it from the internet, and refuses the authorizer otherwise. If only this machine is behind a proxy, set HTTPS_PROXY and NODE_USE_ENV_PROXY=1.";

const reasonOf = (error: unknown): string => {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
};

const asObject = ({ what, url, body }: Answer): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(body.toString());
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // What is no JSON is told like JSON that is no object.
  }
  throw new Error(`${what} at ${url} is no JSON object`);
};

const describeDifference = (issuerUrl: string, issuer: unknown, url: string): string => {
  const bare = (text: unknown) => String(text).replace(/\/$/, "");
  const how = bare(issuer) === bare(issuerUrl) ? " Only the slash at the end differs." : "";
  return (
    `issuerUrl is not what the issuer calls itself, and has to be, character for character.${how}\n` +
    `    issuerUrl: ${issuerUrl}\n` +
    `    issuer:    ${typeof issuer === "string" ? issuer : "not said"} (in ${url})`
  );
};

const isUsable = (key: unknown): boolean => {
  const { kty, kid, use = "sig", alg = "RS256" } = (key ?? {}) as Readonly<Record<string, unknown>>;
  const isForSignatures = use === "sig" && typeof alg === "string" && /^[RP]S\d/.test(alg);
  return kty === "RSA" && typeof kid === "string" && kid !== "" && isForSignatures;
};

const describeDoubts = ({ what, url, isRedirected, tookMs }: Answer): string[] => [
  ...(tookMs > LONGEST_ANSWER_MS
    ? [`${what} took ${(tookMs / 1000).toFixed(1)} s to come here; API Gateway waits ${LONGEST_ANSWER_MS / 1000} s.`]
    : []),
  ...(isRedirected ? [`${what} was redirected to ${url}; AWS does not say whether API Gateway follows.`] : []),
];
