import type { IncomingMessage } from "node:http";
import { S3Error } from "./errors.ts";
import { BUCKET, COPIES, NOT_SIMULATED, OBJECT, SERVICE, SUBRESOURCES } from "./operation-names.ts";

/** A parsed request. */
export interface S3Request {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  /** The path as sent. */
  readonly rawPath: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly message: IncomingMessage;
}

/** Understands `/bucket/key` and `bucket.localhost/key`. Keys are percent-decoded once. */
export const parseRequest = (message: IncomingMessage): S3Request => {
  const [rawPath = "/", ...queries] = (message.url ?? "/").split("?");
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(",") : value;
  const path = decode(rawPath.slice(1));
  const host = (headers["host"] ?? "").replace(/:\d+$/, "");
  const virtual = /^(.+)\.localhost$/.exec(host)?.[1];
  const slash = path.indexOf("/");
  const [bucket, key] =
    virtual !== undefined ? [virtual, path] : slash === -1 ? [path, ""] : [path.slice(0, slash), path.slice(slash + 1)];
  // The query is percent-encoded, not form-encoded: a plus is a plus.
  const query = new URLSearchParams(queries.join("?").replaceAll("+", "%2B"));
  return { method: message.method ?? "", bucket, key, rawPath, query, headers, message };
};

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error("InvalidURI", "Couldn't parse the specified URI.");
  }
};

/** S3's name for the operation that is requested; `NotImplemented` if it is not simulated. */
export const nameOperation = ({ method, bucket, key, query, headers }: S3Request): string => {
  const [subresource = "", ...others] = [...query.keys()].filter((name) => SUBRESOURCES.has(name));
  // S3 refuses a query of two sub-resources, too.
  if (others.length > 0) return NOT_SIMULATED;
  const resource = key ? OBJECT : bucket ? BUCKET : SERVICE;
  const operation = resource[subresource]?.[method] ?? NOT_SIMULATED;
  if (operation === "ListObjects" && query.get("list-type") === "2") return "ListObjectsV2";
  return headers["x-amz-copy-source"] === undefined ? operation : (COPIES[operation] ?? operation);
};
