import { expect } from "@jest/globals";
import type { Stack } from "../../dev/stack.ts";
import { ApiError } from "../../lib/http/errors.ts";
import { SCOPE } from "./scope.ts";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export type Send = (
  method: string,
  /** Path and query, sent as they are. */
  target: string,
  options?: { readonly headers?: Record<string, string>; readonly body?: string | Buffer<ArrayBuffer> | Blob },
) => Promise<HttpAnswer>;

/** Tokens are good for an hour. */
const RENEW_MS = 1_800_000;

/**
 * Speaks to the stack's gateway over a real socket, with a token of these claims, by default of every scope but an
 * admin's. The token is renewed while a test moves time on.
 */
export const sendAs = (local: { readonly stack: Stack }, claims: Record<string, unknown>): Send => {
  let token = "";
  let renewAt = 0;
  return async (...request) => {
    const now = local.stack.runtime.clock();
    if (now >= renewAt) {
      token = await local.stack.token({ scope: SCOPE, ...claims });
      renewAt = now + RENEW_MS;
    }
    return sendWith(local, { authorization: `Bearer ${token}` })(...request);
  };
};

/** The same with these headers and no token. */
export const sendWith =
  (local: { readonly stack: Stack }, always: Record<string, string>): Send =>
  async (method, target, { headers = {}, body } = {}) => {
    const response = await fetch(`${local.stack.apiUrl}${target}`, {
      method,
      headers: { ...always, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>),
    };
  };

/** An error of ours, whole: nothing but these three may be in it. */
export const errorOf = ({ status, body }: HttpAnswer) => {
  const { ErrorType, ErrorComment, RequestId, ...others } = body;
  return {
    status,
    ErrorType,
    ErrorComment,
    hasRequestId: typeof RequestId === "string" && RequestId !== "",
    ...others,
  };
};

export const error = (status: number, ErrorType: string, ErrorComment: string | RegExp) => ({
  status,
  ErrorType,
  ErrorComment:
    typeof ErrorComment === "string" ? ErrorComment : (expect.stringMatching(ErrorComment) as unknown as string),
  hasRequestId: true,
});

/** What anybody gets who asks about a job that does not exist, or is not theirs. */
export const NOT_FOUND = error(404, "ITEM_NOT_FOUND", new ApiError("ITEM_NOT_FOUND").comment);
