import { orAborted } from "./abort.ts";
import { beginLimit, type Clock } from "./clock.ts";
import { networkError } from "./errors.ts";
import type { MediaRequest, Sender, StoreAnswer } from "./send-media.ts";
import { sizeOf } from "./source.ts";

export const STORE = "the store of uploads";

/** A connection on which nothing moves for this long is dead, even if neither side has closed it. */
export const NEXT_BYTE_MS = 30_000;
/**
 * The answer to a body that is out. A box on the way may have swallowed the body and pass it on slowly, so whoever sends
 * it again gives it twice the time.
 */
const ANSWER_MS = 55_000;
const LONGEST_ANSWER_MS = 10 * 60_000;
/** Where nothing tells how much is out, at least this much has to go out, bytes in a second. */
const SLOWEST_BYTES = 100 * 1024;

/** @param doublings how often the request was sent before */
export const answerLimitMs = (doublings: number): number => Math.min(ANSWER_MS * 2 ** doublings, LONGEST_ANSWER_MS);

/** A sender that tells nothing has one limit for all of it. */
const silentLimitMs = (sizeBytes: number, doublings: number): number => {
  const firstMs = ANSWER_MS + (sizeBytes / SLOWEST_BYTES) * 1000;
  return Math.min(firstMs * 2 ** doublings, Math.max(firstMs, LONGEST_ANSWER_MS));
};

export interface Watched {
  readonly answer: StoreAnswer;
  /** How many doublings of the limit this request needed. */
  readonly doublings: number;
}

/** Sends media, and gives a connection up on which nothing moves. @throws {ProxyError} NETWORK then */
export const sendWatched = async (
  { send, isSilent }: Sender,
  request: MediaRequest,
  { clock, doublings }: { readonly clock: Clock; readonly doublings: number },
): Promise<Watched> => {
  const { body, onSent, signal } = request;
  const sizeBytes = sizeOf(body);
  const limit = beginLimit(clock, signal);
  let movedAt = clock.now();
  let sent = 0;
  const allow = () => {
    movedAt = clock.now();
    if (isSilent) limit.allow(silentLimitMs(sizeBytes, doublings), noAnswer);
    else if (sent < sizeBytes) limit.allow(NEXT_BYTE_MS, takesNothing);
    else limit.allow(answerLimitMs(doublings), noAnswer);
  };
  allow();
  try {
    const sending = send({
      ...request,
      signal: limit.signal,
      onSent: (bytes) => {
        if (bytes <= sent) return;
        sent = bytes;
        if (!isSilent) allow();
        onSent(bytes);
      },
    });
    const answer = await orAborted(sending, limit.signal);
    const firstLimitMs = isSilent ? silentLimitMs(sizeBytes, 0) : answerLimitMs(0);
    return { answer, doublings: doublingsFor(clock.now() - movedAt, firstLimitMs) };
  } finally {
    limit.end();
  }
};

const noAnswer = () => networkError(undefined, STORE);
const takesNothing = () => networkError(undefined, `${STORE}, which takes no more bytes`);

const doublingsFor = (tookMs: number, limitMs: number): number => Math.max(0, Math.ceil(Math.log2(tookMs / limitMs)));
