import { repeat, type Repeats } from "./backoff.ts";
import { networkError, ProxyError } from "./errors.ts";
import type { SignedRequest } from "./signing.ts";
import type { MediaBytes } from "./source.ts";
import { textOf } from "./xml.ts";

export interface StorageRequest {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly body?: MediaBytes | string;
  readonly signal?: AbortSignal | undefined;
}

export interface StorageAnswer {
  readonly etag: string | null;
  readonly text: string;
}

/** How often a refused signature is made anew, before it is believed that it is refused for another reason. */
const SIGNATURES = 3;
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
  { fetch, repeats }: { fetch: typeof globalThis.fetch; repeats: Repeats },
  sign: () => Promise<SignedRequest>,
  request: StorageRequest,
): Promise<StorageAnswer & { readonly key: string }> => {
  let signed: SignedRequest | undefined;
  let refused = 0;
  return repeat(repeats, request.signal, async () => {
    for (;;) {
      signed ??= await sign();
      try {
        return { ...(await send(fetch, signed, request)), key: signed.key };
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
  fetch: typeof globalThis.fetch,
  signed: SignedRequest,
  { method, body, signal }: StorageRequest,
): Promise<StorageAnswer> => {
  let response: Response;
  let text: string;
  try {
    response = await fetch(signed.url, {
      method,
      headers: signed.headers,
      ...(body === undefined ? {} : { body }),
      ...(signal ? { signal } : {}),
    });
    text = await response.text();
  } catch (error) {
    signal?.throwIfAborted();
    throw networkError(error, "the store of uploads");
  }
  // Completing may take S3 so long that it sends its 200 first and tells in the body that it failed.
  const code = response.ok && !/<Error>/.test(text) ? undefined : (textOf(text, "Code") ?? "STORAGE");
  if (code === undefined) return { etag: response.headers.get("etag"), text };
  throw new ProxyError({
    source: "storage",
    errorType: code,
    comment: `The store of uploads refused: ${textOf(text, "Message") ?? `status ${response.status}`}`,
    status: response.status,
    requestId: response.headers.get("x-amz-request-id") ?? undefined,
    isRetryable: RETRYABLE_STATUS.has(response.status) || RETRYABLE_CODE.has(code),
  });
};
