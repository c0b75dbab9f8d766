import type { APIGatewayProxyEventV2WithJWTAuthorizer } from "aws-lambda";

/** A request as API Gateway passes it on: payload format 2.0, with a token that may do everything. */
export const httpEvent = (
  routeKey: string,
  query: Readonly<Record<string, string>>,
): APIGatewayProxyEventV2WithJWTAuthorizer => {
  const [method = "", path = ""] = routeKey.split(" ");
  return {
    version: "2.0",
    routeKey,
    rawPath: path,
    rawQueryString: new URLSearchParams({ v: "1", ...query }).toString(),
    headers: {},
    requestContext: {
      accountId: "000000000000",
      apiId: "bench",
      authorizer: {
        principalId: "",
        integrationLatency: 0,
        jwt: { claims: { sub: "bench", scope: "media.write media.read metadata.write" }, scopes: [] },
      },
      domainName: "bench.localhost",
      domainPrefix: "bench",
      http: { method, path, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "bench" },
      requestId: "bench",
      routeKey,
      stage: "$default",
      time: "29/Nov/2026:00:00:00 +0000",
      timeEpoch: 1_795_910_400_000,
    },
    isBase64Encoded: false,
  };
};
