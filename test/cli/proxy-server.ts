import { createServer, request as ask } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { closeServer, listen } from "../../dev/stack/listen.ts";

interface ProxyOptions {
  /** `name:password` that it insists on. */
  readonly credentials?: string;
  /** Answers every request itself, with this status; or never, where that is 0. */
  readonly answers?: number;
}

/** An HTTP proxy as companies have it: tunnels for https (CONNECT), and requests for http with the whole URL. */
export const startProxy = async ({ credentials, answers }: ProxyOptions = {}) => {
  /** What was asked of it: the method and the target. */
  const asked: string[] = [];
  const open = new Set<Duplex>();
  /** The status in place of what was asked for; 0 stands for none at all. */
  const refusalOf = (header: string | undefined): number | undefined => {
    if (answers !== undefined) return answers;
    const expected = credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString("base64")}`;
    return header === expected ? undefined : 407;
  };
  const server = createServer((incoming, response) => {
    const { method = "", url = "", headers } = incoming;
    asked.push(`${method} ${url.split("?")[0] ?? ""}`);
    const refusal = refusalOf(headers["proxy-authorization"]);
    if (refusal === 0) return;
    if (refusal !== undefined) {
      response.writeHead(refusal, { connection: "close" }).end();
      return;
    }
    delete headers["proxy-authorization"];
    const onward = ask(url, { method, headers, agent: false }, (answered) => {
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(response);
    });
    onward.on("error", () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502, { "content-type": "text/html" }).end("<html><title>Bad Gateway</title></html>");
    });
    incoming.pipe(onward);
  });
  server.on("connect", ({ url = "", headers }, near) => {
    open.add(near);
    near.on("error", () => undefined).on("close", () => open.delete(near));
    asked.push(`CONNECT ${url}`);
    const refusal = refusalOf(headers["proxy-authorization"]);
    if (refusal === 0) return;
    if (refusal !== undefined) {
      near.end(`HTTP/1.1 ${refusal} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const { hostname, port } = new URL(`http://${url}`);
    const far = connect(Number(port), hostname, () => {
      near.write("HTTP/1.1 200 Connection established\r\n\r\n");
      near.pipe(far).pipe(near);
    });
    far.on("error", () => near.destroy());
    near.on("close", () => far.destroy());
  });
  const port = await listen(server);
  return {
    host: `127.0.0.1:${port}`,
    asked,
    [Symbol.asyncDispose]: () => {
      // The server does not count tunnels among its connections, but waits for them.
      for (const tunnel of open) tunnel.destroy();
      return closeServer(server);
    },
  };
};
