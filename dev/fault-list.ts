/** Faults of a simulator that are switched on, the oldest first. */
export interface FaultList<Fault> {
  readonly add: (fault: Fault) => void;
  readonly clear: () => void;
  /** The oldest fault that the function is true of; it is used up by one. */
  readonly takeFirst: (isMeant: (fault: Fault) => boolean) => Fault | undefined;
  /** How many calls were hit so far. */
  readonly hits: () => number;
}

/** A fault hits so many calls as its `times` says; one where it says nothing. */
export const createFaultList = <Fault extends { readonly times?: number }>(): FaultList<Fault> => {
  let active: { fault: Fault; left: number }[] = [];
  let hits = 0;
  return {
    add: (fault) => {
      active.push({ fault, left: fault.times ?? 1 });
    },
    clear: () => {
      active = [];
    },
    takeFirst: (isMeant) => {
      const found = active.find(({ fault }) => isMeant(fault));
      if (!found) return undefined;
      hits += 1;
      found.left -= 1;
      if (found.left <= 0) active = active.filter((each) => each !== found);
      return found.fault;
    },
    hits: () => hits,
  };
};
