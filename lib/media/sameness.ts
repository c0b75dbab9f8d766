import type { HeadObjectCommandOutput } from "@aws-sdk/client-s3";
import type { Sameness } from "./key.ts";

/** What S3's HEAD, asked with ChecksumMode, says of an object's contents. */
export type Contents = Pick<
  HeadObjectCommandOutput,
  | "ContentLength"
  | "ETag"
  | "ServerSideEncryption"
  | "SSECustomerAlgorithm"
  | "ChecksumType"
  | (typeof CHECKSUMS)[number]
>;

const CHECKSUMS = [
  "ChecksumCRC32",
  "ChecksumCRC32C",
  "ChecksumCRC64NVME",
  "ChecksumSHA1",
  "ChecksumSHA256",
] as const satisfies readonly (keyof HeadObjectCommandOutput)[];

/**
 * Compares two objects by size, ETag and checksums. Whatever was computed over parts says "same" if it is the same; if it
 * differs, the parts may have been cut differently. So may anything that depends on a key. And different checksums cannot
 * be compared at all.
 *
 * Sources: Amazon S3 API Reference, "Object" (`ETag`); S3 User Guide, "Checking object integrity" (full object and
 * composite checksums).
 *
 * @param how.isCopy the latter was copied over the former within S3. That changes the ETag of an object in parts, or under
 *   another key. Only certain proof speaks against a copy.
 */
export const compareObjects = (one: Contents, other: Contents, { isCopy }: { isCopy: boolean }): Sameness => {
  if (one.ContentLength === undefined || other.ContentLength === undefined) return "unknown";
  if (one.ContentLength !== other.ContentLength) return "other";
  if (one.ETag !== undefined && one.ETag === other.ETag) return "same";
  const whole = [[md5Of(one), md5Of(other)], ...CHECKSUMS.map((name) => [wholeSum(one, name), wholeSum(other, name)])];
  if (whole.some(([its, others]) => its !== undefined && others !== undefined && its !== others)) return "other";
  return isCopy || CHECKSUMS.some((name) => one[name] !== undefined && one[name] === other[name]) ? "same" : "unknown";
};

/** The MD5 of the whole contents, which is the ETag of what was written in one go and is not encrypted with a key of KMS. */
const md5Of = ({ ETag = "", ServerSideEncryption, SSECustomerAlgorithm }: Contents): string | undefined =>
  (ServerSideEncryption ?? "AES256") === "AES256" && SSECustomerAlgorithm === undefined
    ? /^"?([0-9a-f]{32})"?$/i.exec(ETag)?.[1]?.toLowerCase()
    : undefined;

/** A checksum of the whole contents. One that was computed over parts ends in a hyphen and their number. */
const wholeSum = (contents: Contents, name: (typeof CHECKSUMS)[number]): string | undefined => {
  const value = contents[name];
  return contents.ChecksumType === "COMPOSITE" || value?.includes("-") ? undefined : value;
};
