/** A growing list of whole numbers of 32 bits: explorations hold tens of millions. */
export interface IntList {
  readonly length: number;
  push(value: number): void;
  at(index: number): number;
}

export const createIntList = (): IntList => {
  let values = new Int32Array(1024);
  let length = 0;
  return {
    get length() {
      return length;
    },
    push: (value) => {
      if (length === values.length) {
        const more = new Int32Array(length * 2);
        more.set(values);
        values = more;
      }
      values[length++] = value;
    },
    at: (index) => values[index] ?? 0,
  };
};
