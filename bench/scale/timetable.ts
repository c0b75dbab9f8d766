/** Things in the order of their times: a binary heap. */
export const createTimetable = <T>() => {
  const heap: { readonly at: number; readonly thing: T }[] = [];
  const timeOf = (index: number) => heap[index]?.at ?? Infinity;

  return {
    get size() {
      return heap.length;
    },
    /** Infinity if there is none. */
    nextAt: () => timeOf(0),
    add: (at: number, thing: T) => {
      const entry = { at, thing };
      let place = heap.push(entry) - 1;
      for (let above = heap[(place - 1) >> 1]; place > 0 && above && above.at > at; above = heap[(place - 1) >> 1]) {
        heap[place] = above;
        place = (place - 1) >> 1;
      }
      heap[place] = entry;
    },
    /** The thing with the earliest time. */
    take: (): T | undefined => {
      const first = heap[0];
      const last = heap.pop();
      if (heap.length === 0 || !last) return first?.thing;
      for (let place = 0; ;) {
        const left = 2 * place + 1;
        const lesser = timeOf(left + 1) < timeOf(left) ? left + 1 : left;
        const below = heap[lesser];
        if (!below || below.at >= last.at) {
          heap[place] = last;
          return first?.thing;
        }
        heap[place] = below;
        place = lesser;
      }
    },
  };
};
