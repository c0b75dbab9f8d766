import { describe, expect, it } from "@jest/globals";
import { holds, toTable } from "../../bench/figure.ts";

describe("A limit", () => {
  it("is held by the median, whatever the extremes are", () => {
    expect(holds({ atMost: 1.2 }, [9, 1.2, 0.1])).toBe(true);
    expect(holds({ atMost: 1.2 }, [9, 1.21, 0.1])).toBe(false);
    expect(holds({ atLeast: 4 }, [1, 4, 5])).toBe(true);
    expect(holds({ atLeast: 4 }, [1, 3.9, 5])).toBe(false);
    expect(holds({ atLeast: 1, atMost: 2 }, [2.5])).toBe(false);
  });

  it("is held by the mean of the two in the middle, where the number of values is even", () => {
    expect(holds({ atMost: 2 }, [3, 1])).toBe(true);
    expect(holds({ atMost: 1.9 }, [3, 1])).toBe(false);
    expect(holds({ atLeast: 2.5 }, [9, 2, 3, 0])).toBe(true);
  });

  it("is missed by a figure that was not measured", () => {
    expect(holds({ atMost: 1 }, [])).toBe(false);
    expect(holds({ atLeast: 0 }, [Number.NaN])).toBe(false);
    expect(holds({ atMost: 1 }, [Number.NaN, 0.5, Number.NaN])).toBe(false);
  });
});

describe("The table", () => {
  it("shows how many values each figure has, their min, median and max, its target and its gate, and which of them are missed", () => {
    const lines = toTable([
      { name: "speed", unit: "× peer", values: [1.3, 1.1, 1.2], target: { atLeast: 1.5 }, gate: { atLeast: 1 } },
      { name: "peak RSS", unit: "MiB", values: [101.4], gate: { atMost: 100 } },
    ]);
    expect(lines).toEqual([
      "figure    n   min  median   max  unit    target        gate",
      "--------  -  ----  ------  ----  ------  ------------  ------------",
      "speed     3  1.10    1.20  1.30  × peer  ≥ 1.5 MISSED  ≥ 1 met",
      "peak RSS  1   101     101   101  MiB                   ≤ 100 MISSED",
    ]);
  });
});
