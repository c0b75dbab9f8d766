import type { MiddlewareObj } from "@middy/core";
import type { APIGatewayProxyEventV2WithJWTAuthorizer } from "aws-lambda";
import type { ApiResponse } from "./response.ts";

/** API Gateway's event, payload 2.0. Routes without an authorizer come without `requestContext.authorizer`. */
export type HttpEvent = APIGatewayProxyEventV2WithJWTAuthorizer;

/** Parameters by name, from query and body alike; an object without a prototype, and without empty values. */
export type Parameters = Readonly<Record<string, string>>;

/**
 * Who calls. An admin sees every job and owns none; everybody else acts for one owner, where the token lists jobs for
 * those only.
 */
export type Caller =
  { readonly isAdmin: true } | { readonly isAdmin: false; readonly owner: string; readonly jobs?: ReadonlySet<string> };

/** What an endpoint gets to know of a request: what the middlewares have read and judged. */
export interface ApiRequest {
  readonly parameters: Parameters;
  /** A non-empty body that holds media instead of parameters; only on routes that take media. */
  readonly mediaBody?: Buffer;
  readonly caller: Caller;
  /** Clock time (ms since the epoch) by which the answer must be on its way. */
  readonly deadline: number;
}

export type Endpoint = (request: ApiRequest) => Promise<ApiResponse>;

/** The event on its way through the middlewares, each of which adds its part of the request. */
export type ApiEvent = HttpEvent & ApiRequest;
export type ApiMiddleware = MiddlewareObj<ApiEvent, ApiResponse>;
