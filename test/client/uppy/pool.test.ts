import { describe, expect, it } from "@jest/globals";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createPool } from "../../../client/uppy/pool.ts";

const NEVER = new AbortController().signal;

/** Who has been let in, in order. */
const useLog = (take: ReturnType<typeof createPool>) => {
  const entered: string[] = [];
  const leave = new Map<string, () => void>();
  return {
    entered,
    ask: async (name: string, owner = name, signal = NEVER) => {
      const giveBack = await take(owner, signal);
      entered.push(name);
      leave.set(name, giveBack);
    },
    leave: async (name: string) => {
      leave.get(name)?.();
      await nextTurn();
    },
  };
};

describe("what all files share", () => {
  it("has room for as many as it is made for, and for another once one has left", async () => {
    const { entered, ask, leave } = useLog(createPool(2));
    for (const name of ["one", "two", "three"]) void ask(name);
    await nextTurn();
    expect(entered).toEqual(["one", "two"]);
    await leave("one");
    expect(entered).toEqual(["one", "two", "three"]);
  });

  it("lets in first whoever has the least of it: a small file before the further parts of a large one", async () => {
    const { entered, ask, leave } = useLog(createPool(2));
    for (const part of [1, 2, 3, 4]) void ask(`large, part ${part}`, "large");
    void ask("small");
    await nextTurn();
    expect(entered).toEqual(["large, part 1", "large, part 2"]);
    await leave("large, part 1");
    expect(entered.at(-1)).toBe("small");
    await leave("small");
    expect(entered.at(-1)).toBe("large, part 3");
  });

  it("forgets who does not wait any longer, and throws their reason", async () => {
    const { entered, ask, leave } = useLog(createPool(1));
    const reason = new Error("removed");
    const removed = new AbortController();
    void ask("one");
    const asked = ask("two", "two", removed.signal);
    void ask("three");
    removed.abort(reason);
    await expect(asked).rejects.toBe(reason);
    await leave("one");
    expect(entered).toEqual(["one", "three"]);
    await expect(ask("four", "four", removed.signal)).rejects.toBe(reason);
  });
});
