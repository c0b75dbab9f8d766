import { afterEach } from "@jest/globals";
import { createServer, request as ask, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { closeServer, listen } from "../../dev/stack/listen.ts";

/** An answer that the server behind knows nothing of. */
interface Made {
  readonly status: number;
  readonly headers: Record<string, string>;
  /** With a body, it comes once the request was read to its end; without one, at once. */
  readonly body?: string;
}

export interface Habits {
  /** Answers a request in place of the server behind. */
  readonly answer?: (asked: IncomingMessage) => Made | undefined;
  /** Changes the head of an answer. */
  readonly change?: (asked: IncomingMessage, headers: IncomingHttpHeaders) => IncomingHttpHeaders;
  /** Whether an answer gets lost: the server behind has acted, and the connection is reset. */
  readonly loses?: (asked: IncomingMessage) => boolean;
}

/**
 * An HTTP server in front of another one, for misbehaviour that that one does not know.
 *
 * @returns its URL, and the requests that came
 */
export const startFront = async (
  url: string,
  { answer, change = (_asked, headers) => headers, loses = () => false }: Habits,
) => {
  const asked: IncomingMessage[] = [];
  const server = createServer((incoming, response) => {
    asked.push(incoming);
    const made = answer?.(incoming);
    if (made) {
      const respond = () => response.writeHead(made.status, { ...made.headers, connection: "close" }).end(made.body);
      if (made.body === undefined) respond();
      else incoming.on("end", respond).resume();
      return;
    }
    const { method, headers, url: path } = incoming;
    const onward = ask(new URL(url), { method, headers, path, agent: false }, (answered) => {
      if (loses(incoming)) {
        answered.resume().on("end", () => incoming.socket.resetAndDestroy());
        return;
      }
      response.writeHead(answered.statusCode ?? 502, change(incoming, answered.headers));
      answered.on("error", () => response.destroy()).pipe(response);
    });
    onward.on("error", () => response.destroy());
    incoming.pipe(onward);
  });
  return { url: `http://127.0.0.1:${await listen(server)}`, asked, close: () => closeServer(server) };
};

/** Fronts that are closed after each test. */
export const useFronts = () => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });
  const start = async (url: string, habits: Habits) => {
    const front = await startFront(url, habits);
    closers.push(front.close);
    return front;
  };
  return { start };
};
