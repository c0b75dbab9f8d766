import type { Context } from "aws-lambda";
import type { HttpEvent } from "../../lib/http/endpoint.ts";

interface EventParts {
  readonly routeKey?: string;
  /** As it stands in the URL, without `?`. */
  readonly query?: string;
  readonly headers?: Record<string, string>;
  /** A Buffer arrives as base64, as forms, binary and untyped bodies do. */
  readonly body?: string | Buffer;
  readonly claims?: Record<string, unknown>;
}

/** An event as API Gateway makes it of a request with payload format 2.0, for a route with a JWT authorizer. */
export const httpEvent = ({
  routeKey = "GET /api/job/test",
  query = "",
  headers = {},
  body,
  claims = { sub: "alice", scope: "media.write media.read metadata.write" },
}: EventParts = {}): HttpEvent => ({
  version: "2.0",
  routeKey,
  rawPath: routeKey.replace(/^\S+ /, ""),
  rawQueryString: query,
  headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  requestContext: {
    accountId: "123456789012",
    apiId: "abc123",
    domainName: "api.captions.example",
    domainPrefix: "api",
    http: {
      method: routeKey.split(" ", 1).join(""),
      path: routeKey.replace(/^\S+ /, ""),
      protocol: "HTTP/1.1",
      sourceIp: "192.0.2.1",
      userAgent: "test",
    },
    requestId: "request-1",
    routeKey,
    stage: "$default",
    time: "06/May/2031:07:08:09 +0000",
    timeEpoch: 1_935_817_689_000,
    authorizer: {
      principalId: "",
      integrationLatency: 0,
      jwt: { claims: claims as Record<string, string>, scopes: [] },
    },
  },
  ...(body === undefined ? {} : { body: Buffer.isBuffer(body) ? body.toString("base64") : body }),
  isBase64Encoded: Buffer.isBuffer(body),
});

export const lambdaContext = (remainingMs = 29_000): Context =>
  ({ awsRequestId: "lambda-request-1", getRemainingTimeInMillis: () => remainingMs }) as unknown as Context;
