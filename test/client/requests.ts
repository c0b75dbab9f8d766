import type { Stack } from "../../dev/stack.ts";
import { ProxyError } from "../../client/index.ts";

/** What a client asks the store for, in the order of an upload's life. */
export type Operation = "put" | "create" | "part" | "list" | "complete" | "abort";

/** Which of them a request is; undefined where it goes elsewhere. */
export const operationOf = ({ s3 }: Stack, { origin, searchParams }: URL, method: string): Operation | undefined => {
  if (origin !== s3.url) return undefined;
  if (method === "PUT") return searchParams.has("partNumber") ? "part" : "put";
  if (method === "POST") return searchParams.has("uploadId") ? "complete" : "create";
  return method === "GET" ? "list" : "abort";
};

/** What a call failed with. @throws where it succeeded, or failed with anything else */
export const failureOf = async (call: Promise<unknown>): Promise<ProxyError> => {
  const error: unknown = await call.then(
    () => new Error("It succeeded"),
    (reason: unknown) => reason,
  );
  if (error instanceof ProxyError) return error;
  throw error;
};
