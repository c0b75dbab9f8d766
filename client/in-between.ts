import { ProxyError } from "./errors.ts";

/** Of what something on the way may answer: a sign-in page, a proxy's refusal of the size, which smaller parts may pass. */
const PASSES_ON_THE_WAY = new Set([407, 408, 413, 425, 429, 511]);

/**
 * Something on the way has answered in place of whom the request was meant for, as the sign-in page of a network does.
 *
 * @param status 0 if the platform does not tell it, as that of a redirect in browsers
 */
export const answeredInPlace = (
  of: { readonly name: string; readonly errorType: "NOT_THE_STORE" | "NOT_THE_API" },
  status: number,
): ProxyError =>
  new ProxyError({
    source: "network",
    errorType: of.errorType,
    comment: `Something between here and ${of.name} answered in its place${status === 0 ? "" : ` (status ${status})`}.`,
    status: status === 0 ? undefined : status,
    isRetryable: status < 400 || status >= 500 || PASSES_ON_THE_WAY.has(status),
  });
