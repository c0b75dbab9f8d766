import { expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MET = "#1a7f37";
const MISSED = "#b35900";

it("bench/plot.ts draws a row for each figure with a target, coloured by whether its median meets it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "plot-"));
  const file = join(folder, "results.json");
  const figures = [
    { name: "a & b", unit: "× curl", values: [1.1, 1.2, 1.9], target: { atLeast: 1.2 } },
    { name: "memory", unit: "MiB", values: [90, 93, 94], target: { atMost: 92 } },
    { name: "no target", unit: "ms", values: [7] },
  ];
  await writeFile(file, JSON.stringify({ at: "2031-05-06T07:08:09.000Z", figures }));
  const svg = execFileSync(process.execPath, ["bench/plot.ts", file], { encoding: "utf8" });
  await rm(folder, { recursive: true });

  expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
  expect(svg).toContain("npm run bench, 2031-05-06");
  expect(svg.match(/<circle [^>]*>/g)).toEqual([expect.stringContaining(MET), expect.stringContaining(MISSED)]);
  expect(svg).toContain(">a &amp; b<");
  expect(svg).toContain(">93 MiB, ≤ 92<");
  expect(svg).not.toContain("no target");
});
