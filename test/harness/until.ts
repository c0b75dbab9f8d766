import { setImmediate as nextTurn } from "node:timers/promises";

/** Asks again and again, and resolves with the first result that is neither undefined nor false. The test's own timeout is the limit. */
export const until = async <T>(ask: () => T | Promise<T>): Promise<Exclude<T, undefined | false>> => {
  for (;;) {
    const result = await ask();
    if (result !== undefined && result !== false) return result as Exclude<T, undefined | false>;
    await nextTurn();
  }
};
