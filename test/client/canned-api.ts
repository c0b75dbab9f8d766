import { createServer, type IncomingMessage } from "node:http";
import { closeServer, listen } from "../../dev/stack/listen.ts";

/** A response; `reset` resets the connection instead. */
export interface Canned {
  readonly status?: number;
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly reset?: boolean;
}

export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A server that sends these responses one after the other, repeats the last one, and records the requests. */
export const startCannedApi = async (...answers: readonly [Canned, ...Canned[]]) => {
  const requests: SeenRequest[] = [];
  const server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on("data", (chunk: Buffer) => chunks.push(chunk));
    message.on("end", () => {
      const { method = "", url = "", headers } = message;
      const { status = 200, body = {}, headers: extra, reset } = answers[requests.length] ?? answers.at(-1) ?? {};
      requests.push({ method, target: url, headers, body: Buffer.concat(chunks).toString("utf8") });
      if (reset) message.socket.resetAndDestroy();
      else {
        response.writeHead(status, { "content-type": "application/json", ...extra });
        response.end(typeof body === "string" ? body : JSON.stringify(body));
      }
    });
  });
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}`, requests, [Symbol.asyncDispose]: () => closeServer(server) };
};
