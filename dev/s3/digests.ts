import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { crc32 } from "node:zlib";
import { S3Error } from "./errors.ts";

interface Digest {
  readonly update: (chunk: Uint8Array) => void;
  readonly finish: () => Buffer;
}

const hash = (algorithm: string) => (): Digest => {
  const made = createHash(algorithm);
  return { update: (chunk) => made.update(chunk), finish: () => made.digest() };
};

const checksum = (): Digest => {
  let value = 0;
  return {
    update: (chunk) => {
      value = crc32(chunk, value);
    },
    finish: () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes;
    },
  };
};

/** The checksums that are verified, by the header or trailer that states them in base64. Others are ignored. */
const STATED: Readonly<Record<string, () => Digest>> = {
  "content-md5": hash("md5"),
  "x-amz-checksum-crc32": checksum,
  "x-amz-checksum-sha1": hash("sha1"),
  "x-amz-checksum-sha256": hash("sha256"),
};

const MD5_BYTES = 16;

/**
 * Checks a body against the digests in the request's headers or trailers.
 *
 * @param payloadHash the value of x-amz-content-sha256: a SHA-256 in hex, or a keyword instead
 * @throws {S3Error} InvalidDigest if Content-MD5 is malformed
 */
export const createDigests = (headers: IncomingHttpHeaders, payloadHash: string) => {
  const md5 = headers["content-md5"];
  if (md5 !== undefined && Buffer.from(md5.toString(), "base64").byteLength !== MD5_BYTES)
    throw new S3Error("InvalidDigest");
  const trailer = headers["x-amz-trailer"]?.toString().toLowerCase();
  const digests = Object.entries(STATED)
    .filter(([name]) => headers[name] !== undefined || name === trailer)
    .map(([name, make]) => ({ name, digest: make() }));
  const payload = /^[0-9a-f]{64}$/.test(payloadHash) ? hash("sha256")() : undefined;
  return {
    update: (chunk: Uint8Array): void => {
      payload?.update(chunk);
      for (const { digest } of digests) digest.update(chunk);
    },
    /** @throws {S3Error} BadDigest, XAmzContentSHA256Mismatch */
    check: (trailers: Readonly<Record<string, string>>): void => {
      if (payload && payload.finish().toString("hex") !== payloadHash)
        throw new S3Error(
          "XAmzContentSHA256Mismatch",
          "The provided 'x-amz-content-sha256' header does not match what was computed.",
        );
      for (const { name, digest } of digests)
        if ((headers[name] ?? trailers[name]) !== digest.finish().toString("base64")) throw new S3Error("BadDigest");
    },
  };
};
