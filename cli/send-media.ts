import { once } from "node:events";
import http, { type ClientRequest, type IncomingMessage } from "node:http";
import https from "node:https";
import type { SendMedia, StoreAnswer } from "../client/index.ts";

/** Small enough to show progress on a slow connection. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Sends media with `node:http`, which reports how much has been sent. `fetch` does not, and when it is given a stream that
 * would, it hangs if the store refuses before it has received the whole body.
 */
export const sendMedia: SendMedia = async ({ url, headers, body, onSent, signal }) => {
  if (!(body instanceof Blob || body instanceof Uint8Array)) throw new TypeError("Streams cannot be sent yet");
  const bytes = body instanceof Blob ? new Uint8Array(await body.arrayBuffer()) : body;
  signal.throwIfAborted();
  const { request: makeRequest } = url.startsWith("https:") ? https : http;
  const request = makeRequest(url, { method: "PUT", headers: { ...headers, "content-length": bytes.byteLength } });
  const abort = () => request.destroy(signal.reason as Error);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await new Promise<StoreAnswer>((resolve, reject) => {
      request.on("error", reject);
      request.on("response", (response) => {
        readResponse(response).then(resolve, reject);
      });
      write(request, bytes, onSent).catch(reject);
    });
  } catch (error) {
    // In the form of `fetch`'s errors, with Node's error as the cause.
    throw signal.aborted ? signal.reason : new TypeError("The request failed", { cause: error });
  } finally {
    signal.removeEventListener("abort", abort);
    // If the store refused before it had the whole body, there is no point in sending the rest.
    if (!request.writableFinished) request.destroy();
  }
};

const write = async (request: ClientRequest, bytes: Uint8Array, onSent: (bytes: number) => void): Promise<void> => {
  for (let at = 0; at < bytes.byteLength && !request.destroyed; at += CHUNK_BYTES) {
    onSent(at);
    // Wait until the socket takes the bytes, or this would report the progress of a buffer.
    if (!request.write(bytes.subarray(at, at + CHUNK_BYTES))) await drained(request);
  }
  request.end();
};

const drained = async (request: ClientRequest): Promise<void> => {
  const closed = new AbortController();
  const close = () => {
    closed.abort();
  };
  request.once("close", close);
  // If it closes before it drains, the promise of the response rejects with the reason.
  await once(request, "drain", { signal: closed.signal }).catch(() => undefined);
  request.off("close", close);
};

const readResponse = async (response: IncomingMessage): Promise<StoreAnswer> => {
  let text = "";
  response.setEncoding("utf8");
  for await (const piece of response) text += String(piece);
  const header = (name: string) => {
    const value = response.headers[name.toLowerCase()];
    return typeof value === "string" ? value : null;
  };
  return { status: response.statusCode ?? 0, header, text };
};
