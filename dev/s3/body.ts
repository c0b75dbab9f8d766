import type { IncomingMessage } from "node:http";
import { createDigests } from "./digests.ts";
import { S3Error } from "./errors.ts";

const MAX_PUT_BYTES = 5 * 1024 ** 3;
/** The minimal size of every aws-chunked chunk but the last. */
const MIN_CHUNK_BYTES = 8192;

/**
 * The bytes of a request's body, without the framing of aws-chunked. Checksums are checked, including those in the
 * trailer; the signatures of single chunks are not.
 *
 * @throws {S3Error} while it is read: BadDigest, IncompleteBody, XAmzContentSHA256Mismatch and others
 */
export async function* readBody(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  const { headers } = request;
  const kind = headers["x-amz-content-sha256"]?.toString() ?? "UNSIGNED-PAYLOAD";
  const isFramed = kind.startsWith("STREAMING-");
  const declared = isFramed ? headers["x-amz-decoded-content-length"] : headers["content-length"];
  if (declared === undefined && request.method === "PUT") {
    if (headers["transfer-encoding"] !== undefined) throw new S3Error("NotImplemented");
    throw new S3Error("MissingContentLength", "You must provide the Content-Length HTTP header.");
  }
  if (Number(declared) > MAX_PUT_BYTES) throw new S3Error("EntityTooLarge");
  const trailers: Record<string, string> = {};
  const digests = createDigests(headers, kind);
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
  digests.check(trailers);
}

/** Decodes `<hex size>[;chunk-signature=…]\r\n<bytes>\r\n … 0\r\n<trailers>\r\n`. */
async function* unframe(
  source: AsyncIterable<Uint8Array>,
  trailers: Record<string, string>,
): AsyncGenerator<Uint8Array> {
  let buffered = Buffer.alloc(0);
  let left = 0;
  let isSmall = false;
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
      // The line end after a chunk's bytes.
      if (line === "") continue;
      left = Number.parseInt(line, 16);
      if (Number.isNaN(left)) throw new S3Error("IncompleteBody");
      if (left === 0) isTrailing = true;
      else if (isSmall) throw new S3Error("InvalidChunkSizeError");
      isSmall = left < MIN_CHUNK_BYTES;
    }
  }
  if (!isTrailing) throw new S3Error("IncompleteBody");
}
