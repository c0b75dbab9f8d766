import type { MediaTransfer, TransferLimits } from "../api.ts";
import type { HttpResponse } from "../response.ts";
import { get, type GetRequest } from "./get.ts";
import { createTransfer, type TransferRequest } from "./transfer.ts";

/** HTTP to one cielo24. README.md says what it guarantees. */
export interface Transport {
  /** @throws {Cielo24Error} UNAVAILABLE or TIMED_OUT */
  get(request: GetRequest): Promise<HttpResponse>;
  /** Prepares the POST of one body to `add_media`. Sends nothing yet. */
  openTransfer(request: TransferRequest, limits: TransferLimits): MediaTransfer;
}

/** @param parts.clock milliseconds since the epoch */
export const createTransport = (parts: { baseUrl: string; clock: () => number }): Transport => {
  const { clock } = parts;
  const baseUrl = new URL(parts.baseUrl);
  return {
    get: (request) => get(baseUrl, request, clock),
    openTransfer: (request, limits) => createTransfer({ ...request, ...limits, baseUrl, clock }),
  };
};
