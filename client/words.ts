/**
 * How sizes and shares are put into words for people: the page and the command line do it alike, and as Uppy's Dashboard
 * does, which cannot be told otherwise and stands beside the page's own numbers.
 */

const UNITS = ["B", "KB", "MB", "GB", "TB"] as const;
/** From gigabytes on, a whole number would be too rough. */
const FINE_FROM_POWER = 3;

/** `817 B`, `6.7 KB`, `293 KB`, `1.50 GB`. A unit is 1024 of the one before. */
export const formatBytes = (bytes: number): string => {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  const value = bytes / 1024 ** power;
  const digits = power >= FINE_FROM_POWER ? 2 : value >= 10 ? 0 : 1;
  return `${Number.isInteger(value) ? String(value) : value.toFixed(digits)} ${UNITS[power] ?? ""}`;
};

/** `10 MB of 12 MB` */
export const formatBytesOf = (doneBytes: number, totalBytes: number): string =>
  `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;

/** `47%`, of a share from 0 to 1. */
export const formatPercent = (share: number): string => `${Math.round(Math.min(Math.max(share, 0), 1) * 100)}%`;
