import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Exploration } from "./explorer.ts";
import type { Errand } from "./thread.ts";

/** Threads that explore: one for each core. The first free thread takes the next errand. */
export interface Pool {
  explore(errand: Errand): Promise<Exploration>;
  close(): Promise<void>;
}

/** Large explorations need more than the heap that Node gives a thread by itself. */
const MAX_HEAP_MB = 12_288;

export const openPool = (size = availableParallelism()): Pool => {
  const threads = Array.from(
    { length: size },
    () =>
      new Worker(new URL("./thread.ts", import.meta.url), { resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB } }),
  );
  const idle = [...threads];
  const waiting: ((thread: Worker) => void)[] = [];

  const take = async (): Promise<Worker> =>
    idle.pop() ??
    (await new Promise<Worker>((resolve) => {
      waiting.push(resolve);
    }));
  const giveBack = (thread: Worker): void => {
    const next = waiting.shift();
    if (next) next(thread);
    else idle.push(thread);
  };

  return {
    explore: async (errand) => {
      const thread = await take();
      const answer = once(thread, "message");
      thread.postMessage(errand);
      const [exploration] = (await answer) as [Exploration];
      giveBack(thread);
      return exploration;
    },
    close: async () => {
      await Promise.all(threads.map((thread) => thread.terminate()));
    },
  };
};
