import type { ApiAnswer } from "./answer-fields.ts";
import { orAborted } from "./abort.ts";
import { readRetryAfter, repeat, type Repeats } from "./backoff.ts";
import { networkError, ProxyError } from "./errors.ts";

/** A bearer token, or where to get one: asked before every call, and told of a token that was just refused. */
export type TokenSource = string | ((context: { readonly refused?: string }) => string | Promise<string>);

export interface ApiCall {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Parameters that may be long or secret go into the body, which no log has. */
  readonly body?: Readonly<Record<string, string | number | boolean>>;
  readonly signal?: AbortSignal | undefined;
  /** False: sent once, whatever comes. A refused token is repeated all the same, as nothing was done. */
  readonly isRepeatable?: boolean;
}

/** @throws {ProxyError} */
export type CallApi = (call: ApiCall) => Promise<ApiAnswer>;

/** API Gateway itself answers after 30 s. */
const ANSWER_TIMEOUT_MS = 35_000;

/** Calls of the proxy's HTTP API. */
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

  const send = async ({ method, path, query, body, signal }: ApiCall, bearer: string): Promise<Response> => {
    const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    try {
      return await fetch(`${root}${path}?${new URLSearchParams({ v: "1", ...query }).toString()}`, {
        method,
        headers: {
          authorization: `Bearer ${bearer}`,
          ...(body ? { "content-type": "application/json" } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        redirect: "error",
        cache: "no-store",
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw networkError(error, new URL(root).host);
    }
  };

  const sendWithToken = async (call: ApiCall): Promise<Response> => {
    const bearer = await askToken(token, {}, call.signal);
    const response = await send(call, bearer);
    if (response.status !== 401 || typeof token === "string") return response;
    const other = await askToken(token, { refused: bearer }, call.signal);
    return other === bearer ? response : send(call, other);
  };

  return async (call) => {
    const once = async () => readAnswer(await sendWithToken(call), call.signal, new URL(root).host);
    return call.isRepeatable === false ? once() : repeat(repeats, call.signal, once);
  };
};

const askToken = async (
  token: TokenSource,
  context: { readonly refused?: string },
  signal: AbortSignal | undefined,
): Promise<string> => {
  const bearer = (typeof token === "string" ? token : await orAborted(token(context), signal)).trim();
  // The word of a bad token never gets into the message, as fetch's own would have it.
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

const readAnswer = async (response: Response, signal: AbortSignal | undefined, host: string): Promise<ApiAnswer> => {
  let text: string;
  try {
    text = await response.text();
  } catch (error) {
    signal?.throwIfAborted();
    throw networkError(error, host);
  }
  const body = parseObject(text);
  if (response.ok && body) return body;
  throw asError(response, body, host);
};

const parseObject = (text: string): Record<string, unknown> | undefined => {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};

/** What API Gateway refuses by itself says no more than `{"message"}`. */
const GATEWAY: Readonly<Record<number, { readonly errorType: string; readonly comment: string }>> = {
  401: { errorType: "UNAUTHORIZED", comment: "The token is missing, expired or not meant for this API." },
  403: { errorType: "FORBIDDEN", comment: "The token lacks the scope for this." },
  404: { errorType: "ROUTE_NOT_FOUND", comment: "There is no such route at this address." },
  413: { errorType: "BODY_TOO_LARGE", comment: "The request is too large." },
  429: { errorType: "TOO_MANY_REQUESTS", comment: "There were too many requests." },
};

/** By which the repeated call may succeed, and does no harm where nothing or the same was done before. */
const RETRYABLE_STATUS = new Set([429, 500, 503, 504]);
/** Of a 504, the one that says that cielo24 may have taken the media. */
const UNKNOWN = "CIELO24_ANSWER_UNKNOWN";

const asError = (response: Response, body: Record<string, unknown> | undefined, host: string): ProxyError => {
  const { status, headers } = response;
  const text = (name: string) => (typeof body?.[name] === "string" ? body[name] : undefined);
  const errorType = text("ErrorType");
  // The functions' own 502 stays; that of something between passes.
  const isTransient = RETRYABLE_STATUS.has(status) || (status === 502 && errorType === undefined);
  const isRetryable = isTransient && errorType !== UNKNOWN;
  const known = {
    status,
    isRetryable,
    retryAfterMs: readRetryAfter(headers.get("retry-after")),
    requestId: text("RequestId") ?? headers.get("apigw-requestid") ?? undefined,
  };
  if (errorType !== undefined)
    return new ProxyError({ source: "api", errorType, comment: text("ErrorComment") ?? errorType, ...known });
  const message = text("message");
  if (message !== undefined) {
    const meaning = GATEWAY[status] ?? { errorType: "GATEWAY", comment: `The gateway answered ${status}: ${message}.` };
    return new ProxyError({ source: "gateway", ...meaning, ...known });
  }
  return new ProxyError({
    source: "gateway",
    errorType: "UNINTELLIGIBLE",
    comment: `${host} answered ${status} with something that is not this API's.`,
    ...known,
  });
};
