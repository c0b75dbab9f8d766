import type { Build } from "./lambda.ts";

/** Loads a function by the name of its folder. */
export const loadFunction = async (name: string): Promise<Build> => {
  const entry = (await import(new URL(`../../functions/${name}/handler.ts`, import.meta.url).href)) as { build: Build };
  return entry.build;
};
