import type { IncomingMessage } from "node:http";
import { S3Error } from "./errors.ts";

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

/** S3's name for the operation that is requested. */
export const nameOperation = ({ method, bucket, key, query, headers }: S3Request): string => {
  if (!bucket) return "ListBuckets";
  if (!key) {
    if (method === "HEAD") return "HeadBucket";
    if (method === "PUT") return "CreateBucket";
    if (method === "POST" && query.has("delete")) return "DeleteObjects";
    if (method !== "GET") return "NotImplemented";
    if (query.has("versions")) return "ListObjectVersions";
    if (query.has("uploads")) return "ListMultipartUploads";
    if (query.has("location")) return "GetBucketLocation";
    if (query.has("versioning")) return "GetBucketVersioning";
    return query.get("list-type") === "2" ? "ListObjectsV2" : "ListObjects";
  }
  if (query.has("tagging")) return method === "GET" ? "GetObjectTagging" : "NotImplemented";
  const hasUpload = query.has("uploadId");
  const isCopy = headers["x-amz-copy-source"] !== undefined;
  switch (method) {
    case "GET":
      return hasUpload ? "ListParts" : "GetObject";
    case "HEAD":
      return "HeadObject";
    case "PUT":
      if (hasUpload) return isCopy ? "UploadPartCopy" : "UploadPart";
      return isCopy ? "CopyObject" : "PutObject";
    case "POST":
      if (query.has("uploads")) return "CreateMultipartUpload";
      return hasUpload ? "CompleteMultipartUpload" : "NotImplemented";
    case "DELETE":
      return hasUpload ? "AbortMultipartUpload" : "DeleteObject";
    default:
      return "NotImplemented";
  }
};
