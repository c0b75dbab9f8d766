import { describe, expect, it } from "@jest/globals";
import { readFile } from "node:fs/promises";
import { CATALOGUE } from "./catalogue.ts";
import { findGaps, findTitles, readTitles } from "./titles.ts";

describe("the promises", () => {
  it("are 75 faults and 17 threats", () => {
    expect(CATALOGUE.filter(({ kind }) => kind === "fault")).toHaveLength(75);
    expect(CATALOGUE.filter(({ kind }) => kind === "threat")).toHaveLength(17);
  });

  it("each have a test that names them, and no test names another", async () => {
    expect(findGaps(CATALOGUE, await readTitles("test"))).toEqual([]);
  });

  it("are those of docs/faults.md", async () => {
    expect(readTables(await readFile("docs/faults.md", "utf8"))).toEqual(CATALOGUE);
  });
});

describe("a promise", () => {
  const catalogue = [{ kind: "fault", number: 1 } as const, { kind: "threat", number: 1 } as const];
  const whole = 'describe("x", () => { it("fault 1: y", f); it.each([1])("threat 1: z %d", f); });';
  const gapsOf = (source: string, file = "a.test.ts") => findGaps(catalogue, findTitles(file, source));

  it("is found in the title of a test, a table and a template's check", () => {
    expect(gapsOf(whole)).toEqual([]);
    expect(gapsOf('it("fault 1, threat 1: y", f);')).toEqual([]);
    expect(gapsOf('it.each`a\n${1}`("fault 1, threat 1: y", f);')).toEqual([]);
    expect(gapsOf("it.only(`fault 1, threat 1: ${a}`, f);")).toEqual([]);
    expect(gapsOf('check("fault 1: y", f), is("threat 1: y", "a", 1)', "template/checks/a.ts")).toEqual([]);
  });

  it.each([
    ['it("fault 1: y", f);', "threat 1 has no test"],
    ['it("fault 1: y", f); // it("threat 1: z", f);', "threat 1 has no test"],
    ['it("fault 1: y", f); check("threat 1: z", f);', "threat 1 has no test"],
    ['it("fault 1: y", f); describe("threat 1: z", f);', "threat 1 has no test"],
    ['it("fault 1: y", f); it(name("threat 1: z"), f);', "threat 1 has no test"],
  ])("is missed in %s", (source, gap) => {
    expect(gapsOf(source)).toEqual([gap]);
  });

  it.each([
    'it.skip("threat 1: z", f);',
    'it.todo("threat 1: z");',
    'xit("threat 1: z", f);',
    'it.skip.each([1])("threat 1: z", f);',
    'describe.skip("x", () => { describe("y", () => { it("threat 1: z", f); }); });',
    'describe.skip.each([1])("x", () => { it("threat 1: z", f); });',
    'xdescribe("x", () => { it("threat 1: z", f); });',
  ])("is not kept by a test that is left out: %s", (source) => {
    expect(gapsOf(`it("fault 1: y", f); ${source}`)).toEqual([
      "a.test.ts: the test of threat 1 is left out",
      "threat 1 has no test",
    ]);
  });

  it.each([
    ['it("fault 2: y", f);', "a.test.ts: there is no fault 2"],
    ['it("fault 1, threat 9: y", f);', "a.test.ts: there is no threat 9"],
    ['it("y (fault 1)", f);', 'a.test.ts: "y (fault 1)" does not begin with what it is about'],
    ['it("faults 1 and 2: y", f);', 'a.test.ts: "faults 1 and 2: y" does not begin with what it is about'],
  ])("is the only thing that a title may name: %s", (source, gap) => {
    expect(gapsOf(`${whole} ${source}`)).toEqual([gap]);
  });
});

/** The rows of the document's tables, each with the headings above it. */
const readTables = (text: string) => {
  let kind = "";
  let group = "";
  const rows: unknown[] = [];
  for (const line of text.split("\n")) {
    kind = /^## (Fault|Threat)s$/.exec(line)?.[1]?.toLowerCase() ?? kind;
    group = /^### (.+)$/.exec(line)?.[1] ?? group;
    const [, number, when, must] = /^\| +(\d+) \| (.+?) +\| (.+?) +\|$/.exec(line) ?? [];
    if (number !== undefined) rows.push({ kind, number: Number(number), group, when, must });
  }
  return rows;
};
