import { STORED_HEADERS } from "./objects.ts";
import { readStorage } from "./storage.ts";
import type { Version, WriteOptions } from "./store.ts";
import { readTagHeader } from "./tags.ts";

/** What a request's headers, or a form's fields, say of the object. @throws {S3Error} */
export const readOptions = (
  headers: Readonly<Record<string, string>>,
): WriteOptions & Pick<Version, "storage" | "tags"> => {
  const { "content-type": contentType, ...others } = headers;
  const named = Object.entries(others);
  return {
    ...(contentType === undefined ? {} : { contentType }),
    headers: Object.fromEntries(
      named
        // The framing of the request's body is no encoding of the object.
        .map(([name, value]) => [name, value.replace(/^aws-chunked,?\s*/, "")] as const)
        .filter(([name, value]) => STORED_HEADERS.includes(name) && value !== ""),
    ),
    metadata: Object.fromEntries(
      named
        .filter(([name]) => name.startsWith("x-amz-meta-"))
        .map(([name, value]) => [name.slice("x-amz-meta-".length), value]),
    ),
    tags: readTagHeader(headers["x-amz-tagging"]),
    storage: readStorage(headers),
  };
};
