import { createHash } from "node:crypto";
import { randomHex } from "../../lib/runtime.ts";

/** Gives each maker of ids, by its name, a source of its own: 32 hex characters, never the same twice. */
export type Ids = (maker: string) => () => string;

export const randomIds: Ids = () => randomHex;

/** Repeatable ids: the same seed and maker give the same ids in the same order. Nothing secret may come from here. */
export const seededIds = (seed: number): Ids => {
  const made = new Map<string, number>();
  return (maker) => () => {
    const count = (made.get(maker) ?? 0) + 1;
    made.set(maker, count);
    return createHash("sha256").update(`${seed} ${maker} ${count}`).digest("hex").slice(0, 32);
  };
};
