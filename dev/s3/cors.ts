import type { ServerResponse } from "node:http";
import type { S3Request } from "./request.ts";

const METHODS = ["GET", "PUT", "POST", "DELETE", "HEAD"];

const allows = (origin: string | undefined, origins: readonly string[]): boolean =>
  origin !== undefined && (origins.includes("*") || origins.includes(origin));

/** The headers that let a page of an allowed origin read a response. */
export const corsHeaders = (origin: string | undefined, origins: readonly string[]): Record<string, string> =>
  allows(origin, origins)
    ? {
        "access-control-allow-origin": origins.includes("*") ? "*" : (origin ?? ""),
        "access-control-expose-headers": "ETag, Location, x-amz-version-id",
        vary: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
      }
    : {};

export const answerPreflight = ({ headers }: S3Request, response: ServerResponse, origins: readonly string[]): void => {
  const method = headers["access-control-request-method"] ?? "";
  if (!allows(headers["origin"], origins) || !METHODS.includes(method)) {
    response.writeHead(403).end();
    return;
  }
  response
    .writeHead(200, {
      ...corsHeaders(headers["origin"], origins),
      "access-control-allow-methods": METHODS.join(", "),
      "access-control-allow-headers": headers["access-control-request-headers"] ?? "",
      "access-control-max-age": "3000",
    })
    .end();
};
