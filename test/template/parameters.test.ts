import { describe, expect, it } from "@jest/globals";
import { globSync, readFileSync } from "node:fs";
import { readConfig, type Config } from "../../lib/config.ts";
import { checkParams } from "../../scripts/package/check.ts";
import { flag, isList } from "../../scripts/package/kinds.ts";
import { PARAMETERS } from "../../scripts/package/parameters.ts";
import { EXAMPLE_PARAMS, readSections } from "../../scripts/package/params.ts";
import { longestStage } from "../../scripts/package/stage.ts";
import { STAGES } from "./check.ts";

const DESCRIPTIONS = ["serverless.yml", ...globSync("{resources,functions/*}/*.yml")];
const described = DESCRIPTIONS.map((file) => readFileSync(file, "utf8")).join("\n");

/** The parameters that the descriptions of the AWS side use. */
const used = new Set([...described.matchAll(/\bparam:(\w+)/g)].map(([, name = ""]) => name));

const page = readFileSync("docs/parameters.md", "utf8");
const words = page.replaceAll(/\s+/g, " ");

/** The rows of the table in docs/parameters.md: name, then unit, default values and meaning. */
const documented = new Map(
  [...page.matchAll(/^\| `(\w+)` *\|(.*)\|$/gm)].map(([, name = "", rest = ""]) => [
    name,
    rest.split("|").map((cell) => cell.trim()),
  ]),
);

const asText = (value: unknown): string => (Array.isArray(value) ? value.join(", ") : String(value));

const example = readSections(".", EXAMPLE_PARAMS);
const checkExample = (stage: string, isDeploy: boolean) =>
  checkParams(example, example, { stage, params: new Map(), isDeploy }, EXAMPLE_PARAMS);

describe.each(STAGES)("the example's parameters of %s", (stage) => {
  const { faults, values } = checkExample(stage, false);

  it("are right", () => {
    expect(faults).toEqual([]);
  });

  it("are those that are used", () => {
    expect(Object.keys(values).sort()).toEqual([...used].sort());
  });

  it("are documented, each with its value", () => {
    expect([...documented.keys()].sort()).toEqual(Object.keys(values).sort());
    for (const [name, value] of Object.entries(values)) {
      const [, defaults = ""] = documented.get(name) ?? [];
      expect(`${name}: ${defaults}`).toContain(asText(value) === "" ? "none" : `\`${asText(value)}\``);
    }
  });

  it("are not deployed before the placeholders are replaced", () => {
    const placeholders = [
      "issuerUrl (default)",
      "audience (default)",
      ...(stage === "prod" ? ["corsOrigins (prod)"] : []),
    ];
    expect(checkExample(stage, true).faults).toEqual(
      placeholders.map((each) => `${each} still has the example's value`),
    );
  });
});

describe("what a parameter may be", () => {
  it.each(Object.entries(PARAMETERS))("is documented as it is checked: %s", (name, kind) => {
    const range = isList(kind) ? undefined : kind.range;
    const [where, what] = range === undefined ? [words, [kind.wanted]] : [documented.get(name)?.[2] ?? "", range];
    expect(what.filter((each) => !where.includes(each))).toEqual([]);
  });

  /** The parameters with a range, and the flags, that a function reads, with the variable. */
  const read = [...described.matchAll(/^ +([A-Z0-9_]+): \$\{param:(\w+)\}$/gm)].flatMap(
    ([, variable = "", name = ""]) => {
      const kind = PARAMETERS[name];
      return kind !== undefined && !isList(kind) && (kind.range ?? kind === flag) ? [{ variable, name, kind }] : [];
    },
  );

  it.each(read)("is the same to the function that reads $variable", ({ variable, name, kind }) => {
    expect(() => readConfig({ [variable]: "none of these" }, name as keyof Config)).toThrow(
      `Environment variable ${variable} must be ${kind.wanted}.`,
    );
  });

  it("is compared for all that have a range or a list of values", () => {
    expect(new Set(read.map(({ name }) => name)).size).toBeGreaterThanOrEqual(18);
  });
});

describe("a stage's name", () => {
  const figures = [...words.matchAll(/(\d+) in `([a-z]+-[a-z]+-\d)`/g)].map(([, letters, region = ""]) => ({
    letters: Number(letters),
    region,
  }));

  it.each(figures)("may have $letters letters in $region, as documented", ({ letters, region }) => {
    expect(longestStage(region)).toBe(letters);
    expect(`cielo24-proxy-${"s".repeat(letters)}-media-123456789012-${region}`).toHaveLength(63);
  });

  it("is documented for several regions", () => {
    expect(figures.length).toBeGreaterThanOrEqual(4);
  });
});

describe("parameters", () => {
  it("say in their names which unit they have, where they have one", () => {
    for (const [name, [unit]] of documented)
      if (unit === "s") expect(name).toMatch(/S$/);
      else if (unit === "days") expect(name).toMatch(/Days$/);
      else if (unit === "bytes") expect(name).toMatch(/Bytes$/);
  });
});
