import { orAborted } from "./abort.ts";
import { readResponse, type ResponseBody } from "./api-response.ts";
import { repeat, type Repeats } from "./backoff.ts";
import { networkError, ProxyError } from "./errors.ts";

/**
 * A bearer token, or a function that gets one. The function is called before every request; `refused` is the token that
 * the API has just refused.
 */
export type TokenSource = string | ((context: { readonly refused?: string }) => string | Promise<string>);

type Query = Readonly<Record<string, string>>;

export interface ApiCall {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly query?: Query;
  /** The query to repeat the call with after this failure; without it, the same as before. */
  readonly queryAfter?: (error: ProxyError) => Query | undefined;
  /** Sent as JSON; undefined values are left out. Long or secret parameters belong here: logs hold queries, not bodies. */
  readonly body?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly signal?: AbortSignal | undefined;
  /** False: never repeated, except with another token after a 401, which did nothing. */
  readonly isRepeatable?: boolean;
}

/** @throws {ProxyError} */
export type CallApi = (call: ApiCall) => Promise<ResponseBody>;

/** API Gateway itself ends a request after 30 s. */
const RESPONSE_TIMEOUT_MS = 35_000;

/** Calls the proxy's HTTP API. */
export const createApi = ({
  baseUrl,
  token,
  fetch,
  repeats,
}: {
  baseUrl: string;
  token: TokenSource;
  fetch: typeof globalThis.fetch;
  repeats: Repeats;
}): CallApi => {
  const root = checkBaseUrl(baseUrl);
  const { host } = new URL(root);

  const send = async ({ method, path, query, body, signal }: ApiCall, bearer: string): Promise<Response> => {
    const timeout = AbortSignal.timeout(RESPONSE_TIMEOUT_MS);
    try {
      return await fetch(`${root}${path}?${new URLSearchParams({ v: "1", ...query }).toString()}`, {
        method,
        headers: { authorization: `Bearer ${bearer}`, ...(body && { "content-type": "application/json" }) },
        ...(body && { body: JSON.stringify(body) }),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        redirect: "error",
        cache: "no-store",
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw networkError(error, host);
    }
  };

  const sendWithToken = async (call: ApiCall): Promise<Response> => {
    const bearer = await askToken(token, {}, call.signal);
    const response = await send(call, bearer);
    if (response.status !== 401 || typeof token === "string") return response;
    const other = await askToken(token, { refused: bearer }, call.signal);
    return other === bearer ? response : send(call, other);
  };

  return async ({ queryAfter, isRepeatable = true, ...call }) => {
    let current: ApiCall = call;
    const once = async () => {
      try {
        return await readResponse(await sendWithToken(current), call.signal, host);
      } catch (error) {
        const query = error instanceof ProxyError ? queryAfter?.(error) : undefined;
        if (query) current = { ...call, query };
        throw error;
      }
    };
    return isRepeatable ? repeat(repeats, call.signal, once) : once();
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
