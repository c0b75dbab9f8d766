import { describe, expect, it } from "@jest/globals";
import { readFile } from "node:fs/promises";
import { EXAMPLE_PARAMS } from "../../scripts/package/params.ts";
import { FUNCTIONS, reservedBy } from "./checks/functions.ts";
import { at } from "./cloudformation.ts";
import { packageWith } from "./packaged.ts";

describe("a template with other executions", () => {
  it("has as many, and as large ones, as the parameters say, for these functions alone", async () => {
    const example = await readFile(EXAMPLE_PARAMS, "utf8");
    const template = await packageWith(
      example.replace("deliveryStatusConcurrency: 0", "deliveryStatusConcurrency: 25"),
      "prod",
      ...["--param", "deliverMediaConcurrency=12", "--param", "deliverMediaMemoryMb=1769"],
    );
    const reserved = FUNCTIONS.map((name) => [name, reservedBy(template, name)] as const);
    expect(reserved.filter(([, count]) => count !== undefined)).toEqual([
      ["DeliverMedia", 12],
      ["DeliveryStatus", 25],
    ]);
    expect(at(template, "DeliverMediaLambdaFunction.Properties.MemorySize")).toBe(1769);
    expect(at(template, "AddMediaLambdaFunction.Properties.MemorySize")).toBe(512);
    // Lambda takes no more messages out of the queue than it may deliver.
    const mapping = "DeliverMediaEventSourceMappingSQSMediaQueue.Properties.ScalingConfig.MaximumConcurrency";
    expect(at(template, mapping)).toBeLessThanOrEqual(12);
  });
});
