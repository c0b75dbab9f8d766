import { closest, distance } from "fastest-levenshtein";

/** The one of the words that was probably meant, in whatever case; `undefined` if half of its letters are others. */
export const meant = (word: string, words: readonly string[]): string | undefined => {
  const lower = word.toLowerCase();
  const found = closest(
    lower,
    words.map((each) => each.toLowerCase()),
  );
  const best = words.find((each) => each.toLowerCase() === found);
  if (best === undefined || distance(lower, found) > Math.max(lower.length, found.length) / 2) return undefined;
  return best;
};

/** The number that differs least from another; of two, the larger one. */
export const nearestNumber = (wanted: number, numbers: readonly number[]): number | undefined =>
  numbers.toSorted((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted) || b - a)[0];
