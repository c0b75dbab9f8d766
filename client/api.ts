import { orAborted } from "./abort.ts";
import { isOfApi, readResponse, type ResponseBody } from "./api-response.ts";
import { beginLimit, type Clock } from "./clock.ts";
import { networkError, ProxyError } from "./errors.ts";

/**
 * A bearer token, or a function that gets one. The function is called before every request; `refused` is the token that
 * the API has just refused.
 */
export type TokenSource = string | ((context: { readonly refused?: string }) => string | Promise<string>);

export interface ApiCall {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON; undefined values are left out. Long or secret parameters belong here: logs hold queries, not bodies. */
  readonly body?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** How long the API is asked to hold the response back, ms. */
  readonly waitMs?: number;
  /** How long the response may take. Tokens have the time that they need. */
  readonly limitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Makes one call. @throws {ProxyError} */
export type CallApi = (call: ApiCall) => Promise<ResponseBody>;

export interface Api {
  readonly call: CallApi;
  /** Whether the API has ever answered; not what stands before it, such as an HTTP proxy that cannot reach it. */
  readonly hasAnswered: () => boolean;
}

/** API Gateway itself ends a request after 30 s. */
const RESPONSE_TIMEOUT_MS = 35_000;
const FIRST_RESPONSE_TIMEOUT_MS = 10_000;

/** Calls the proxy's HTTP API, once each, except that a call is made again with another token after a 401, which did nothing. */
export const createApi = ({
  baseUrl,
  token,
  fetch,
  clock,
}: {
  baseUrl: string;
  token: TokenSource;
  fetch: typeof globalThis.fetch;
  clock: Clock;
}): Api => {
  const root = checkBaseUrl(baseUrl);
  const { host } = new URL(root);
  let hasAnswered = false;
  /** Whether a call has ever succeeded. */
  let isKnown = false;

  const send = async ({ method, path, query, body, waitMs = 0, limitMs, signal }: ApiCall, bearer: string) => {
    const limit = beginLimit(clock, signal);
    const usualMs = hasAnswered ? RESPONSE_TIMEOUT_MS : FIRST_RESPONSE_TIMEOUT_MS + waitMs;
    limit.allow(limitMs ?? usualMs, () => networkError(undefined, host));
    try {
      const response = await fetch(`${root}${path}?${new URLSearchParams({ v: "1", ...query }).toString()}`, {
        method,
        headers: { authorization: `Bearer ${bearer}`, ...(body && { "content-type": "application/json" }) },
        ...(body && { body: JSON.stringify(body) }),
        signal: limit.signal,
        redirect: "error",
        cache: "no-store",
      });
      const text = await response.text();
      hasAnswered ||= isOfApi(response, text);
      return { response, text };
    } catch (error) {
      signal?.throwIfAborted();
      throw networkError(error, host);
    } finally {
      limit.end();
    }
  };

  const sendWithToken = async (call: ApiCall) => {
    const bearer = await askToken(token, {}, call.signal);
    const answer = await send(call, bearer);
    if (answer.response.status !== 401 || typeof token === "string") return answer;
    const other = await askToken(token, { refused: bearer }, call.signal);
    return other === bearer ? answer : send(call, other);
  };

  return {
    call: async (call) => {
      const { response, text } = await sendWithToken(call);
      const body = readResponse(response, text, { host, isKnown });
      isKnown = true;
      return body;
    },
    hasAnswered: () => hasAnswered,
  };
};

const askToken = async (
  token: TokenSource,
  context: { readonly refused?: string },
  signal: AbortSignal | undefined,
): Promise<string> => {
  const bearer = (typeof token === "string" ? token : await orAborted(token(context), signal)).trim();
  // `fetch` would refuse such a header, too, but quote the token in its error.
  if (!/^[\x21-\x7e]+$/.test(bearer))
    throw new ProxyError({
      source: "client",
      errorType: "NO_TOKEN",
      comment: bearer === "" ? "There is no token." : "The token holds characters that no token has.",
    });
  return bearer;
};

const checkBaseUrl = (baseUrl: string): string => {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash)
    throw new ProxyError({
      source: "client",
      errorType: "BAD_BASE_URL",
      comment: "The base URL must be an http or https address without credentials, query or fragment.",
    });
  return url.href.replace(/\/+$/, "");
};
