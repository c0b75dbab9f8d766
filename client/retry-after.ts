/** A Retry-After header in ms; undefined if it gives no number of seconds. */
export const readRetryAfter = (header: string | null): number | undefined => {
  const seconds = Number(header ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
};
