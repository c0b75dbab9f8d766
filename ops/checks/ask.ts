import { OpsError } from "../outcome.ts";

/** Longer than the API takes for any answer. */
const PATIENCE_MS = 35_000;

/** Calls the API. @throws {OpsError} if it cannot be reached, without the path, which may be a secret */
export const ask = async (url: string, init: RequestInit = {}): Promise<Response> => {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch (error) {
    const { cause, message } = error as Error & { readonly cause?: { readonly code?: string } };
    throw new OpsError(
      "unavailable",
      cause?.code ?? "NETWORK",
      `${new URL(url).origin} cannot be reached: ${message}`,
      "Check the connection, and whether the API still has this address.",
    );
  }
};
