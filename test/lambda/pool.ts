import type { Environment } from "./environment.ts";

/** The environments of one function: like Lambda, it starts another one whenever all that there are have work. */
export interface Pool {
  readonly invoke: Environment["invoke"];
  readonly environments: () => readonly Environment[];
  readonly stop: () => Promise<void>;
}

export const createPool = (start: () => Promise<Environment>): Pool => {
  const starting: Promise<Environment>[] = [];
  const all: Environment[] = [];
  const idle: Environment[] = [];

  const startAnother = async (): Promise<Environment> => {
    const started = start();
    starting.push(started);
    const environment = await started;
    all.push(environment);
    return environment;
  };

  return {
    invoke: async (event, requestId) => {
      // The one that worked last is the warmest.
      const environment = idle.pop() ?? (await startAnother());
      try {
        return await environment.invoke(event, requestId);
      } finally {
        idle.push(environment);
      }
    },
    environments: () => all,
    stop: async () => {
      await Promise.all(starting.map(async (started) => (await started).stop()));
    },
  };
};
