import { once } from "node:events";
import { request as httpRequest, type Agent, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

export interface RawRequest {
  readonly method?: string;
  /** What the request line says in place of the URL's path and query. */
  readonly target?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends a request as it stands; nothing is added but `host` and the length. */
export const sendRaw = async (
  url: string,
  { method = "GET", target, headers = {}, body }: RawRequest = {},
  agent: Agent | false = false,
): Promise<RawAnswer> => {
  const hasLength = body !== undefined && !("transfer-encoding" in headers);
  const request = httpRequest(url, {
    method,
    agent,
    headers: { ...headers, ...(hasLength ? { "content-length": Buffer.byteLength(body) } : {}) },
    ...(target === undefined ? {} : { path: target }),
  });
  request.end(body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
};
