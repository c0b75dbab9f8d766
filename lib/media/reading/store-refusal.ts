import type { MediaReadError } from "../body.ts";
import { InterruptedError, type ObjectConnection, type ObjectResponse } from "./object-connection.ts";

/** S3's error documents are some hundred bytes long, and the code comes first. */
const DOCUMENT_MAX_BYTES = 4 * 1024;
/** The status already says that it is an error. The code is not worth a long wait. */
const DOCUMENT_MS = 2_000;

/** The code goes into rows, logs and responses, so anything that does not look like one is ignored. */
const CODE = /<Code>\s*([A-Za-z0-9_.-]{1,64})\s*<\/Code>/;
/** S3 sends error documents with chunked encoding. This matches the line with a chunk's size, and the end of the last. */
const CHUNK_SIZE = /(?:^|\r\n)[0-9A-Fa-f]+(?:;[^\r\n]*)?\r\n/g;

/** S3's code, from the document that follows an error's headers; undefined if none comes in time. */
export const readStoreCode = async (
  connection: ObjectConnection,
  { headers }: ObjectResponse,
): Promise<string | undefined> => {
  const isChunked = headers.get("transfer-encoding")?.toLowerCase() === "chunked";
  const timer = setTimeout(() => void connection.close(), DOCUMENT_MS);
  let document = "";
  try {
    while (document.length < DOCUMENT_MAX_BYTES) {
      const bytes = Buffer.from(await connection.next());
      document += bytes.subarray(0, DOCUMENT_MAX_BYTES).toString("latin1");
      const code = CODE.exec(isChunked ? document.replace(CHUNK_SIZE, "") : document)?.[1];
      if (code !== undefined) return code;
    }
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
  } finally {
    clearTimeout(timer);
  }
  return undefined;
};

/** Codes of a trouble that may pass, whatever their status. KMS throttles and fails as S3 does. */
const PASSING: ReadonlySet<string> = new Set([
  "RequestTimeout",
  "KMS.ThrottlingException",
  "KMS.DependencyTimeoutException",
  "KMS.KMSInternalException",
  "KMS.KeyUnavailableException",
]);

/** Codes with 400 or 404 that are about the credentials or the bucket, not about the object. */
const OPERATORS: ReadonlySet<string> = new Set([
  "ExpiredToken",
  "InvalidToken",
  "TokenRefreshRequired",
  "InvalidAccessKeyId",
  "SignatureDoesNotMatch",
  "RequestTimeTooSkewed",
  "NoSuchBucket",
]);

/**
 * What S3's error response to a GET of an object means; undefined if it may pass.
 *
 * Source: Amazon S3 API Reference, "Error responses". S3 passes on the codes of KMS with the prefix `KMS.`: AWS KMS API
 * Reference, "Decrypt".
 */
export const judgeRefusal = (status: number, storeCode: string | undefined): MediaReadError["code"] | undefined => {
  const code = storeCode ?? "";
  if (status >= 500 || status === 429 || status === 408 || PASSING.has(code)) return undefined;
  if (code === "InvalidObjectState") return "OBJECT_ARCHIVED";
  if (status === 401 || status === 403 || code.startsWith("KMS.") || OPERATORS.has(code)) return "ACCESS_REFUSED";
  // OBJECT_GONE is final, so only S3's own 404 counts: something in between may have sent another.
  if (status === 404) return code === "NoSuchKey" || code === "NoSuchVersion" ? "OBJECT_GONE" : undefined;
  // The version is a delete marker.
  if (status === 405) return "OBJECT_GONE";
  // 416: the object ends before the byte that was asked for.
  if (status === 412 || status === 416) return "OBJECT_CHANGED";
  return "READ_FAILED";
};
