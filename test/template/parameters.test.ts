import { describe, expect, it } from "@jest/globals";
import { globSync, readFileSync } from "node:fs";
import { readConfig } from "../../lib/config.ts";
import { findFaults, readParams, EXAMPLE_PARAMS } from "../../scripts/package/params.ts";
import { STAGES } from "./check.ts";

const DESCRIPTIONS = ["serverless.yml", ...globSync("resources/*.yml"), ...globSync("functions/*/function.yml")];

/** The parameters that the descriptions of the AWS side use. */
const used = new Set(
  DESCRIPTIONS.flatMap((file) => [...readFileSync(file, "utf8").matchAll(/\bparam:(\w+)/g)].map(([, name]) => name)),
);

/** The rows of the table in docs/parameters.md: name, then unit, default values and meaning. */
const documented = new Map(
  [...readFileSync("docs/parameters.md", "utf8").matchAll(/^\| `(\w+)` *\|(.*)\|$/gm)].map(
    ([, name = "", rest = ""]) => [name, rest.split("|").map((cell) => cell.trim())],
  ),
);

const asText = (value: unknown): string => (Array.isArray(value) ? value.join(", ") : String(value));

describe.each(STAGES)("the example's parameters of %s", (stage) => {
  const params = readParams(EXAMPLE_PARAMS, stage);

  it("are those that are used", () => {
    expect(Object.keys(params).sort()).toEqual([...used].sort());
  });

  it("are documented, each with its value", () => {
    expect([...documented.keys()].sort()).toEqual(Object.keys(params).sort());
    for (const [name, value] of Object.entries(params)) {
      const [, values = ""] = documented.get(name) ?? [];
      expect(`${name}: ${values}`).toContain(asText(value) === "" ? "none" : `\`${asText(value)}\``);
    }
  });

  it("package without a fault", () => {
    expect(findFaults(params, { isDeploy: false })).toEqual([]);
  });

  it("are not deployed before the placeholders are replaced", () => {
    const faults = findFaults(params, { isDeploy: true });
    expect(faults.some((fault) => fault.startsWith("issuerUrl "))).toBe(true);
    expect(faults.some((fault) => fault.startsWith("audience "))).toBe(true);
  });
});

describe("parameters", () => {
  const own = { issuerUrl: "https://login.captions.test/", audience: ["api"], mediaRetentionDays: 14 };

  it("of one's own are deployed", () => {
    expect(findFaults(own, { isDeploy: true })).toEqual([]);
  });

  it.each([13, 0, "forever", undefined])("that let media expire before its message are refused: %p", (days) => {
    expect(findFaults({ ...own, mediaRetentionDays: days }, { isDeploy: false })).toHaveLength(1);
  });

  it.each([3651, 30.5, 1e9])("that no function would start with are refused: %p days of media", (days) => {
    const faults = findFaults({ ...own, mediaRetentionDays: days }, { isDeploy: false });
    expect(faults).toEqual([expect.stringMatching(/^mediaRetentionDays has to be a whole number of days/)]);
    expect(() => readConfig({ MEDIA_RETENTION_DAYS: String(days) }, "mediaRetentionDays")).toThrow();
  });

  it("may keep media for ten years", () => {
    expect(findFaults({ ...own, mediaRetentionDays: 3650 }, { isDeploy: false })).toEqual([]);
    expect(readConfig({ MEDIA_RETENTION_DAYS: "3650" }, "mediaRetentionDays").mediaRetentionDays).toBe(3650);
  });

  it("say in their names which unit they have, where they have one", () => {
    for (const [name, [unit]] of documented)
      if (unit === "s") expect(name).toMatch(/S$/);
      else if (unit === "days") expect(name).toMatch(/Days$/);
      else if (unit === "bytes") expect(name).toMatch(/Bytes$/);
  });
});
