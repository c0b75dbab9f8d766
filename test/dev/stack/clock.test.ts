import { describe, expect, it } from "@jest/globals";
import { createStackClock } from "../../../dev/stack/clock.ts";

describe("the stack's clock", () => {
  it("wakes sleepers whose time has come by a jump, and no others", async () => {
    const clock = createStackClock(() => 1_000);
    const woken: string[] = [];
    const stop = new AbortController();
    const early = clock.sleep(60_000).then(() => woken.push("early"));
    const late = clock.sleep(120_000, stop.signal).catch(() => woken.push("stopped"));
    clock.advance(60_000);
    await early;
    expect([clock.now(), woken]).toEqual([61_000, ["early"]]);
    stop.abort();
    await late;
    expect(woken).toEqual(["early", "stopped"]);
  });

  it("sleeps in real time otherwise", async () => {
    const clock = createStackClock();
    const before = clock.now();
    await clock.sleep(5);
    expect(clock.now() - before).toBeGreaterThanOrEqual(5);
  });

  it("does not fall asleep once the signal has aborted", async () => {
    const reason = new Error("stopped");
    await expect(createStackClock().sleep(1_000, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
