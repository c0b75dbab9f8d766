import { expect } from "@jest/globals";
import type { Stack } from "../../dev/stack.ts";

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

const SCOPE = "media.write media.read metadata.write";

/** Speaks to the stack's gateway over a real socket, as somebody with a token of these claims. */
export const sendAs = async (stack: Stack, claims: Record<string, unknown>): Promise<Send> =>
  sendWith(stack, { authorization: `Bearer ${await stack.token({ scope: SCOPE, ...claims })}` });

export const sendWith =
  (stack: Stack, always: Record<string, string>): Send =>
  async (method, target, { headers = {}, body } = {}) => {
    const response = await fetch(`${stack.apiUrl}${target}`, {
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
