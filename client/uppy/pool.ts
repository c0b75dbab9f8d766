/** Lets at most so many go on at a time. Resolves with what makes room again. Rejects with the signal's reason. */
export type Take = (owner: string, signal: AbortSignal) => Promise<() => void>;

interface Waiting {
  readonly owner: string;
  readonly begin: () => void;
}

/**
 * Room for `size` at a time. Whoever has the least of it comes first, so that a small file goes up beside a large one, which
 * would otherwise be before it with all of its parts.
 */
export const createPool = (size: number): Take => {
  const held = new Map<string, number>();
  let waiting: readonly Waiting[] = [];
  let free = size;

  const heldBy = ({ owner }: Waiting) => held.get(owner) ?? 0;
  const serve = () => {
    while (free > 0) {
      const [first, ...others] = waiting;
      if (!first) return;
      const next = others.reduce((least, each) => (heldBy(each) < heldBy(least) ? each : least), first);
      waiting = waiting.filter((each) => each !== next);
      free -= 1;
      held.set(next.owner, heldBy(next) + 1);
      next.begin();
    }
  };
  const giveBack = (owner: string) => {
    free += 1;
    const left = (held.get(owner) ?? 0) - 1;
    if (left > 0) held.set(owner, left);
    else held.delete(owner);
    serve();
  };

  return (owner, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const leave = () => {
        waiting = waiting.filter((each) => each !== entry);
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the caller's own reason
        reject(signal.reason);
      };
      const entry: Waiting = {
        owner,
        begin: () => {
          signal.removeEventListener("abort", leave);
          resolve(() => {
            giveBack(owner);
          });
        },
      };
      signal.addEventListener("abort", leave, { once: true });
      waiting = [...waiting, entry];
      serve();
    });
};
