import { describe, expect, it } from "@jest/globals";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { step } from "../../lib/delivery/machine/machine.ts";
import { explore, type Exploration } from "./explorer.ts";
import { describeTried, faultsOf, isCaught, tell, unreached } from "./report.ts";
import { scenario } from "./scenarios.ts";

const small = scenario("a scenario", { workers: 1, budgets: {}, mustReach: ["delivered"] });

const exploration = (parts: Partial<Exploration> = {}): Exploration => ({
  states: 3,
  transitions: 4,
  seconds: 0.1,
  ends: new Set(["delivered"]),
  isComplete: true,
  ...parts,
});

describe("the judgement of an exploration", () => {
  it("finds no fault where all was seen and every end that must be reached was", () => {
    expect(faultsOf({ scenario: small, exploration: exploration() })).toEqual([]);
  });

  it("tells the trace to what is broken", () => {
    const failure = { broken: "S1: two media", trace: ["a worker reads", "a worker writes"] };
    expect(faultsOf({ scenario: small, exploration: exploration({ failure }) })).toEqual([
      "a scenario: S1: two media\n   1. a worker reads\n   2. a worker writes",
    ]);
  });

  it("fails what was not explored to its end", () => {
    expect(faultsOf({ scenario: small, exploration: exploration({ isComplete: false }) })).toHaveLength(1);
  });

  it("fails where an end that must be reached is not", () => {
    expect(faultsOf({ scenario: small, exploration: exploration({ ends: new Set() }) })).toEqual([
      'a scenario: "delivered" cannot be reached',
    ]);
  });

  it("names the ends that nothing reaches", () => {
    expect(unreached([{ scenario: small, exploration: exploration() }])).toEqual([
      "delivered after a resend",
      "rejected",
      "needs review",
      "conflict",
      "timed out",
    ]);
  });

  it("takes a mutant for caught only where it breaks what it should", () => {
    const mutant = { name: "a mutant", breaks: "S1", caughtBy: "a scenario" } as const;
    const broken = (invariant: string) => exploration({ failure: { broken: `${invariant}: so`, trace: ["one"] } });
    expect(isCaught({ mutant, exploration: broken("S1") })).toBe(true);
    expect(isCaught({ mutant, exploration: broken("S2") })).toBe(false);
    expect(isCaught({ mutant, exploration: exploration() })).toBe(false);
    expect(describeTried({ mutant, exploration: broken("S1") })).toBe("caught after 1 steps (S1): a mutant");
    expect(describeTried({ mutant, exploration: exploration() })).toContain("NOT CAUGHT in 3 states");
  });

  it("numbers the steps of a trace", () => {
    expect(tell(["first", "second"])).toBe("   1. first\n   2. second");
  });
});

describe("an exploration", () => {
  it("is incomplete where it comes to its limit", () => {
    expect(explore(small, { step }, { maxStates: 10 })).toMatchObject({ isComplete: false });
  });

  it("finds states from which no end can be reached", () => {
    const { failure } = explore(small, {
      step: (memory, event) => {
        const next = step(memory, event);
        return next.command.do === "announce" ? { ...next, command: { do: "acknowledge", reason: "delivered" } } : next;
      },
    });
    expect(failure?.broken).toMatch(/^S2/);
  });
});

describe("the command", () => {
  const run = (...args: string[]) =>
    new Promise<{ code: number; out: string }>((resolve) => {
      const file = fileURLToPath(new URL("run.ts", import.meta.url));
      execFile(process.execPath, [file, ...args], (error, out, err) => {
        resolve({ code: typeof error?.code === "number" ? error.code : 0, out: out + err });
      });
    });

  it("prints states, transitions and seconds of a scenario, and succeeds", async () => {
    const { code, out } = await run("--scenario", "a caller with a URL and a crash, without a census");
    expect(out).toMatch(/without a census: \d+ states, \d+ transitions, \d+\.\d s; delivered, needs review, rejected/);
    expect(code).toBe(0);
  });

  it("fails where no scenario has the name", async () => {
    expect(await run("--scenario", "no such thing")).toMatchObject({ code: 1 });
  });

  it("tells how it is used", async () => {
    expect((await run("--help")).out).toContain("--large");
  });
});
