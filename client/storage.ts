import { beginLimit, type Clock } from "./clock.ts";
import { networkError } from "./errors.ts";
import type { Patience } from "./patience.ts";
import { readStoreAnswer, type Sender, type StoreAnswer } from "./send-media.ts";
import { answerLimitMs, sendWatched, STORE } from "./send-watched.ts";
import type { SignedRequest } from "./sign-upload.ts";
import { canBeRead, sourceChanged, type MediaBytes } from "./source.ts";
import { checkAnswer, isRefusedSignature } from "./store-errors.ts";

/** What requests to the store need. */
export interface StoragePorts {
  readonly fetch: typeof globalThis.fetch;
  readonly sender: Sender;
  readonly clock: Clock;
}

/** A PUT of media. */
interface MediaPut {
  readonly method: "PUT";
  readonly signal?: AbortSignal | undefined;
  /** Called for each attempt, so that between attempts no bytes are in memory. */
  readonly readBody: () => Promise<MediaBytes>;
  /** Called with the number of bytes sent so far; starts from 0 again when the request is repeated. */
  readonly onSent: (bytes: number) => void;
  /** How often the time for the answer is doubled from the start; see `Stored`. */
  readonly doublings: () => number;
}

/** A request with a little XML or no body. */
export interface ShortRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly signal?: AbortSignal | undefined;
  readonly body?: string;
  /** The element that the answer of a success consists of. Without it, that answer is empty. */
  readonly root?: string;
}

type StorageRequest = MediaPut | ShortRequest;

export interface Stored {
  readonly key: string;
  readonly etag: string | null;
  readonly text: string;
  /** How often the time for the answer would have to be doubled for the next request like this one. */
  readonly doublings: number;
}

/** After this many refused signatures, the reason must be another one. */
const SIGNATURES = 3;
/** A request that is repeated later than this is signed again. */
export const SIGNATURE_TRUSTED_MS = 5 * 60_000;

/**
 * Prepares attempts at one request to the store. Each signs, if there is no fresh signature yet or the store refuses it,
 * and sends.
 *
 * @throws {ProxyError} from each attempt
 */
export const prepareRequest = (
  ports: StoragePorts,
  { moved }: Pick<Patience, "moved">,
  sign: () => Promise<SignedRequest>,
  request: StorageRequest,
): (() => Promise<Stored>) => {
  const { signal } = request;
  let signed: SignedRequest | undefined;
  let signedAt = 0;
  let refused = 0;
  /** Attempts that have waited for the answer in vain. Others that failed say nothing about how long an answer takes. */
  let waits = 0;
  let furthest = 0;

  const put = async ({ url, headers }: SignedRequest, body: MediaBytes, { onSent, doublings }: MediaPut) => {
    onSent(0);
    try {
      return await sendWatched(
        ports.sender,
        {
          url,
          headers,
          body,
          signal: signal ?? new AbortController().signal,
          onSent: (bytes) => {
            onSent(bytes);
            moved(bytes > furthest);
            furthest = Math.max(furthest, bytes);
          },
        },
        { clock: ports.clock, doublings: doublings() + waits },
      );
    } catch (error) {
      if (!signal?.aborted && !(await canBeRead(body))) throw sourceChanged(error);
      throw error;
    }
  };

  const send = async (to: SignedRequest): Promise<Stored> => {
    // Whatever is wrong with the source is not the network's fault.
    const body = request.method === "PUT" ? await request.readBody() : undefined;
    try {
      if (request.method === "PUT") {
        const { answer, doublings } = await put(to, body as MediaBytes, request);
        checkAnswer(answer, undefined);
        return { key: to.key, etag: answer.header("etag"), text: "", doublings };
      }
      const answer = await exchange(ports, to, request, { waits, moved });
      checkAnswer(answer, request.root);
      return { key: to.key, etag: null, text: answer.text, doublings: 0 };
    } catch (error) {
      signal?.throwIfAborted();
      throw networkError(error, STORE);
    }
  };

  return async () => {
    // S3 may refuse an expired URL and close the connection while the body is being sent, which looks like a network error.
    if (ports.clock.now() - signedAt > SIGNATURE_TRUSTED_MS) signed = undefined;
    for (;;) {
      if (!signed) {
        signed = await sign();
        signedAt = ports.clock.now();
      }
      const beganAt = ports.clock.now();
      try {
        return await send(signed);
      } catch (error) {
        if (ports.clock.now() - beganAt >= answerLimitMs(0)) waits += 1;
        if (!isRefusedSignature(error)) throw error;
        refused += 1;
        if (refused >= SIGNATURES) throw error;
        signed = undefined;
      }
    }
  };
};

/** A request without media. Completing may take S3 minutes, in which it sends blanks. */
const exchange = async (
  { fetch, clock }: StoragePorts,
  { url, headers }: SignedRequest,
  { method, body, signal }: ShortRequest,
  { waits, moved }: { readonly waits: number; readonly moved: Patience["moved"] },
): Promise<StoreAnswer> => {
  const limit = beginLimit(clock, signal);
  const allow = () => {
    limit.allow(answerLimitMs(waits), () => networkError(undefined, STORE));
  };
  allow();
  try {
    const response = await fetch(url, {
      method,
      headers,
      body: body ?? null,
      signal: limit.signal,
      redirect: "manual",
    });
    return await readStoreAnswer(response, () => {
      allow();
      moved(false);
    });
  } finally {
    limit.end();
  }
};
