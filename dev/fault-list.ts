/** How long a fault lasts: `times` calls, or `forMs`. One call if neither is given. */
export interface Spell {
  readonly times?: number;
  /** Hits every call for this long after it was added. */
  readonly forMs?: number;
  /** The time of `forMs` begins with the first call that is hit. */
  readonly fromFirstHit?: boolean;
}

/** A simulator's active faults, oldest first. */
export interface FaultList<Fault> {
  readonly add: (fault: Fault) => void;
  readonly clear: () => void;
  /** The oldest fault that matches; the call uses it up by one. */
  readonly takeFirst: (isMeant: (fault: Fault) => boolean) => Fault | undefined;
  /** How many calls were hit. */
  readonly hits: () => number;
  /** When the last call was hit; undefined if none was. */
  readonly lastHitAt: () => number | undefined;
}

export const createFaultList = <Fault extends Spell>(clock: () => number = Date.now): FaultList<Fault> => {
  let active: { readonly fault: Fault; left: number; until: number }[] = [];
  let hits = 0;
  let lastHitAt: number | undefined;
  return {
    add: (fault) => {
      const { times = fault.forMs === undefined ? 1 : Infinity, forMs = Infinity, fromFirstHit = false } = fault;
      active.push({ fault, left: times, until: fromFirstHit ? Infinity : clock() + forMs });
    },
    clear: () => {
      active = [];
    },
    takeFirst: (isMeant) => {
      const now = clock();
      active = active.filter(({ until }) => now < until);
      const found = active.find(({ fault }) => isMeant(fault));
      if (!found) return undefined;
      hits += 1;
      lastHitAt = now;
      if (found.until === Infinity) found.until = now + (found.fault.forMs ?? Infinity);
      found.left -= 1;
      if (found.left <= 0) active = active.filter((each) => each !== found);
      return found.fault;
    },
    hits: () => hits,
    lastHitAt: () => lastHitAt,
  };
};
