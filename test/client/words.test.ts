import { describe, expect, it } from "@jest/globals";
import { prettierBytes } from "@transloadit/prettier-bytes";
import { formatBytes, formatBytesOf, formatPercent } from "../../client/words.ts";

const KB = 1024;
const MB = 1024 * KB;
const GB = 1024 * MB;

describe("sizes are written as Uppy's Dashboard writes them", () => {
  it.each([
    [0, "0 B"],
    [1, "1 B"],
    [1023, "1023 B"],
    [KB, "1 KB"],
    [6_834, "6.7 KB"],
    [10 * KB + 1, "10 KB"],
    [300_000, "293 KB"],
    [MB - 1, "1024 KB"],
    [1.5 * MB, "1.5 MB"],
    [12 * MB, "12 MB"],
    [999.6 * MB, "1000 MB"],
    [GB, "1 GB"],
    [1.5 * GB, "1.50 GB"],
    [10 * GB - 1, "10.00 GB"],
    [5000 * GB, "4.88 TB"],
  ])("%d bytes as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
    expect(prettierBytes(bytes)).toBe(text);
  });

  it("and as a part of the whole", () => {
    expect(formatBytesOf(10 * MB, 12.3 * MB)).toBe("10 MB of 12 MB");
  });
});

describe("shares are written in whole percent, rounded as Uppy rounds them", () => {
  it.each([
    [0, "0%"],
    [0.474, "47%"],
    [0.475, "48%"],
    [0.996, "100%"],
    [1.2, "100%"],
  ])("%d as %s", (share, text) => {
    expect(formatPercent(share)).toBe(text);
  });
});
