import type { Stack } from "../../dev/stack.ts";
import { ProxyError } from "../../client/index.ts";

/** A client's requests to the store, in the order in which an upload makes them. */
export type Operation = "put" | "create" | "part" | "list" | "complete" | "abort";

/** Which of them a request is; undefined if it does not go to the store. */
export const operationOf = ({ s3 }: Stack, { origin, searchParams }: URL, method: string): Operation | undefined => {
  if (origin !== s3.url) return undefined;
  if (method === "PUT") return searchParams.has("partNumber") ? "part" : "put";
  if (method === "POST") return searchParams.has("uploadId") ? "complete" : "create";
  return method === "GET" ? "list" : "abort";
};

/** The ProxyError of a call. @throws if it succeeds, or fails with any other error */
export const failureOf = async (call: Promise<unknown>): Promise<ProxyError> => {
  const error: unknown = await call.then(
    () => new Error("It succeeded"),
    (reason: unknown) => reason,
  );
  if (error instanceof ProxyError) return error;
  throw error;
};
