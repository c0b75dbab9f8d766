import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { crc32 } from "node:zlib";
import { S3Error } from "./errors.ts";

/**
 * The bytes of a request's body, with the framing of aws-chunked removed. The signatures of single chunks are not
 * checked; checksums are, those in the trailer included.
 *
 * @throws {S3Error} while it is read: BadDigest, IncompleteBody, XAmzContentSHA256Mismatch
 */
export async function* readBody(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  const { headers } = request;
  const kind = headers["x-amz-content-sha256"]?.toString() ?? "UNSIGNED-PAYLOAD";
  const isFramed = kind.startsWith("STREAMING-");
  const declared = isFramed ? headers["x-amz-decoded-content-length"] : headers["content-length"];
  if (declared === undefined && headers["transfer-encoding"] === undefined && request.method === "PUT")
    throw new S3Error("MissingContentLength", "You must provide the Content-Length HTTP header.");
  const trailers: Record<string, string> = {};
  const digests = createDigests(headers);
  let size = 0;
  try {
    for await (const chunk of isFramed ? unframe(request, trailers) : (request as AsyncIterable<Uint8Array>)) {
      size += chunk.byteLength;
      digests.update(chunk);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof S3Error) throw error;
    throw new S3Error("IncompleteBody");
  }
  if (declared !== undefined && size !== Number(declared)) throw new S3Error("IncompleteBody");
  digests.check({ ...headers, ...trailers }, /^[0-9a-f]{64}$/.test(kind) ? kind : undefined);
}

const createDigests = (headers: IncomingMessage["headers"]) => {
  const md5 = createHash("md5");
  const sha256 = createHash("sha256");
  let crc = 0;
  const needsCrc = "x-amz-checksum-crc32" in headers || headers["x-amz-trailer"] === "x-amz-checksum-crc32";
  return {
    update: (chunk: Uint8Array) => {
      md5.update(chunk);
      sha256.update(chunk);
      if (needsCrc) crc = crc32(chunk, crc);
    },
    check: (stated: Readonly<Record<string, string | string[] | undefined>>, payloadHash: string | undefined) => {
      const digest = sha256.digest();
      if (payloadHash !== undefined && digest.toString("hex") !== payloadHash)
        throw new S3Error(
          "XAmzContentSHA256Mismatch",
          "The provided 'x-amz-content-sha256' header does not match what was computed.",
        );
      const crcBytes = Buffer.alloc(4);
      crcBytes.writeUInt32BE(crc);
      const actual: Record<string, string> = {
        "content-md5": md5.digest("base64"),
        "x-amz-checksum-sha256": digest.toString("base64"),
        ...(needsCrc ? { "x-amz-checksum-crc32": crcBytes.toString("base64") } : {}),
      };
      for (const [name, value] of Object.entries(actual))
        if (stated[name] !== undefined && stated[name] !== value) throw new S3Error("BadDigest");
    },
  };
};

/** Decodes `<hex size>[;chunk-signature=…]\r\n<bytes>\r\n … 0\r\n<trailers>\r\n`. */
async function* unframe(
  source: AsyncIterable<Uint8Array>,
  trailers: Record<string, string>,
): AsyncGenerator<Uint8Array> {
  let buffered = Buffer.alloc(0);
  let left = 0;
  let isTrailing = false;
  for await (const chunk of source) {
    buffered = Buffer.concat([buffered, chunk]);
    for (;;) {
      if (left > 0) {
        const piece = buffered.subarray(0, left);
        if (piece.length === 0) break;
        buffered = buffered.subarray(piece.length);
        left -= piece.length;
        yield piece;
        if (left > 0) break;
        continue;
      }
      const end = buffered.indexOf("\r\n");
      if (end === -1) break;
      const line = buffered.subarray(0, end).toString("latin1");
      buffered = buffered.subarray(end + 2);
      if (isTrailing) {
        const colon = line.indexOf(":");
        if (colon > 0) trailers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
        continue;
      }
      // The line end behind a chunk's bytes.
      if (line === "") continue;
      left = Number.parseInt(line, 16);
      if (Number.isNaN(left)) throw new S3Error("IncompleteBody");
      if (left === 0) isTrailing = true;
    }
  }
  if (!isTrailing) throw new S3Error("IncompleteBody");
}
