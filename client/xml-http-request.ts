import type { SendMedia } from "./sending.ts";

/** As much of XMLHttpRequest as is used here; the types of a browser are not there in Node. */
interface Request {
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

/** Undefined where there is no XMLHttpRequest: in workers of some kinds, and in Node. */
export const xmlHttpRequestSender = (): SendMedia | undefined => {
  const { XMLHttpRequest } = globalThis as { XMLHttpRequest?: new () => Request };
  if (!XMLHttpRequest) return undefined;
  return ({ url, headers, body, onSent, signal }) =>
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
      request.send(body);
    });
};
