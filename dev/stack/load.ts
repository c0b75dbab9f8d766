import type { Build } from "./lambda.ts";

let last: Promise<unknown> = Promise.resolve();

/**
 * Loads a function by the name of its folder. One after another: jest's loader of modules fails now and then where two
 * imports share modules that neither has finished to link.
 */
export const loadFunction = (name: string): Promise<Build> => {
  const loading = last.then(async () => {
    const entry = (await import(new URL(`../../functions/${name}/handler.ts`, import.meta.url).href)) as {
      build: Build;
    };
    return entry.build;
  });
  last = loading.catch(() => undefined);
  return loading;
};
