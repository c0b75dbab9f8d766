import { describe, expect, it } from "@jest/globals";
import { globSync, readFileSync } from "node:fs";
import { isAlias, parse, parseDocument, visit } from "yaml";
import { at, type Template } from "./cloudformation.ts";

/** `examples/aws/front.yml`. */
const FRONT = parse(readFileSync("examples/aws/front.yml", "utf8")) as Template;
const RULES = "Firewall.Properties.Rules";
const BEHAVIOR = "Front.Properties.DistributionConfig.DefaultCacheBehavior";

describe("the front", () => {
  it("keeps no answer, and passes on Authorization, the origin and the query, but for the host", () => {
    expect(at(FRONT, BEHAVIOR)).toMatchObject({
      // Managed-CachingDisabled and Managed-AllViewerExceptHostHeader, of CloudFront's Developer Guide.
      CachePolicyId: "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
      OriginRequestPolicyId: "b689b0a8-53d0-40ab-baf2-68738e2966ac",
      ViewerProtocolPolicy: "https-only",
    });
    expect(at(FRONT, "Front.Properties.DistributionConfig.CacheBehaviors")).toBeUndefined();
  });

  it("lets through every method that the API has", () => {
    const methods = globSync("functions/*/function.yml").flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/method: ([A-Z]+)/g)].map(([, method = ""]) => method),
    );
    expect(methods).toContain("DELETE");
    expect(at(FRONT, `${BEHAVIOR}.AllowedMethods`)).toEqual(expect.arrayContaining([...methods, "OPTIONS"]));
  });

  it("waits longer for an answer than the API takes", () => {
    const timeouts = globSync("functions/*/function.yml")
      .map((file) => readFileSync(file, "utf8"))
      .filter((file) => file.includes("httpApi"))
      .map((file) => Number(/timeout: (\d+)/.exec(file)?.[1]));
    const [origin] = at(FRONT, "Front.Properties.DistributionConfig.Origins") as {
      CustomOriginConfig: { OriginReadTimeout: number };
    }[];
    expect(origin?.CustomOriginConfig.OriginReadTimeout).toBeGreaterThan(Math.max(30, ...timeouts));
  });

  it("refuses capability URLs before anything else, and keeps no sample of them", () => {
    expect(at(FRONT, `${RULES}.[Name=no-capability-urls]`)).toMatchObject({
      Priority: 0,
      Action: { Block: {} },
      Statement: { ByteMatchStatement: { PositionalConstraint: "STARTS_WITH", SearchString: "/media/" } },
      VisibilityConfig: { SampledRequestsEnabled: false },
    });
  });

  it("has no rules that refuse a media_url in the query, or the body of add_media", () => {
    expect(JSON.stringify(at(FRONT, RULES))).not.toContain("AWSManagedRulesCommonRuleSet");
  });
});

describe("the templates beside a stage", () => {
  it.each(globSync("examples/aws/*.yml"))("have no aliases, which CloudFormation refuses: %s", (file) => {
    const aliases: unknown[] = [];
    visit(parseDocument(readFileSync(file, "utf8")), (_, node) => {
      if (isAlias(node)) aliases.push(node.source);
    });
    expect(aliases).toEqual([]);
  });
});
