import { once } from "node:events";
import { request as httpRequest, type Agent, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import type { FuzzRequest } from "../fuzz/case.ts";
import type { WireAnswer } from "../fuzz/judge.ts";

/** Sends a request as it stands; nothing is added but `host` and the length. */
export const sendWire = async (
  apiUrl: string,
  { method, target, headers, body }: FuzzRequest,
  agent: Agent,
): Promise<WireAnswer> => {
  const { hostname, port } = new URL(apiUrl);
  const request = httpRequest({
    hostname,
    port,
    method,
    path: target,
    agent,
    headers: { ...headers, ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }) },
  });
  request.end(body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
};
