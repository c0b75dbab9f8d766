import type { ApiResponse } from "../../lib/http/endpoint.ts";
import { ApiError } from "../../lib/http/errors.ts";
import type { ApiRequest } from "../../lib/http/endpoint.ts";
import type { Caller } from "../../lib/http/endpoint.ts";

const alice: Caller = { isAdmin: false, owner: "alice" };
export const bob: Caller = { isAdmin: false, owner: "bob" };
export const admin: Caller = { isAdmin: true };

/** A request as endpoints get it. */
export const apiRequest = (
  parameters: Record<string, string>,
  more: Partial<Omit<ApiRequest, "parameters">> = {},
): ApiRequest => ({ parameters, caller: alice, deadline: Number.MAX_SAFE_INTEGER, ...more });

export interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** What an endpoint answered; a refusal reads like the answer that the error middleware makes of it. */
export const answered = async (answering: Promise<ApiResponse>): Promise<Answered> => {
  try {
    const { statusCode, body } = await answering;
    return { status: statusCode, body: JSON.parse(body) as Record<string, unknown> };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { status: error.status, body: { ErrorType: error.errorType, ErrorComment: error.comment } };
  }
};
