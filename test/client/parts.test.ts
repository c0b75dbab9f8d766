import { describe, expect, it } from "@jest/globals";
import { cutIntoParts, evenPartBytes } from "../../client/parts.ts";

const MIB = 1024 * 1024;

describe("parts that fill whole rounds", () => {
  it.each([
    [200 * MIB, 12, 36],
    [200 * MIB, 6, 30],
    [97 * MIB, 12, 20],
    [10_737_418_239, 12, 1284],
  ])("of %i bytes, %i at a time, are %i", (sizeBytes, parallelParts, parts) => {
    const partBytes = evenPartBytes(sizeBytes, parallelParts);
    expect(partBytes).toBeLessThanOrEqual(8 * MIB);
    expect(cutIntoParts(sizeBytes, partBytes)).toHaveLength(parts);
  });

  it.each([1, 5 * MIB, 8 * MIB])("are none of %i bytes: a file of 8 MiB goes out whole", (sizeBytes) => {
    expect(evenPartBytes(sizeBytes, 12)).toBe(8 * MIB);
  });

  it("have at least 5 MiB, as S3 wants it", () => {
    expect(evenPartBytes(9 * MIB, 12)).toBe(5 * MIB);
  });
});
