/** Median, least and most, as text: `1.2 (0.9–1.4)`. */
export const spread = (numbers: readonly number[], digits = 1): string => {
  const [middle, least, most] = [median(numbers), Math.min(...numbers), Math.max(...numbers)].map((each) =>
    each.toFixed(digits),
  );
  return `${middle} (${least}–${most})`;
};

/** Of an even number, the mean of the two in the middle; of none, NaN. */
export const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
};
