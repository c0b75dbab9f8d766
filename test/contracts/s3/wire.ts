import { once } from "node:events";
import http, { type IncomingHttpHeaders, type IncomingMessage } from "node:http";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The code of S3's error XML. */
  readonly code: string | undefined;
}

export interface Sending {
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: Uint8Array | string;
}

/**
 * One request on a connection of its own, with the path exactly as the URL has it: URL parsers take `..` away.
 * An answer counts, even if the server closes the connection before the body is sent.
 */
export const send = async (method: string, url: string, { headers = {}, body }: Sending = {}) => {
  const [, hostname = "", port, path = "/"] = /^http:\/\/([^/:]+):(\d+)(.*)$/.exec(url) ?? [];
  const request = http.request({ method, hostname, port, path, headers, agent: false });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.on("response", resolve);
    request.on("error", reject);
  });
  request.end(body);
  const response = await answered;
  const chunks: Uint8Array[] = [];
  response.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  await once(response, "end");
  return understand(response, Buffer.concat(chunks));
};

const understand = ({ statusCode = 0, headers }: IncomingMessage, body: Buffer): Answer => ({
  status: statusCode,
  headers,
  body,
  code: /<Error[^>]*>.*<Code>(\w+)<\/Code>/s.exec(body.toString())?.[1],
});
