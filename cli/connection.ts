import { createClient, type Client, type ProxyError } from "../client/index.ts";
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

/** A question is repeated for some seconds, an upload or a watch for minutes. */
const PATIENCE_MS = { short: 5_000, long: 10 * 60_000 } as const;
export type Patience = keyof typeof PATIENCE_MS;
/** Shorter pauses are not worth a note. */
const NOTED_PAUSE_MS = 2_000;

/**
 * @param patience how long temporary failures are repeated
 * @param note tells the person about them
 * @param signal ends a token command that is running
 * @throws {UsageError}
 */
export const connect = (
  options: ConnectionOptions,
  env: Readonly<Record<string, string | undefined>>,
  {
    patience,
    note,
    signal,
  }: { readonly patience: Patience; readonly note: (text: string) => void; readonly signal: AbortSignal },
): Connection => {
  const baseUrl = options.url ?? env["CIELO24_PROXY_URL"];
  if (!baseUrl) throw new UsageError("There is no address: set CIELO24_PROXY_URL, or give --url URL.");
  let quietUntil = 0;
  const repeats = {
    patienceMs: PATIENCE_MS[patience],
    onRepeat: ({ comment }: ProxyError, pauseMs: number) => {
      // Parts that are sent at the same time fail at the same time; one line is enough.
      if (pauseMs < NOTED_PAUSE_MS || Date.now() < quietUntil) return;
      quietUntil = Date.now() + pauseMs;
      note(`${comment} Trying again in ${Math.ceil(pauseMs / 1000)} s.`);
    },
  };
  return { baseUrl, client: createClient({ baseUrl, token: chooseToken(options, env, signal), sendMedia, repeats }) };
};
