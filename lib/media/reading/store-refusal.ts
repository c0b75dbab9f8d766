import type { MediaReadError } from "../body.ts";
import type { ObjectConnection, ObjectResponse } from "./object-connection.ts";
import { InterruptedError } from "./object-connection.ts";

/** S3's error documents have some hundred bytes, and the code comes first. */
const DOCUMENT_MAX_BYTES = 4 * 1024;
/** An error is known by its status already: for its code nobody waits long. */
const DOCUMENT_MS = 2_000;

/** A code goes into rows, logs and answers: whatever looks like anything else is none. */
const CODE = /<Code>\s*([A-Za-z0-9_.-]{1,64})\s*<\/Code>/;
/** S3 sends error documents in chunks: the line that tells the next one's size, and what ends the last one. */
const CHUNK_SIZE = /(?:^|\r\n)[0-9A-Fa-f]+(?:;[^\r\n]*)?\r\n/g;

/** S3's code out of the document behind an error's head; undefined where none comes in time. */
export const readStoreCode = async (
  connection: ObjectConnection,
  { headers }: ObjectResponse,
): Promise<string | undefined> => {
  const isChunked = headers.get("transfer-encoding")?.toLowerCase() === "chunked";
  const timer = setTimeout(() => void connection.close(), DOCUMENT_MS);
  let document = "";
  try {
    while (document.length < DOCUMENT_MAX_BYTES) {
      document += Buffer.from(await connection.next())
        .subarray(0, DOCUMENT_MAX_BYTES)
        .toString("latin1");
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

/** Codes that stand for a trouble that passes, whatever status they come with. KMS is throttled and fails like others. */
const PASSING: ReadonlySet<string> = new Set([
  "RequestTimeout",
  "KMS.ThrottlingException",
  "KMS.DependencyTimeoutException",
  "KMS.KMSInternalException",
  "KMS.KeyUnavailableException",
]);

/** Codes of 400 and 404 that speak of credentials or of the bucket, and so of no object. */
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
 * What an error that S3 answers to a GET of an object means; undefined where it may pass.
 *
 * Source: Amazon S3 API Reference, "Error responses"; the codes of KMS, which S3 hands on behind `KMS.`, are those of
 * the AWS KMS API Reference, "Decrypt".
 */
export const judgeRefusal = (status: number, storeCode: string | undefined): MediaReadError["code"] | undefined => {
  const code = storeCode ?? "";
  if (status >= 500 || status === 429 || status === 408 || PASSING.has(code)) return undefined;
  if (code === "InvalidObjectState") return "OBJECT_ARCHIVED";
  if (status === 401 || status === 403 || code.startsWith("KMS.") || OPERATORS.has(code)) return "ACCESS_REFUSED";
  // Gone is gone for good: a 404 that is not S3's own does not say that.
  if (status === 404) return code === "NoSuchKey" || code === "NoSuchVersion" ? "OBJECT_GONE" : undefined;
  // The version is a delete marker.
  if (status === 405) return "OBJECT_GONE";
  // 416: the object ends before the byte that was asked for.
  if (status === 412 || status === 416) return "OBJECT_CHANGED";
  return "READ_FAILED";
};
