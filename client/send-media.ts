import { ProxyError } from "./errors.ts";
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

export interface Sender {
  readonly send: SendMedia;
  /** Whether it tells nothing of a body before the answer is there. */
  readonly isSilent: boolean;
}

/**
 * The application's own way to send, or else the platform's best: in browsers, only XMLHttpRequest reports how much of a
 * body has been sent.
 */
export const chooseSender = (given: {
  readonly sendMedia?: SendMedia | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
}): Sender => {
  if (given.sendMedia) return { send: given.sendMedia, isSilent: false };
  const { XMLHttpRequest } = globalThis as { XMLHttpRequest?: new () => XhrRequest };
  if (XMLHttpRequest && !given.fetch) return { send: xhrSender(XMLHttpRequest), isSilent: false };
  return { send: fetchSender(given.fetch ?? ((...request) => globalThis.fetch(...request))), isSilent: true };
};

/** @param onBytes called when something of the body has arrived */
export const readStoreAnswer = async (response: Response, onBytes: () => void): Promise<StoreAnswer> => ({
  status: response.status,
  header: (name) => response.headers.get(name),
  text: await readText(response, onBytes),
});

const readText = async (response: Response, onBytes: () => void): Promise<string> => {
  // Not every `fetch` gives a stream: that of the command line does not, nor do those of some platforms.
  const body = response.body as Response["body"] | undefined;
  if (!body) return response.text();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "";
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    onBytes();
    text += decoder.decode(piece.value, { stream: true });
  }
  return text + decoder.decode();
};

/** `fetch` reports nothing while it sends, so progress comes with the response. */
const fetchSender =
  (fetch: typeof globalThis.fetch): SendMedia =>
  async ({ url, headers, body, onSent, signal }) => {
    const response = await fetch(url, { method: "PUT", body: sendable(body), headers, signal, redirect: "manual" });
    const answer = await readStoreAnswer(response, () => {});
    onSent(sizeOf(body));
    return answer;
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
