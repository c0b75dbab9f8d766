import type { APIGatewayProxyEventV2WithJWTAuthorizer } from "aws-lambda";

/** API Gateway's event, payload 2.0. Routes without an authorizer come without `requestContext.authorizer`. */
export type HttpEvent = APIGatewayProxyEventV2WithJWTAuthorizer;

/** Parameters by name, from the query and the body; an object without a prototype and without empty values. */
export type Parameters = Readonly<Record<string, string>>;

/**
 * Who makes a request. An admin sees every job and owns none. Everyone else acts for one owner, or for the jobs that the
 * token lists, or for those of the listed jobs that are the owner's.
 */
export type Caller =
  | { readonly isAdmin: true }
  | { readonly isAdmin: false; readonly owner: string; readonly jobs?: ReadonlySet<string> }
  | { readonly isAdmin: false; readonly owner?: undefined; readonly jobs: ReadonlySet<string> };

/** What an endpoint knows of a request: what `handler.ts` has read and checked. */
export interface ApiRequest {
  readonly parameters: Parameters;
  /** A non-empty body that holds media instead of parameters; only on routes that take media. */
  readonly mediaBody?: Buffer;
  readonly caller: Caller;
  /** Clock time (ms since the epoch) by which the response must be on its way. */
  readonly deadline: number;
}

/** The event on its way to the endpoint; `handler.ts` adds what it reads of the request. */
export type ApiEvent = HttpEvent & Partial<ApiRequest>;

/** A response in the form of API Gateway's payload 2.0. */
export interface ApiResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Serves one route. Throws any error; `toApiError` decides what the client hears of it. */
export type Endpoint = (request: ApiRequest) => Promise<ApiResponse>;

/** A JSON response. None may be cached: they hold signed URLs, and states that change every second. */
export const respond = (
  body: object,
  statusCode = 200,
  headers: Readonly<Record<string, string>> = {},
): ApiResponse => ({
  statusCode,
  headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
  body: JSON.stringify(body),
});
