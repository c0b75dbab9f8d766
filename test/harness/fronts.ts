import { afterEach } from "@jest/globals";
import { createServer, request as ask, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { closeServer, listen } from "../../dev/stack/listen.ts";

interface Habits {
  /** Answers a request in place of the server behind. */
  readonly answer?: (asked: IncomingMessage) => { status: number; headers: Record<string, string> } | undefined;
  /** Changes the head of an answer. */
  readonly change?: (asked: IncomingMessage, headers: IncomingHttpHeaders) => IncomingHttpHeaders;
}

/** HTTP servers in front of others, for misbehaviour that those do not know. They are closed after each test. */
export const useFronts = () => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  /** @returns its URL, and the requests that came */
  const start = async (url: string, { answer, change = (_asked, headers) => headers }: Habits) => {
    const asked: IncomingMessage[] = [];
    const server = createServer((incoming, response) => {
      asked.push(incoming);
      const made = answer?.(incoming);
      if (made) {
        response.writeHead(made.status, { ...made.headers, connection: "close" }).end();
        return;
      }
      const { method, headers, url: path } = incoming;
      const onward = ask(new URL(url), { method, headers, path, agent: false }, (answered) => {
        response.writeHead(answered.statusCode ?? 502, change(incoming, answered.headers));
        answered.on("error", () => response.destroy()).pipe(response);
      });
      onward.on("error", () => response.destroy());
      incoming.pipe(onward);
    });
    closers.push(() => closeServer(server));
    return { url: `http://127.0.0.1:${await listen(server)}`, asked };
  };
  return { start };
};
