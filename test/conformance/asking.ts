import { randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createAccount } from "../../conformance/account.ts";
import { ask, type Result } from "../../conformance/ask.ts";
import { createHttp } from "../../conformance/http.ts";
import { serveMediaUrl } from "../../conformance/media-url.ts";
import { QUESTIONS } from "../../conformance/questions.ts";
import { makeTone } from "../../conformance/sample.ts";
import type { Facts } from "../../dev/cielo24/facts.ts";
import { startCielo24, type Cielo24Simulator } from "../../dev/cielo24/server.ts";
import { Secret } from "../../lib/cielo24/credentials.ts";
import { freePort } from "./free-port.ts";

/** An account at a simulated cielo24. */
export const newAccount = () => ({
  username: "someone at a school",
  securekey: randomBytes(16).toString("hex"),
  password: randomBytes(16).toString("hex"),
});

interface Simulated {
  /** What the simulated cielo24 does. */
  readonly facts?: Facts;
  /** The questions to ask. All by default. */
  readonly only?: readonly string[];
  readonly by?: "securekey" | "password" | "token";
  /** Called before the first question. */
  readonly prepare?: (simulator: Cielo24Simulator, owner: ReturnType<typeof newAccount>) => void;
}

/** Asks the simulated cielo24 over real HTTP, in virtual time, with a URL of media that the questions serve. */
export const askSimulator = async ({ facts, only, by = "securekey", prepare }: Simulated) => {
  let now = Date.UTC(2026, 0, 1);
  const clock = () => now;
  const owner = newAccount();
  await using open = new AsyncDisposableStack();
  const simulator = await startCielo24({ accounts: [owner], clock, ...(facts ? { facts } : {}) });
  open.defer(simulator.close);
  prepare?.(simulator, owner);
  const port = await freePort();
  const mediaUrl = await serveMediaUrl(`http://127.0.0.1:${port}`, port, makeTone(660));
  open.defer(mediaUrl.close);
  const { signal } = new AbortController();
  const account = createAccount({
    http: createHttp({ baseUrl: simulator.url, clock, signal }),
    credentials:
      by === "token"
        ? { kind: "token", token: new Secret(await logIn(simulator, owner)) }
        : { kind: "login", username: owner.username, by, secret: new Secret(owner[by]) },
    secretUrl: mediaUrl.url,
  });
  const shown: Result[] = [];
  const { results, facts: found } = await ask({
    account,
    questions: QUESTIONS.filter(({ id }) => only?.includes(id) ?? true),
    isLong: true,
    signal,
    clock,
    sleep: async (ms) => {
      now += ms;
      await nextTurn();
    },
    progress: () => undefined,
    agrees: () => Promise.resolve(true),
    mediaUrl,
    onResult: (result) => shown.push(result),
  });
  const [first] = results;
  if (!first) throw new Error("There is no such question");
  return {
    results,
    first,
    shown,
    facts: found,
    simulator,
    secrets: [owner.securekey, ...simulator.issuedTokens],
    owner,
  };
};

const logIn = async ({ url }: Cielo24Simulator, { username, securekey }: ReturnType<typeof newAccount>) => {
  const headers = { "x-auth-user": username, "x-auth-securekey": securekey };
  const response = await fetch(`${url}/api/account/login?v=1`, { headers });
  return ((await response.json()) as { readonly ApiToken: string }).ApiToken;
};
