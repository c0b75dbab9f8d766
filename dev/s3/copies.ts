import { S3Error } from "./errors.ts";
import { checkConditions } from "./objects.ts";
import { isArchived } from "./storage.ts";
import type { Bucket, Version } from "./store.ts";

type Headers = Readonly<Record<string, string>>;

/**
 * The version to copy. The header is form-encoded: a plus is a space. A slash may precede the bucket, and each slash may
 * be percent-encoded.
 *
 * @param findBucket throws NoSuchBucket
 * @throws {S3Error} InvalidArgument, NoSuchKey, NoSuchVersion, ObjectNotInActiveTierError, PreconditionFailed
 */
export const findSource = (headers: Headers, findBucket: (name: string) => Bucket): ReturnType<Bucket["get"]> => {
  const [path = "", versionId] = (headers["x-amz-copy-source"] ?? "").split("?versionId=");
  const [, bucket, key] = /^\/?([^/]+)\/(.+)$/s.exec(decodeForm(path)) ?? [];
  if (bucket === undefined || key === undefined)
    throw new S3Error("InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
  const version = findBucket(bucket).get(key, versionId);
  checkSourceConditions(headers, version);
  if (isArchived(version.storage)) throw new S3Error("ObjectNotInActiveTierError");
  return version;
};

/** @throws {S3Error} InvalidArgument */
const decodeForm = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw new S3Error("InvalidArgument", "Invalid copy source encoding");
  }
};

const SOURCE_CONDITION = "x-amz-copy-source-if-";

/** @throws {S3Error} PreconditionFailed */
const checkSourceConditions = (headers: Headers, version: Version): void => {
  const conditions = Object.entries(headers)
    .filter(([name]) => name.startsWith(SOURCE_CONDITION))
    .map(([name, value]) => [`if-${name.slice(SOURCE_CONDITION.length)}`, value]);
  try {
    checkConditions(Object.fromEntries(conditions) as Headers, version);
  } catch {
    // Where a GET is answered with 304, a copy is refused with 412.
    throw new S3Error("PreconditionFailed");
  }
};

/** Headers that make something else of an object that is copied to itself. */
const CHANGES = ["x-amz-storage-class", "x-amz-server-side-encryption", "x-amz-website-redirect-location"];

/**
 * Refuses to copy the current version of an object to itself as it is. S3 looks at whether the request names a change,
 * not at whether it makes one: a storage class that the object already has will do. What is restored from an archive may
 * be copied as well.
 *
 * @throws {S3Error} InvalidRequest
 */
export const checkSelfCopy = (headers: Headers, from: Version, current: Version | undefined): void => {
  const isChanged = headers["x-amz-metadata-directive"] === "REPLACE" || CHANGES.some((name) => name in headers);
  if (from.versionId === current?.versionId && !isChanged && from.storage.restore === undefined)
    throw new S3Error(
      "InvalidRequest",
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
};
