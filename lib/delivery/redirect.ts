import type { Row, Write } from "./machine/row.ts";

/**
 * FINALIZING stays: a GET of the capability URL is about to be redirected, so from here on cielo24 may read the object. By
 * media-source, which holds no claim: the capability names the hand-over that it speaks of.
 */
export const recordRedirect = (row: Row): Write => ({
  if: {
    state: ["FINALIZING"],
    fence: row.fence,
    ...(row.capability === undefined ? {} : { capability: row.capability }),
  },
  set: { redirected: true },
});
