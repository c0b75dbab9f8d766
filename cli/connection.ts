import { createClient, type Client, type ProxyError } from "../client/index.ts";
import { createHttp } from "./http.ts";
import { chooseProxy } from "./http-proxy.ts";
import { UsageError } from "./outcome.ts";
import { createSendMedia } from "./send-media.ts";
import { chooseToken, type TokenOptions } from "./token.ts";

export interface ConnectionOptions extends TokenOptions {
  readonly url?: string | undefined;
}

/** Ends its connections when it is disposed of. */
export interface Connection extends Disposable {
  readonly baseUrl: string;
  readonly client: Client;
}

/** A question is repeated for some seconds, an upload or a watch for minutes. */
const PATIENCE_MS = { short: 10_000, long: 10 * 60_000 } as const;
export type Patience = keyof typeof PATIENCE_MS;
/** Shorter pauses are not worth a note. */
const NOTED_PAUSE_MS = 2_000;

/**
 * @param patience how long temporary failures are repeated while nothing arrives
 * @param note tells the person about them. Not for what tells of its waiting by itself, as uploads do
 * @param signal ends a token command that is running
 * @throws {UsageError}
 * @throws {ProxyError} if there is no token, or the address is none
 */
export const connect = (
  options: ConnectionOptions,
  env: Readonly<Record<string, string | undefined>>,
  {
    patience,
    note = () => undefined,
    signal,
  }: { readonly patience: Patience; readonly note?: (text: string) => void; readonly signal: AbortSignal },
): Connection => {
  const baseUrl = options.url ?? env["CIELO24_PROXY_URL"];
  if (!baseUrl) throw new UsageError("There is no address: set CIELO24_PROXY_URL, or give --url URL.");
  const http = createHttp(env);
  const client = createClient({
    baseUrl,
    token: chooseToken(options, env, signal),
    fetch: http.fetch,
    sendMedia: createSendMedia(http.exchange),
    repeats: {
      patienceMs: PATIENCE_MS[patience],
      onRepeat: ({ comment }: ProxyError, pauseMs: number) => {
        if (pauseMs >= NOTED_PAUSE_MS) note(`${comment} Trying again in ${Math.ceil(pauseMs / 1000)} s.`);
      },
    },
  });
  // A proxy's address that is none is better told before anything else happens.
  chooseProxy(new URL(baseUrl), env);
  return { baseUrl, client, [Symbol.dispose]: http[Symbol.dispose] };
};
