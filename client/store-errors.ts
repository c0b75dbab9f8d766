import { ProxyError } from "./errors.ts";
import { answeredInPlace } from "./in-between.ts";
import { readRetryAfter } from "./retry-after.ts";
import type { StoreAnswer } from "./send-media.ts";
import { STORE } from "./send-watched.ts";
import { textOf } from "./xml.ts";

/** What S3's errors mean to whoever uploads, by their code. S3's own words are for whoever programs. */
const MEANINGS: Readonly<Record<string, string>> = {
  AccessDenied: `${STORE} does not permit the request`,
  SignatureDoesNotMatch: "the request did not arrive as it was signed",
  ExpiredToken: "the signature of the request has expired",
  TokenRefreshRequired: "the signature of the request has expired",
  InvalidToken: "the signature of the request is not valid any more",
  RequestTimeTooSkewed: "the clocks of the signer and the store of uploads differ",
  InvalidAccessKeyId: `${STORE} does not know who signed the request`,
  NoSuchBucket: `${STORE} is not there`,
  NoSuchUpload: `${STORE} has no such upload any more`,
  EntityTooLarge: `the file is too large for one request to ${STORE}`,
  EntityTooSmall: `a part of the upload is smaller than ${STORE} takes`,
  InvalidPart: `a part of the upload did not arrive at ${STORE} as it was sent`,
  InvalidPartOrder: `the parts of the upload are out of order`,
  BadDigest: "the bytes changed on their way",
  InvalidDigest: "the bytes changed on their way",
  XAmzContentChecksumMismatch: "the bytes changed on their way",
  IncompleteBody: "not all bytes arrived",
  MissingContentLength: "something on the way took the length of the request away",
  RequestTimeout: "the bytes came too slowly",
  OperationAborted: `${STORE} is busy with the same upload`,
  ConditionalRequestConflict: `${STORE} is busy with the same upload`,
  SlowDown: `${STORE} is busy`,
  ServiceUnavailable: `${STORE} cannot take it at present`,
  InternalError: `${STORE} had a fault of its own`,
};

const RETRYABLE_STATUS = new Set([408, 429, 500, 502, 503, 504]);
/** S3's errors that pass, whatever their status: a completion may fail with a 200. */
const RETRYABLE_CODE = new Set([
  "RequestTimeout",
  "InternalError",
  "ServiceUnavailable",
  "SlowDown",
  "OperationAborted",
  "ConditionalRequestConflict",
  "BadDigest",
  "XAmzContentChecksumMismatch",
  "IncompleteBody",
]);
/** The credentials that signed the URL have expired; S3 reports that with status 400. */
const DEAD_SIGNATURE = new Set(["ExpiredToken", "TokenRefreshRequired", "InvalidToken"]);

export const isRefusedSignature = (error: unknown): boolean =>
  error instanceof ProxyError &&
  error.source === "storage" &&
  (error.status === 403 || DEAD_SIGNATURE.has(error.errorType));

/**
 * @param root the element that the answer of a success consists of; undefined if such an answer is empty
 * @throws {ProxyError} for everything else
 */
export const checkAnswer = (answer: StoreAnswer, root: string | undefined): void => {
  const { status, text } = answer;
  const code = /<Error>/.test(text) ? textOf(text, "Code") : undefined;
  if (code !== undefined) throw refusal(answer, code);
  const isSuccess = status >= 200 && status < 300;
  if (isSuccess && (root === undefined ? text.trim() === "" : text.includes(`<${root}`))) return;
  // S3 answers some errors without a body; whatever else has a body that is not S3's was sent by something on the way.
  if (!isSuccess && status >= 400 && text.trim() === "") throw refusal(answer, undefined);
  throw notTheStore(status);
};

/** @param status as `answeredInPlace` has it */
export const notTheStore = (status: number): ProxyError =>
  answeredInPlace({ name: STORE, errorType: "NOT_THE_STORE" }, status);

const refusal = ({ status, header }: StoreAnswer, code: string | undefined): ProxyError =>
  new ProxyError({
    source: "storage",
    errorType: code ?? "STORAGE",
    comment: describe(code, status),
    status,
    requestId: header("x-amz-request-id") ?? undefined,
    retryAfterMs: readRetryAfter(header("retry-after")),
    isRetryable: RETRYABLE_STATUS.has(status) || (code !== undefined && RETRYABLE_CODE.has(code)),
  });

const describe = (code: string | undefined, status: number): string => {
  if (code === undefined) return `The store of uploads refused the request (status ${status}).`;
  const meaning = code.startsWith("KMS.") ? `${STORE} cannot use its encryption key` : MEANINGS[code];
  if (meaning !== undefined) return `${meaning.slice(0, 1).toUpperCase()}${meaning.slice(1)} (${code}).`;
  return `The store of uploads refused the request (${code}).`;
};
