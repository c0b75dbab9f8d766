import { createClient, type Client } from "../client/index.ts";
import { UsageError } from "./outcome.ts";
import { sendMedia } from "./send-media.ts";
import { chooseToken, type TokenOptions } from "./token.ts";

export interface ConnectionOptions extends TokenOptions {
  readonly url?: string | undefined;
}

export interface Connection {
  readonly baseUrl: string;
  readonly client: Client;
}

/** @throws {UsageError} */
export const connect = (options: ConnectionOptions, env: Readonly<Record<string, string | undefined>>): Connection => {
  const baseUrl = options.url ?? env["CIELO24_PROXY_URL"];
  if (!baseUrl) throw new UsageError("There is no address: set CIELO24_PROXY_URL, or give --url URL.");
  return { baseUrl, client: createClient({ baseUrl, token: chooseToken(options, env), sendMedia }) };
};
