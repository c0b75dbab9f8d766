import { readRetryAfter, repeat, type Repeats } from "./backoff.ts";
import { networkError, ProxyError } from "./errors.ts";
import { readStoreAnswer, type SendMedia, type StoreAnswer } from "./send-media.ts";
import type { SignedRequest } from "./sign-upload.ts";
import type { MediaBytes } from "./source.ts";
import { textOf } from "./xml.ts";

/** What requests to the store need. */
export interface StoragePorts {
  readonly fetch: typeof globalThis.fetch;
  readonly sendMedia: SendMedia;
  readonly repeats: Repeats;
}

/** A request to the store: a PUT of media, or one with a little XML or no body. */
export type StorageRequest = { readonly signal?: AbortSignal | undefined } & (
  | {
      readonly method: "PUT";
      readonly body: MediaBytes;
      /** Called with the number of bytes sent so far; starts from 0 again when the request is repeated. */
      readonly onSent: (bytes: number) => void;
    }
  | { readonly method: "GET" | "POST" | "DELETE"; readonly body?: string }
);

export interface Stored {
  readonly key: string;
  readonly etag: string | null;
  readonly text: string;
}

/** After this many refused signatures, the reason must be another one. */
const SIGNATURES = 3;
/** A request that is repeated later than this is signed again. */
const SIGNATURE_TRUSTED_MS = 5 * 60_000;
/** Completing may take S3 minutes. (Sending media is watched for stalls instead.) */
const RESPONSE_TIMEOUT_MS = 5 * 60_000;
const RETRYABLE_STATUS = new Set([408, 429, 500, 502, 503, 504]);
/** S3's errors that pass, whatever their status: a completion may fail with a 200. */
const RETRYABLE_CODE = new Set(["RequestTimeout", "InternalError", "SlowDown", "OperationAborted"]);
/** The credentials that signed the URL have expired; S3 reports that with status 400. */
const DEAD_SIGNATURE = new Set(["ExpiredToken", "TokenRefreshRequired", "InvalidToken"]);

/**
 * Signs one request to the store and sends it. Signs again if the store refuses the signature, and repeats failures
 * that may pass.
 *
 * @throws {ProxyError}
 */
export const sendSigned = async (
  ports: StoragePorts,
  sign: () => Promise<SignedRequest>,
  request: StorageRequest,
): Promise<Stored> => {
  let signed: SignedRequest | undefined;
  let signedAt = 0;
  let refused = 0;
  return repeat(ports.repeats, request.signal, async () => {
    // S3 may refuse an expired URL and close the connection while the body is being sent, which looks like a network error.
    if (Date.now() - signedAt > SIGNATURE_TRUSTED_MS) signed = undefined;
    for (;;) {
      if (!signed) {
        signed = await sign();
        signedAt = Date.now();
      }
      try {
        const response = await send(ports, signed, request);
        checkResponse(response);
        return { key: signed.key, etag: response.header("etag"), text: response.text };
      } catch (error) {
        if (!isRefusedSignature(error) || (refused += 1) >= SIGNATURES) throw error;
        signed = undefined;
      }
    }
  });
};

const isRefusedSignature = (error: unknown): boolean =>
  error instanceof ProxyError &&
  error.source === "storage" &&
  (error.status === 403 || DEAD_SIGNATURE.has(error.errorType));

const send = async (
  { fetch, sendMedia }: StoragePorts,
  { url, headers }: SignedRequest,
  request: StorageRequest,
): Promise<StoreAnswer> => {
  const { signal = new AbortController().signal } = request;
  try {
    if (request.method === "PUT") {
      const { body, onSent } = request;
      onSent(0);
      return await sendMedia({ url, headers, body, onSent, signal });
    }
    const { method, body } = request;
    return await readStoreAnswer(
      await fetch(url, {
        method,
        headers,
        body: body ?? null,
        signal: AbortSignal.any([signal, AbortSignal.timeout(RESPONSE_TIMEOUT_MS)]),
      }),
    );
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof ProxyError ? error : networkError(error, "the store of uploads");
  }
};

/** @throws {ProxyError} */
const checkResponse = ({ status, text, header }: StoreAnswer): void => {
  // S3 sends the 200 of a long completion before it is done; if that then fails, the body says so.
  if (status >= 200 && status < 300 && !/<Error>/.test(text)) return;
  const code = textOf(text, "Code") ?? "STORAGE";
  throw new ProxyError({
    source: "storage",
    errorType: code,
    comment: `The store of uploads refused: ${textOf(text, "Message") ?? `status ${status}`}`,
    status,
    requestId: header("x-amz-request-id") ?? undefined,
    retryAfterMs: readRetryAfter(header("retry-after")),
    isRetryable: RETRYABLE_STATUS.has(status) || RETRYABLE_CODE.has(code),
  });
};
