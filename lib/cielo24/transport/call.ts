import http from "node:http";
import https from "node:https";
import type { HttpResponse } from "../response.ts";
import { Cielo24Error } from "../errors.ts";
import { readWhatCame } from "./let-io-arrive.ts";
import type { Secret } from "../secret.ts";

/** A request to cielo24. This module and `transfer.ts` are the only ones that put the token into one. */
export interface Call {
  /** Path below `/api/`, for example `job/info`. */
  readonly action: string;
  readonly query: Readonly<Record<string, string>>;
  readonly token?: Secret;
  readonly headers?: Readonly<Record<string, Secret | string>>;
  /** Idle connections may be stale after a freeze: whatever must not be sent twice takes a fresh one. */
  readonly isRepeatable: boolean;
  readonly deadline: number;
}

const MAX_ANSWER_BYTES = 64 * 1024;

/** What we can read. Where no coding is refused, a server may choose any. */
export const ANSWER_HEADERS = { accept: "application/json", "accept-encoding": "identity" } as const;

const REQUEST_TIMEOUT = 408;

const agents = {
  "http:": new http.Agent({ keepAlive: true, timeout: 10_000 }),
  "https:": new https.Agent({ keepAlive: true, timeout: 10_000 }),
};

/** Options of a request to an action. Holds the token: never let it, or an error made of it, leave this folder. */
export const requestOptions = (
  baseUrl: string,
  { action, query, token }: Pick<Call, "action" | "query" | "token">,
): { request: typeof http.request; options: https.RequestOptions; protocol: "http:" | "https:" } => {
  const base = new URL(baseUrl);
  const parameters = new URLSearchParams({ v: "1", ...(token ? { api_token: token.reveal() } : {}), ...query });
  const protocol = base.protocol === "http:" ? "http:" : "https:";
  return {
    request: protocol === "http:" ? http.request : https.request,
    protocol,
    options: {
      hostname: base.hostname.replace(/^\[|\]$/g, ""),
      port: base.port,
      path: `${base.pathname.replace(/\/$/, "")}/api/${action}?${parameters.toString()}`,
    },
  };
};

/**
 * Makes a GET and collects the answer. Redirects are not followed: an answer of 3xx is an answer like any other.
 *
 * @throws {Cielo24Error} UNAVAILABLE on a network fault, TIMED_OUT at the deadline; `isUnsent` where no connection came
 *   about over which anything could have gone out
 */
export const callCielo24 = async (baseUrl: string, call: Call, clock: () => number): Promise<HttpResponse> => {
  const answer = await attempt(baseUrl, call, clock);
  if (answer !== "stale") return answer;
  // It may have gone out over the connection that was stale.
  const fresh = await attempt(baseUrl, { ...call, isRepeatable: false }, clock, { mayBeSent: true });
  if (fresh === "stale") throw new Cielo24Error("UNAVAILABLE");
  return fresh;
};

/** `"stale"`: a kept-alive connection was closed at its other end before it was used again, by a freeze mostly. */
const attempt = async (
  baseUrl: string,
  call: Call,
  clock: () => number,
  { mayBeSent }: { mayBeSent: boolean } = { mayBeSent: false },
): Promise<HttpResponse | "stale"> => {
  // After a freeze, whatever came over a kept connection still lies unread: that it was closed, or an answer to nobody.
  if (call.isRepeatable) await readWhatCame();
  // Late is late: nothing goes out whose answer nobody waits for.
  if (clock() >= call.deadline) throw new Cielo24Error("TIMED_OUT", { isUnsent: !mayBeSent });
  return new Promise((resolve, reject) => {
    const { request: makeRequest, options, protocol } = requestOptions(baseUrl, call);
    const headers = Object.fromEntries(
      Object.entries(call.headers ?? {}).map(([name, value]) => [
        name,
        typeof value === "string" ? value : value.reveal(),
      ]),
    );
    const request = makeRequest({
      ...options,
      method: "GET",
      headers: { ...ANSWER_HEADERS, ...headers },
      agent: call.isRepeatable ? agents[protocol] : false,
    });
    let isAnswering = false;
    let isUnsent = !mayBeSent;
    // Node keeps what is written until the connection is there, and with TLS until the certificate was found good:
    // destroyed before, the socket sends none of it.
    request.on("socket", (socket) => {
      if (request.reusedSocket) isUnsent = false;
      else socket.once(protocol === "http:" ? "connect" : "secureConnect", () => (isUnsent = false));
    });
    const fail = (code: "TIMED_OUT" | "UNAVAILABLE") => {
      clearTimeout(timer);
      request.destroy();
      // Without a cause: Node's errors may carry the URL.
      reject(new Cielo24Error(code, { isUnsent }));
    };
    const timer = setTimeout(
      () => {
        fail("TIMED_OUT");
      },
      Math.max(call.deadline - clock(), 0),
    );
    const beStale = () => {
      clearTimeout(timer);
      resolve("stale");
    };
    // An answer that is being read tells more than an error behind it. A connection may also close without any error.
    for (const event of ["error", "close"])
      request.on(event, () => {
        if (isAnswering) return;
        if (request.reusedSocket) beStale();
        else fail("UNAVAILABLE");
      });
    request.on("response", (response) => {
      isAnswering = true;
      collectAnswer(response).then(
        (answer) => {
          // A server that tires of waiting for the next request says so, to whatever comes then.
          if (answer.status === REQUEST_TIMEOUT && request.reusedSocket) {
            beStale();
            return;
          }
          clearTimeout(timer);
          resolve(answer);
        },
        () => {
          fail("UNAVAILABLE");
        },
      );
    });
    request.end();
  });
};

/** The whole answer, cut at 64 KiB. Rejects when it breaks off. */
export const collectAnswer = async (response: http.IncomingMessage): Promise<HttpResponse> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (size < MAX_ANSWER_BYTES) chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) break;
  }
  if (!response.complete && size <= MAX_ANSWER_BYTES) throw new Error("The answer broke off");
  return {
    status: response.statusCode ?? 0,
    body: Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString("utf8"),
    retryAfter: response.headers["retry-after"],
  };
};
