import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { tableOfMemories, tableOfMonth, tableOfUploads } from "../../bench/scale/costs.ts";
import { tableOfDays, tableOfOutages } from "../../bench/scale/days.ts";
import { tableOfFirstLimits, tableOfLimits } from "../../bench/scale/limits.ts";
import { readStage } from "../../bench/scale/stage.ts";
import { rowsOnPage, type Table } from "../../bench/scale/table.ts";

const stage = readStage();
const costs = readFileSync("docs/costs.md", "utf8");
const scale = readFileSync("docs/scale.md", "utf8");

/** Larger ones take minutes. */
const MOST = 10_000;

describe("the tables of docs/costs.md", () => {
  it.each<Table>([tableOfMemories(), tableOfUploads(stage), tableOfMonth(stage)])(
    "are what the program prints: $name",
    ({ name, rows }) => {
      expect(rowsOnPage(costs, name)).toEqual(rows);
    },
  );
});

it("docs/costs.md says how many metrics the functions can write", () => {
  const metrics = readFileSync("lib/observability.ts", "utf8").match(/^ {2}\| "\w+"/gm) ?? [];
  expect(metrics.length).toBeGreaterThan(30);
  expect(costs).toMatch(new RegExp(`at most ${metrics.length},`));
});

describe("the tables of docs/scale.md", () => {
  it.each<Table>([tableOfLimits(stage), tableOfFirstLimits(stage)])(
    "are what the program prints: $name",
    ({ name, rows }) => {
      expect(rowsOnPage(scale, name)).toEqual(rows);
    },
  );

  it.each<Table>([tableOfDays(stage, MOST), tableOfOutages(stage, MOST)])(
    "are what the simulation gives, as far as it is quick: $name",
    ({ name, rows }) => {
      expect(rowsOnPage(scale, name).slice(0, 2)).toEqual(rows);
    },
  );
});
