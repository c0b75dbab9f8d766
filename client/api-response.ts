import { ProxyError } from "./errors.ts";
import { answeredInPlace } from "./in-between.ts";
import { readRetryAfter } from "./retry-after.ts";

/** The JSON object in the body of a 200. */
export type ResponseBody = Readonly<Record<string, unknown>>;

/**
 * @param isKnown whether it is certain that this API is at the address: other answers are those of something on the way then
 * @throws {ProxyError} for every other status, and for a body that is not this API's
 */
export const readResponse = (
  response: Pick<Response, "ok" | "status" | "headers">,
  text: string,
  { host, isKnown }: { readonly host: string; readonly isKnown: boolean },
): ResponseBody => {
  const body = parseObject(text);
  if (response.ok && body) return body;
  const error = asError(response, body, host);
  const isForeign = error.errorType === "UNINTELLIGIBLE" && !error.isRetryable;
  const isElsewhere = isForeign && (isKnown || SIGN_IN.has(response.status));
  throw isElsewhere ? answeredInPlace({ name: host, errorType: "NOT_THE_API" }, response.status) : error;
};

/**
 * Whether a response has the form of this API's, or of the refusals of API Gateway, which is part of it: also where the
 * functions have never answered yet, a stage that has no room, or whose functions fail, is out of order and no wrong address.
 * What proxies say in their own name is HTML, or text, or nothing.
 */
export const isOfApi = ({ ok }: Pick<Response, "ok">, text: string): boolean => {
  const body = parseObject(text);
  return body !== undefined && (ok || typeof body["ErrorType"] === "string" || typeof body["message"] === "string");
};

/** A proxy, or a network, that wants to know first who is there. */
const SIGN_IN = new Set([407, 511]);

const parseObject = (text: string): ResponseBody | undefined => {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? (parsed as ResponseBody) : undefined;
  } catch {
    return undefined;
  }
};

/** API Gateway's own refusals say no more than `{"message"}`. */
const GATEWAY: Readonly<Record<number, { readonly errorType: string; readonly comment: string }>> = {
  401: { errorType: "UNAUTHORIZED", comment: "The token is missing, expired or not meant for this API." },
  403: { errorType: "FORBIDDEN", comment: "The token lacks the scope for this." },
  404: { errorType: "ROUTE_NOT_FOUND", comment: "There is no such route at this address." },
  413: { errorType: "BODY_TOO_LARGE", comment: "The request is too large." },
  429: { errorType: "TOO_MANY_REQUESTS", comment: "There were too many requests." },
};

/** The same call may succeed later, and repeating it is safe: nothing was done, or doing it again changes nothing. */
const RETRYABLE_STATUS = new Set([429, 500, 503, 504]);
/** The 504 that is not retryable: cielo24 may have taken the media. */
const UNKNOWN = "CIELO24_ANSWER_UNKNOWN";

const asError = (
  response: Pick<Response, "status" | "headers">,
  body: ResponseBody | undefined,
  host: string,
): ProxyError => {
  const { status, headers } = response;
  const text = (name: string) => (typeof body?.[name] === "string" ? body[name] : undefined);
  const errorType = text("ErrorType");
  // A 502 of the functions does not pass; one of something in between (it has no ErrorType) does.
  const isTransient = RETRYABLE_STATUS.has(status) || (status === 502 && errorType === undefined);
  const known = {
    status,
    isRetryable: isTransient && errorType !== UNKNOWN,
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

/** @throws {ProxyError} UNINTELLIGIBLE where the response lacks the field */
export const textField = (body: ResponseBody, name: string): string => {
  const value = body[name];
  if (typeof value === "string") return value;
  throw new ProxyError({
    source: "api",
    errorType: "UNINTELLIGIBLE",
    comment: `The answer lacks ${name}.`,
    status: 200,
  });
};

export const optionalText = (body: ResponseBody, name: string): string | undefined =>
  body[name] === undefined ? undefined : textField(body, name);

/** A number; undefined if there is none. */
export const optionalNumber = (body: ResponseBody, name: string): number | undefined => {
  const value = body[name];
  return typeof value === "number" ? value : undefined;
};
