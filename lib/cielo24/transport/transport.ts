import http from "node:http";
import https from "node:https";
import { Cielo24Error, type MediaTransfer, type TransferLimits } from "../api.ts";
import type { Secret } from "../credentials.ts";
import type { HttpResponse } from "../response.ts";
import { letIoArrive, openEarlyConnection } from "./own-connection.ts";
import { beginRequest, collectResponse, isTls, type Cielo24Request } from "./request.ts";
import { createTransfer, type TransferRequest } from "./transfer.ts";

/** HTTP to one cielo24. README.md says what it guarantees. */
export interface Transport {
  /** @throws {Cielo24Error} UNAVAILABLE or TIMED_OUT */
  get(request: GetRequest): Promise<HttpResponse>;
  /** Prepares the POST of one body to `add_media`. Sends nothing yet. */
  openTransfer(request: TransferRequest, limits: TransferLimits): MediaTransfer;
  /** Opens a connection for the first transfer that is opened with it. */
  connect(): { readonly openTransfer: Transport["openTransfer"]; readonly close: () => Promise<void> };
}

/** @param parts.clock milliseconds since the epoch */
export const createTransport = (parts: { baseUrl: string; clock: () => number }): Transport => {
  const { clock } = parts;
  const baseUrl = new URL(parts.baseUrl);
  return {
    get: (request) => get(baseUrl, request, clock),
    openTransfer: (request, limits) => createTransfer({ ...request, ...limits, baseUrl, clock }),
    connect: () => {
      const early = openEarlyConnection(baseUrl);
      return {
        openTransfer: (request, limits) => createTransfer({ ...request, ...limits, baseUrl, clock, early }),
        close: early.close,
      };
    },
  };
};

/** A GET to cielo24. */
interface GetRequest extends Cielo24Request {
  readonly headers?: Readonly<Record<string, Secret | string>>;
  /** Pooled connections may be dead after a Lambda freeze. A request that must not be sent twice uses a new one. */
  readonly isRepeatable: boolean;
  /** Clock time (ms since the epoch). */
  readonly deadline: number;
}

const REQUEST_TIMEOUT = 408;

const POOLED = { keepAlive: true, timeout: 10_000 };
const httpPool = new http.Agent(POOLED);
const httpsPool = new https.Agent(POOLED);

/**
 * Makes a GET and collects the response. Redirects are not followed: a 3xx is a response like any other.
 *
 * @throws {Cielo24Error} UNAVAILABLE on a network fault, TIMED_OUT at the deadline; `isUnsent` if no connection was
 *   opened over which the request could have been sent
 */
const get = async (baseUrl: URL, request: GetRequest, clock: () => number): Promise<HttpResponse> => {
  const response = await attempt(baseUrl, request, clock);
  if (response !== "stale") return response;
  // The first attempt may have been sent over the stale connection.
  const second = await attempt(baseUrl, { ...request, isRepeatable: false }, clock, { mayBeSent: true });
  if (second === "stale") throw new Cielo24Error("UNAVAILABLE");
  return second;
};

/** Resolves with `"stale"` if the server had closed a pooled connection before it was used again. */
const attempt = async (
  baseUrl: URL,
  { headers = {}, isRepeatable, deadline, ...call }: GetRequest,
  clock: () => number,
  { mayBeSent = false } = {},
): Promise<HttpResponse | "stale"> => {
  // After a Lambda freeze, a pooled socket may hold an unread FIN or a late response. Node must read it before the
  // socket is used again.
  if (isRepeatable) await letIoArrive();
  // Do not send a request whose deadline has already passed.
  if (clock() >= deadline) throw new Cielo24Error("TIMED_OUT", { isUnsent: !mayBeSent });
  const revealed = Object.entries(headers).map(([name, value]) => [
    name,
    typeof value === "string" ? value : value.reveal(),
  ]);
  const request = beginRequest(baseUrl, call, {
    method: "GET",
    agent: isRepeatable && (isTls(baseUrl) ? httpsPool : httpPool),
    headers: Object.fromEntries(revealed) as Record<string, string>,
  });
  const { promise: result, resolve, reject } = Promise.withResolvers<HttpResponse | "stale">();
  let isUnsent = !mayBeSent;
  let hasResponse = false;
  const fail = (code: "TIMED_OUT" | "UNAVAILABLE") => {
    request.destroy();
    // Without a cause: Node's errors may contain the URL.
    reject(new Cielo24Error(code, { isUnsent }));
  };
  const timer = setTimeout(fail, Math.max(deadline - clock(), 0), "TIMED_OUT");
  // Node buffers a request until the connection is open, and over TLS until the certificate has been verified. If the
  // socket is destroyed before that, nothing has been sent.
  request.on("socket", (socket) => {
    if (request.reusedSocket) isUnsent = false;
    else socket.once(isTls(baseUrl) ? "secureConnect" : "connect", () => (isUnsent = false));
  });
  // A response that is being read says more than an error after it. A connection may also close without any error.
  for (const event of ["error", "close"])
    request.on(event, () => {
      if (hasResponse) return;
      if (request.reusedSocket) resolve("stale");
      else fail("UNAVAILABLE");
    });
  request.on("response", (message) => {
    hasResponse = true;
    collectResponse(message).then(
      (response) => {
        // A server that timed out an idle connection may send its 408 in reply to the next request.
        resolve(response.status === REQUEST_TIMEOUT && request.reusedSocket ? "stale" : response);
      },
      () => {
        fail("UNAVAILABLE");
      },
    );
  });
  request.end();
  try {
    return await result;
  } finally {
    clearTimeout(timer);
  }
};
