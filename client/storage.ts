import { readRetryAfter, repeat, type Repeats } from "./backoff.ts";
import { networkError, ProxyError } from "./errors.ts";
import { readStoreAnswer, type SendMedia, type StoreAnswer } from "./sending.ts";
import type { SignedRequest } from "./signing.ts";
import type { MediaBytes } from "./source.ts";
import { textOf } from "./xml.ts";

/** What the store is spoken to with. */
export interface StoragePorts {
  readonly fetch: typeof globalThis.fetch;
  readonly sendMedia: SendMedia;
  readonly repeats: Repeats;
}

/** A request to the store: for media, or with a little XML, or nothing, in it. */
export type StorageRequest = { readonly signal?: AbortSignal | undefined } & (
  | {
      readonly method: "PUT";
      readonly body: MediaBytes;
      /** Called with how much of the body is out; from 0 again where the request is repeated. */
      readonly onSent: (bytes: number) => void;
    }
  | { readonly method: "GET" | "POST" | "DELETE"; readonly body?: string }
);

export interface Stored {
  readonly key: string;
  readonly etag: string | null;
  readonly text: string;
}

/** How often a refused signature is made anew, before it is believed that it is refused for another reason. */
const SIGNATURES = 3;
/** After so long, a repeated request gets a fresh one. */
const SIGNATURE_TRUSTED_MS = 5 * 60_000;
/** Completing may take S3 minutes, and media has its own watch; but after so long no answer is coming. */
const ANSWER_TIMEOUT_MS = 5 * 60_000;
const RETRYABLE_STATUS = new Set([408, 429, 500, 502, 503, 504]);
/** 400s of S3 that are about time alone. */
const RETRYABLE_CODE = new Set(["RequestTimeout", "InternalError", "SlowDown", "OperationAborted"]);
/** The credentials behind a signature have died, which S3 tells with a 400. */
const DEAD_SIGNATURE = new Set(["ExpiredToken", "TokenRefreshRequired", "InvalidToken"]);

/**
 * Sends one request to the store with a URL that is signed just before; signs again where the store refuses the
 * signature, and repeats what failed for a while.
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
    // A refusal that comes before the body is sent may break the connection, and look like the network's fault.
    if (Date.now() - signedAt > SIGNATURE_TRUSTED_MS) signed = undefined;
    for (;;) {
      if (!signed) {
        signed = await sign();
        signedAt = Date.now();
      }
      try {
        const answer = await send(ports, signed, request);
        checkAnswer(answer);
        return { key: signed.key, etag: answer.header("etag"), text: answer.text };
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
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
        ...(body === undefined ? {} : { body }),
      }),
    );
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof ProxyError ? error : networkError(error, "the store of uploads");
  }
};

/** @throws {ProxyError} */
const checkAnswer = ({ status, text, header }: StoreAnswer): void => {
  // Completing may take S3 so long that it sends its 200 first and tells in the body that it failed.
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
