import { channel } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";

/** Secrets that any client sent over HTTP to a server in this process: nothing may print them. */
export interface Wire {
  /** By name; only what is random enough to be told from other text. */
  readonly secrets: () => Readonly<Record<string, string>>;
  readonly stop: () => void;
}

/** So many of a kind are kept, the newest. */
const MAX_OF_A_KIND = 60;
const started = channel("http.server.request.start");

/**
 * Learns the secrets of a test from the requests that its simulators get: the token in cielo24's query, the credentials
 * in the headers of a login, signatures of presigned URLs and of bearer tokens, capabilities in paths.
 */
export const watchWire = (): Wire => {
  const kinds = new Map<string, Set<string>>();
  const learn = (kind: string, value: string | undefined): void => {
    if (value === undefined || !isRandom(value)) return;
    const known = kinds.get(kind) ?? new Set<string>();
    kinds.set(kind, known.add(value));
    if (known.size > MAX_OF_A_KIND) known.delete([...known][0] ?? "");
  };
  const onRequest = (message: unknown): void => {
    const { request } = message as { request: IncomingMessage };
    const url = URL.parse(request.url ?? "/", "http://localhost");
    // A test may send what is no URL at all.
    if (!url) return;
    const { searchParams, pathname } = url;
    learn("api_token", searchParams.get("api_token") ?? undefined);
    learn("signature of a presigned URL", searchParams.get("X-Amz-Signature") ?? undefined);
    learn("session token", searchParams.get("X-Amz-Security-Token") ?? undefined);
    learn("capability", /^\/media\/[0-9a-f]{32}\.([0-9a-f]{32})\//.exec(pathname)?.[1]);
    for (const name of ["securekey", "password"]) learn(name, request.headers[`x-auth-${name}`]?.toString());
    learn("bearer token", /^Bearer .*\.([\w-]+)$/.exec(request.headers.authorization ?? "")?.[1]);
  };
  started.subscribe(onRequest);
  return {
    secrets: () =>
      Object.fromEntries(
        [...kinds].flatMap(([kind, values]) => [...values].map((value, index) => [`${kind} ${index + 1}`, value])),
      ),
    stop: () => {
      started.unsubscribe(onRequest);
    },
  };
};

const MIN_LENGTH = 12;
const MIN_DIFFERENT = 8;

/** Tests use "fff…" and the like for tokens that play no part; those are in ids, too. */
export const isRandom = (value: string): boolean =>
  value.length >= MIN_LENGTH && new Set(value).size >= MIN_DIFFERENT && /\d/.test(value);
