const MINUTE_MS = 60_000;

/** Sums by name and minute, for the last `keptMinutes`; what is older is forgotten. */
export interface Series {
  readonly add: (name: string, at: number, value: number) => void;
  /** What was added from the minute of `from` on, and before that of `to`. */
  readonly sum: (name: string, from: number, to?: number) => number;
  /** The last minutes up to that of `now`, the oldest first. */
  readonly perMinute: (name: string, now: number, minutes: number) => number[];
  /** The names that begin with the prefix and have something from `from` on, without the prefix, with their sums. */
  readonly sums: (prefix: string, from: number) => { readonly name: string; readonly sum: number }[];
}

const minuteOf = (at: number): number => Math.floor(at / MINUTE_MS);

export const createSeries = (keptMinutes: number): Series => {
  const byName = new Map<string, Map<number, number>>();

  const sum = (name: string, from: number, to = Infinity): number => {
    let total = 0;
    for (const [minute, value] of byName.get(name) ?? [])
      if (minute >= minuteOf(from) && minute < minuteOf(to)) total += value;
    return total;
  };

  return {
    add: (name, at, value) => {
      const minute = minuteOf(at);
      const minutes = byName.get(name) ?? new Map<number, number>();
      byName.set(name, minutes);
      minutes.set(minute, (minutes.get(minute) ?? 0) + value);
      for (const old of minutes.keys()) if (old <= minute - keptMinutes) minutes.delete(old);
    },
    sum,
    perMinute: (name, now, minutes) =>
      Array.from({ length: minutes }, (_, at) => byName.get(name)?.get(minuteOf(now) - minutes + 1 + at) ?? 0),
    sums: (prefix, from) =>
      [...byName.keys()]
        .filter((name) => name.startsWith(prefix))
        .map((name) => ({ name: name.slice(prefix.length), sum: sum(name, from) }))
        .filter((each) => each.sum > 0),
  };
};
