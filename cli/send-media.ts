import { once } from "node:events";
import http, { type ClientRequest, type IncomingMessage } from "node:http";
import https from "node:https";
import type { SendMedia, StoreAnswer } from "../client/index.ts";

/** Small enough to show progress on a slow line. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Sends media with Node's own HTTP, which tells when bytes are out. (`fetch` does not; and given a stream that would, it
 * hangs where the store refuses before it has the whole body.)
 */
export const sendMedia: SendMedia = async ({ url, headers, body, onSent, signal }) => {
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
        readAnswer(response).then(resolve, reject);
      });
      write(request, bytes, onSent).catch(reject);
    });
  } catch (error) {
    // In the form in which `fetch` has it: Node's error as the cause.
    throw signal.aborted ? signal.reason : new TypeError("The request failed", { cause: error });
  } finally {
    signal.removeEventListener("abort", abort);
    // A store that refuses answers before it has the body; what is left of that is of no use.
    if (!request.writableFinished) request.destroy();
  }
};

const write = async (request: ClientRequest, bytes: Uint8Array, onSent: (bytes: number) => void): Promise<void> => {
  for (let at = 0; at < bytes.byteLength && !request.destroyed; at += CHUNK_BYTES) {
    onSent(at);
    // Not a moment earlier than the socket takes it, or the progress would be that of a buffer.
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
  // Closed before it drained: whoever waits for the answer hears why.
  await once(request, "drain", { signal: closed.signal }).catch(() => undefined);
  request.off("close", close);
};

const readAnswer = async (response: IncomingMessage): Promise<StoreAnswer> => {
  let text = "";
  response.setEncoding("utf8");
  for await (const piece of response) text += String(piece);
  const header = (name: string) => {
    const value = response.headers[name.toLowerCase()];
    return typeof value === "string" ? value : null;
  };
  return { status: response.statusCode ?? 0, header, text };
};
