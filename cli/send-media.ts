import type { ClientRequest } from "node:http";
import type { SendMedia } from "../client/index.ts";
import type { Exchange } from "./http.ts";

/**
 * Sends media as it is read, and reports how much has been sent. `fetch` does not, and when it is given a stream that would,
 * it hangs if the store refuses before it has received the whole body.
 */
export const createSendMedia =
  (exchange: Exchange): SendMedia =>
  ({ url, headers, body, onSent, signal }) => {
    const sizeBytes = body instanceof Uint8Array ? body.byteLength : body.size;
    return exchange(
      url,
      { method: "PUT", headers: { ...headers, "content-length": String(sizeBytes) }, signal },
      async (request) => {
        let sentBytes = 0;
        const pieces: AsyncIterable<Uint8Array> | Uint8Array[] = body instanceof Uint8Array ? [body] : body.stream();
        for await (const piece of pieces) {
          if (request.destroyed) return;
          await write(request, piece);
          sentBytes += piece.byteLength;
          // All of it is out only once the request has finished.
          if (sentBytes < sizeBytes) onSent(sentBytes);
        }
        request.end(() => {
          onSent(sizeBytes);
        });
      },
    );
  };

/**
 * Waits until the system has taken the bytes, or this would report the progress of a buffer, and their source could not use
 * its memory again. If the request ends before, the promise of the answer rejects with the reason.
 */
const write = (request: ClientRequest, piece: Uint8Array): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      request.off("close", done);
      resolve();
    };
    request.once("close", done);
    request.write(piece, done);
  });
