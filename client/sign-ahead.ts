import type { Clock } from "./clock.ts";
import type { SignedRequest } from "./sign-upload.ts";
import { SIGNATURE_TRUSTED_MS } from "./storage.ts";

/** Parts that take longer than this are signed when they are sent: nothing is to be signed that is not sent soon. */
const SOON_MS = 60_000;

/** Signs parts ahead, so that a connection need not stand idle for a round trip between two parts. */
export const createSignAhead = ({ now }: Clock, sign: (partNumber: number) => Promise<SignedRequest>) => {
  const ahead = new Map<number, { readonly signed: Promise<SignedRequest | undefined>; readonly at: number }>();
  let tookMs = Infinity;
  return {
    /** A part has been stored in this time: it tells how long the others will take. */
    took: (ms: number) => {
      tookMs = ms;
    },
    /** @param partNumbers those that come next */
    signNext: (partNumbers: readonly number[]) => {
      if (tookMs > SOON_MS) return;
      for (const partNumber of partNumbers)
        if (!ahead.has(partNumber))
          ahead.set(partNumber, {
            at: now(),
            // The part signs for itself then, and tells what is wrong.
            signed: sign(partNumber).catch(() => undefined),
          });
    },
    /** Signs the part, unless that was done ahead. */
    sign: async (partNumber: number): Promise<SignedRequest> => {
      const found = ahead.get(partNumber);
      ahead.delete(partNumber);
      const signed = found && now() - found.at <= SIGNATURE_TRUSTED_MS ? await found.signed : undefined;
      return signed ?? sign(partNumber);
    },
  };
};
