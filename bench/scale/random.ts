/** Random numbers that are the same for the same seed: Mulberry32. */
export const createRandom = (seed: number) => {
  let state = seed >>> 0;
  const bits = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const uniform = () => (bits() + 0.5) / 2 ** 32;
  return {
    bits,
    /** With a mean of 1. */
    exponential: () => -Math.log(uniform()),
    /** Normal, of mean 0 and deviation 1. */
    normal: () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
};

/** A source of random numbers that gives the same ones for the same seed. */
export type Random = ReturnType<typeof createRandom>;
