import { networkError } from "./errors.ts";
import type { MediaBytes } from "./source.ts";
import { xmlHttpRequestSender } from "./xml-http-request.ts";

/** A request with media in it. */
export interface MediaRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: MediaBytes;
  /** To be called with how much of the body is out, as it goes. */
  readonly onSent: (bytes: number) => void;
  readonly signal: AbortSignal;
}

export interface StoreAnswer {
  readonly status: number;
  readonly header: (name: string) => string | null;
  readonly text: string;
}

/** PUTs media. Rejects with the signal's reason, or with whatever happened where no answer came. */
export type SendMedia = (request: MediaRequest) => Promise<StoreAnswer>;

/** A connection on which nothing moves for so long is dead, though nobody has said so. */
const STALLED_MS = 60_000;

/** `fetch` tells nothing of a body on its way, so its progress comes with the answer. */
const fetchSender =
  (fetch: typeof globalThis.fetch): SendMedia =>
  async ({ url, headers, body, onSent, signal }) => {
    const answer = await readStoreAnswer(await fetch(url, { method: "PUT", body, headers, signal }));
    onSent(body instanceof Blob ? body.size : body.byteLength);
    return answer;
  };

/**
 * The caller's own way to send, or else the best of the platform: browsers tell by XMLHttpRequest alone what of a body
 * is out.
 */
export const chooseSender = (given: {
  readonly sendMedia?: SendMedia | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
}): SendMedia => {
  if (given.sendMedia) return endStalled(given.sendMedia);
  if (given.fetch) return fetchSender(given.fetch);
  const byXmlHttpRequest = xmlHttpRequestSender();
  return byXmlHttpRequest ? endStalled(byXmlHttpRequest) : fetchSender((...request) => globalThis.fetch(...request));
};

export const readStoreAnswer = async (response: Response): Promise<StoreAnswer> => ({
  status: response.status,
  header: (name) => response.headers.get(name),
  text: await response.text(),
});

const endStalled =
  (send: SendMedia): SendMedia =>
  async (request) => {
    const stalled = new AbortController();
    const watch = () =>
      setTimeout(() => {
        stalled.abort(networkError(undefined, "the store of uploads, which takes no more bytes"));
      }, STALLED_MS);
    let timer = watch();
    try {
      return await send({
        ...request,
        signal: AbortSignal.any([request.signal, stalled.signal]),
        onSent: (bytes) => {
          clearTimeout(timer);
          timer = watch();
          request.onSent(bytes);
        },
      });
    } finally {
      clearTimeout(timer);
    }
  };
