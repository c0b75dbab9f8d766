import { beginLimit, type Clock } from "./clock.ts";
import { networkError, ProxyError } from "./errors.ts";
import type { Patience } from "./patience.ts";
import { readStoreAnswer, type Sender, type StoreAnswer } from "./send-media.ts";
import { answerLimitMs, NEXT_BYTE_MS, sendWatched, STORE } from "./send-watched.ts";
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

/** The time for the signature that a request in doubt begins with. Without an answer in it, the network is gone, or slow. */
const PROBE_MS = 10_000;
/** Every fourth probe has the time that other calls have, as the network may only be slow. */
const LONG_PROBE_MS = 35_000;
const LONG_PROBE_EVERY = 4;

export interface PreparedRequest {
  /** Makes one attempt. @throws {ProxyError} */
  readonly send: () => Promise<Stored>;
  /** Whether the next attempt begins with a probe of the network. */
  readonly isInDoubt: () => boolean;
}

/**
 * Prepares attempts at one request to the store. Each signs, if there is no fresh signature yet or the store refuses it,
 * and sends.
 *
 * Whatever has waited in vain is in doubt: perhaps the network is gone. To send the same again would take as long to tell,
 * or longer, as each repeat has more time. So a request that may be signed anew is signed first: that is a small call, whose
 * answer comes soon or not at all.
 *
 * @param sign called with a limit for a probe, for which no signature will do that was made before
 * @param isSameAnew whether another signature is for the same object or part: a PUT of a whole object gets another key
 */
export const prepareRequest = (
  ports: StoragePorts,
  { moved }: Pick<Patience, "moved">,
  { sign, isSameAnew }: { readonly sign: (limitMs?: number) => Promise<SignedRequest>; readonly isSameAnew: boolean },
  request: StorageRequest,
): PreparedRequest => {
  const { signal } = request;
  let signed: SignedRequest | undefined;
  let signedAt = 0;
  let refused = 0;
  /** Attempts that have waited for the answer in vain. Others that failed say nothing about how long an answer takes. */
  let waits = 0;
  let furthest = 0;
  let isInDoubt = false;
  let probes = 0;

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

  const probe = async (): Promise<void> => {
    probes += 1;
    try {
      signed = await sign(probes % LONG_PROBE_EVERY === 0 ? LONG_PROBE_MS : PROBE_MS);
      signedAt = ports.clock.now();
    } catch (error) {
      // An API that is out of order has answered, too: the network is there.
      if (!signed || !(error instanceof ProxyError) || !error.isRetryable || isNetworkError(error)) throw error;
    }
    isInDoubt = false;
    probes = 0;
  };

  const attempt = async (): Promise<Stored> => {
    // S3 may refuse an expired URL and close the connection while the body is being sent, which looks like a network error.
    if (ports.clock.now() - signedAt > SIGNATURE_TRUSTED_MS) signed = undefined;
    if (isInDoubt) await probe();
    for (;;) {
      if (!signed) {
        signed = await sign();
        signedAt = ports.clock.now();
      }
      const beganAt = ports.clock.now();
      try {
        return await send(signed);
      } catch (error) {
        const tookMs = ports.clock.now() - beganAt;
        if (tookMs >= answerLimitMs(0)) waits += 1;
        isInDoubt = isSameAnew && tookMs >= NEXT_BYTE_MS && isNetworkError(error);
        if (!isRefusedSignature(error)) throw error;
        refused += 1;
        if (refused >= SIGNATURES) throw error;
        signed = undefined;
      }
    }
  };
  return { send: attempt, isInDoubt: () => isInDoubt };
};

const isNetworkError = (error: unknown): boolean => error instanceof ProxyError && error.source === "network";

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
