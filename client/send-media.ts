import { networkError, ProxyError } from "./errors.ts";
import { sizeOf, type MediaBytes } from "./source.ts";

/** A PUT of media to the store. */
export interface MediaRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: MediaBytes;
  /**
   * To be called as the body goes out, with the number of bytes sent so far, and with the size of the body once all of it
   * is out: from then on, more time is given for the answer than for the next bytes before.
   */
  readonly onSent: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/** The store's HTTP response. */
export interface StoreAnswer {
  readonly status: number;
  readonly header: (name: string) => string | null;
  readonly text: string;
}

/** PUTs media. Rejects with the signal's reason, or with the failure where no response came. */
export type SendMedia = (request: MediaRequest) => Promise<StoreAnswer>;

/** A connection on which nothing moves for this long is dead, even if neither side has closed it. */
const STALLED_MS = 60_000;

/**
 * The application's own way to send, or else the platform's best: in browsers, only XMLHttpRequest reports how much of a
 * body has been sent.
 */
export const chooseSender = (given: {
  readonly sendMedia?: SendMedia | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
}): SendMedia => {
  if (given.sendMedia) return abortStalled(given.sendMedia);
  if (given.fetch) return fetchSender(given.fetch);
  const { XMLHttpRequest } = globalThis as { XMLHttpRequest?: new () => XhrRequest };
  return XMLHttpRequest
    ? abortStalled(xhrSender(XMLHttpRequest))
    : fetchSender((...request) => globalThis.fetch(...request));
};

export const readStoreAnswer = async (response: Response): Promise<StoreAnswer> => ({
  status: response.status,
  header: (name) => response.headers.get(name),
  text: await response.text(),
});

/** `fetch` reports nothing while it sends, so progress comes with the response. */
const fetchSender =
  (fetch: typeof globalThis.fetch): SendMedia =>
  async ({ url, headers, body, onSent, signal }) => {
    const response = await readStoreAnswer(await fetch(url, { method: "PUT", body: sendable(body), headers, signal }));
    onSent(sizeOf(body));
    return response;
  };

/** @throws {ProxyError} for bytes that neither `fetch` nor XMLHttpRequest can send */
const sendable = (body: MediaBytes): Blob | Uint8Array<ArrayBuffer> => {
  if (body instanceof Blob || body instanceof Uint8Array) return body;
  throw new ProxyError({
    source: "client",
    errorType: "NO_SENDER",
    comment: "Media that is read as a stream needs a `sendMedia` of the application's own.",
  });
};

/** As much of XMLHttpRequest as is used here: in Node, which has none, its types are missing, too. */
interface XhrRequest {
  readonly upload: { onprogress: ((event: { readonly loaded: number }) => void) | null };
  readonly status: number;
  readonly responseText: string;
  onload: (() => void) | null;
  onerror: (() => void) | null;
  onabort: (() => void) | null;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  getResponseHeader(name: string): string | null;
  send(body: unknown): void;
  abort(): void;
}

const xhrSender =
  (XMLHttpRequest: new () => XhrRequest): SendMedia =>
  ({ url, headers, body, onSent, signal }) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const request = new XMLHttpRequest();
      const abort = () => {
        request.abort();
      };
      const settle = (end: () => void) => () => {
        signal.removeEventListener("abort", abort);
        end();
      };
      request.open("PUT", url);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.upload.onprogress = ({ loaded }) => {
        onSent(loaded);
      };
      request.onload = settle(() => {
        const { status, responseText } = request;
        resolve({ status, header: (name) => request.getResponseHeader(name), text: responseText });
      });
      request.onerror = settle(() => {
        reject(new TypeError("The request failed"));
      });
      request.onabort = settle(() => {
        reject(signal.reason as Error);
      });
      signal.addEventListener("abort", abort, { once: true });
      request.send(sendable(body));
    });

const abortStalled =
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
