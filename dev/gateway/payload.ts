import type { APIGatewayProxyEventV2, APIGatewayProxyEventV2WithJWTAuthorizer } from "aws-lambda";
import type { JwtContext } from "./authorizer.ts";
import { decodePart, type RouteMatch } from "./routes.ts";

/** An HTTP request as the gateway received it. */
export interface GatewayRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  readonly httpVersion: string;
  /** Names and values alternating, as sent. */
  readonly rawHeaders: readonly string[];
  readonly sourceIp: string;
  readonly body: Buffer;
}

export interface EventContext {
  readonly match: RouteMatch;
  /** Undefined on routes without an authorizer. */
  readonly jwt: JwtContext | undefined;
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly domainName: string;
}

const ACCOUNT_ID = "000000000000";
const API_ID = "local";

/** Hop-by-hop headers, which end at the gateway. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "expect"]);

/**
 * The event of payload format 2.0, including its surprises: header names are in lower case, repeated headers and query
 * parameters are joined with commas, cookies have a list of their own, `rawPath` is decoded in spite of its name, and a
 * body is base64 unless its type is a text type.
 * Source: "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway", Amazon API Gateway developer guide.
 */
export const makeEvent = (
  request: GatewayRequest,
  { match: { route, pathParameters }, jwt, requestId, receivedAt, domainName }: EventContext,
): APIGatewayProxyEventV2 | APIGatewayProxyEventV2WithJWTAuthorizer => {
  const [rawPath = "", ...query] = request.target.split("?");
  const rawQueryString = query.join("?");
  const { cookie, ...headers } = joinHeaders(request.rawHeaders);
  const path = rawPath.split("/").map(decodePart).join("/");
  const parameters = joinParameters(rawQueryString);
  return {
    version: "2.0",
    routeKey: route.routeKey,
    rawPath: path,
    rawQueryString,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/; */) }),
    headers: {
      ...headers,
      "x-forwarded-for": [headers["x-forwarded-for"], request.sourceIp].filter(Boolean).join(", "),
      "x-forwarded-port": "443",
      "x-forwarded-proto": "https",
    },
    ...(parameters ? { queryStringParameters: parameters } : {}),
    requestContext: {
      accountId: ACCOUNT_ID,
      apiId: API_ID,
      ...(jwt ? { authorizer: { jwt } } : {}),
      domainName,
      domainPrefix: domainName.split(".")[0] ?? "",
      http: {
        method: request.method,
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.sourceIp,
        userAgent: headers["user-agent"] ?? "",
      },
      requestId,
      routeKey: route.routeKey,
      stage: "$default",
      time: formatTime(receivedAt),
      timeEpoch: receivedAt,
    },
    ...(Object.keys(pathParameters).length > 0 ? { pathParameters } : {}),
    ...makeBody(request.body, headers["content-type"]),
  };
};

const joinHeaders = (rawHeaders: readonly string[]): Record<string, string> => {
  const joined = Object.create(null) as Record<string, string>;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? "").toLowerCase();
    const value = rawHeaders[at + 1] ?? "";
    if (HOP_BY_HOP.has(name)) continue;
    const before = joined[name];
    joined[name] = before === undefined ? value : `${before}${name === "cookie" ? "; " : ","}${value}`;
  }
  return joined;
};

const joinParameters = (rawQueryString: string): Record<string, string> | undefined => {
  const joined = Object.create(null) as Record<string, string>;
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    const before = joined[name];
    joined[name] = before === undefined ? value : `${before},${value}`;
  }
  return Object.keys(joined).length > 0 ? joined : undefined;
};

const makeBody = (body: Buffer, contentType = ""): { body?: string; isBase64Encoded: boolean } => {
  if (body.length === 0) return { isBase64Encoded: false };
  const type = (contentType.split(";")[0] ?? "").trim().toLowerCase();
  const isText =
    type.startsWith("text/") || ["application/json", "application/javascript", "application/xml"].includes(type);
  return { body: body.toString(isText ? "utf8" : "base64"), isBase64Encoded: !isText };
};

/** `12/Mar/2026:19:03:58 +0000`, as in the common log format. */
const formatTime = (at: number): string => {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(at).toUTCString()) ?? [];
  return `${day ?? ""}/${month ?? ""}/${year ?? ""}:${time ?? ""} +0000`;
};
