/**
 * The states that were seen, by 64 bits of hash instead of their whole text: millions fit into memory. Two states that
 * share a hash would be taken for one; among 10 million that has a chance of 3 in a million.
 */
export interface KnownStates {
  readonly size: number;
  /** The number of the state; -1 if it is new, after it was given the next number. */
  find(text: string): number;
}

export const createKnownStates = (): KnownStates => {
  let capacity = 1 << 16;
  let high = new Int32Array(capacity);
  let low = new Int32Array(capacity);
  /** The state's number plus one; 0 is a free place. */
  let numbers = new Int32Array(capacity);
  let size = 0;

  const place = (a: number, b: number): number => {
    const mask = capacity - 1;
    let at = (a ^ (b << 1)) & mask;
    while (numbers[at] !== 0 && (high[at] !== a || low[at] !== b)) at = (at + 1) & mask;
    return at;
  };
  const grow = (): void => {
    const [oldHigh, oldLow, oldNumbers] = [high, low, numbers];
    capacity *= 2;
    high = new Int32Array(capacity);
    low = new Int32Array(capacity);
    numbers = new Int32Array(capacity);
    for (let from = 0; from < oldNumbers.length; from += 1) {
      if (oldNumbers[from] === 0) continue;
      const [a, b] = [oldHigh[from] ?? 0, oldLow[from] ?? 0];
      const to = place(a, b);
      high[to] = a;
      low[to] = b;
      numbers[to] = oldNumbers[from] ?? 0;
    }
  };

  return {
    get size() {
      return size;
    },
    find: (text) => {
      let a = 0x243f6a88;
      let b = 0x13198a2e;
      for (let index = 0; index < text.length; index += 1) {
        const code = text.charCodeAt(index);
        a = Math.imul(a ^ code, 0x01000193);
        b = Math.imul(b ^ code, 0x85ebca6b) ^ (b >>> 13);
      }
      a = scatter(a ^ text.length);
      b = scatter(b);
      const at = place(a, b);
      const number = numbers[at] ?? 0;
      if (number !== 0) return number - 1;
      high[at] = a;
      low[at] = b;
      numbers[at] = size += 1;
      if (size * 2 > capacity) grow();
      return -1;
    },
  };
};

/** Lets every bit of the input change every bit of the output. */
const scatter = (hash: number): number => {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x7feb352d);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) | 0;
};
