import { describe, expect, it } from "@jest/globals";
import { onlyShipped, type BillOfMaterials } from "../../scripts/supply-chain/bill-of-materials.ts";
import { judgeLicences } from "../../scripts/supply-chain/licences.ts";
import { listShipped } from "../../scripts/supply-chain/shipped.ts";

const component = (name: string, licence?: string) => ({
  "bom-ref": `${name}@1.0.0`,
  name,
  version: "1.0.0",
  ...(licence === undefined
    ? {}
    : { licenses: [/ /.test(licence) ? { expression: licence } : { license: { id: licence } }] }),
});
const installed = (...components: BillOfMaterials["components"]): BillOfMaterials => ({
  metadata: { component: { ...component("folder"), "bom-ref": "root" } },
  components,
  dependencies: [
    { ref: "root", dependsOn: ["ships@1.0.0", "tool@1.0.0"] },
    { ref: "ships@1.0.0", dependsOn: ["tool@1.0.0"] },
    { ref: "tool@1.0.0" },
  ],
});
/** Without what is said of exceptions that these few packages do not need. */
const judge = (licence: string | undefined, name = "ships") =>
  judgeLicences(installed(component(name, licence)), [{ name: "ships", version: "1.0.0" }], ["own"]).filter(
    (each) => !each.startsWith("the exception"),
  );

describe("the check of licences", () => {
  it("holds what ships to a short list, and tools to a longer one", () => {
    expect(judge("MIT")).toEqual([]);
    expect(judge("MPL-2.0")).toEqual(["ships@1.0.0, which ships, has the licence MPL-2.0"]);
    expect(judge("MPL-2.0", "tool")).toEqual([]);
    expect(judge("AGPL-3.0-only", "tool")).toEqual(["tool@1.0.0, which is a tool, has the licence AGPL-3.0-only"]);
  });

  it("takes one of several licences, or all that hold together", () => {
    expect(judge("(GPL-2.0-only OR MIT)")).toEqual([]);
    expect(judge("(GPL-2.0-only AND MIT)")).toHaveLength(1);
  });

  it("names a package without a licence, but for those of this project", () => {
    expect(judge(undefined)).toEqual(["ships@1.0.0, which ships, names no licence"]);
    expect(judge(undefined, "own")).toEqual([]);
  });

  it("allows an exception for the licence that it was made for, and wants unused ones removed", () => {
    expect(judge("MPL-2.0", "mediabunny")).toEqual([]);
    expect(judge("GPL-3.0-only", "mediabunny")).toHaveLength(1);
    expect(judgeLicences(installed(), [], [])).toContain("the exception for mediabunny is no longer needed: remove it");
  });
});

describe("the software bill of materials", () => {
  it("has what ships, with what it ships in, and nothing else", () => {
    const all = installed(component("ships", "MIT"), component("tool", "MIT"));
    const { metadata, components, dependencies } = onlyShipped(
      all,
      [{ name: "ships", version: "1.0.0", shipsIn: ["functions", "client"] }],
      "cielo24-proxy",
    );
    expect(metadata.component).toMatchObject({ name: "cielo24-proxy" });
    expect(components.map(({ name, properties }) => [name, properties?.map(({ value }) => value)])).toEqual([
      ["ships", ["functions", "client"]],
    ]);
    expect(dependencies).toEqual([
      { ref: "root", dependsOn: ["ships@1.0.0"] },
      { ref: "ships@1.0.0", dependsOn: [] },
    ]);
  });

  it("fails where npm does not know what ships", () => {
    const unknown = [{ name: "gone", version: "1.0.0", shipsIn: ["client"] as const }];
    expect(() => onlyShipped(installed(), unknown, "x")).toThrow("gone@1.0.0 ships, and npm does not list it");
  });
});

describe("what ships", () => {
  it("is what the bundles hold, whatever package.json calls a dependency", async () => {
    const shipped = new Map((await listShipped()).map(({ name, shipsIn }) => [name, shipsIn]));
    expect(shipped.get("@aws-sdk/client-dynamodb")).toEqual(["functions"]);
    expect(shipped.get("mediabunny")).toEqual(["functions", "client"]);
    // Named as a tool in package.json, and built into the command line.
    expect(shipped.get("commander")).toEqual(["client"]);
    expect([...shipped.keys()].filter((name) => /jest|typescript|esbuild|uppy/.test(name))).toEqual([]);
  });
});
