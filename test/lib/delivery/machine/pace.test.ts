import { describe, expect, it } from "@jest/globals";
import { createPace } from "../../../../lib/delivery/machine/waits.ts";

describe("the pace of a transfer", () => {
  const pace = createPace({ sizeBytes: 1000, startedAt: 0, mustEndAt: 100_000 });

  it("judges nothing in the first seconds", () => {
    expect(pace.willFit(0, 14_999)).toBe(true);
  });

  it("lets a transfer go on that will be through in time", () => {
    expect(pace.willFit(200, 20_000)).toBe(true);
  });

  it("stops one that will not, long before its time is over", () => {
    expect(pace.willFit(199, 20_000)).toBe(false);
    expect(pace.willFit(0, 15_000)).toBe(false);
  });
});
