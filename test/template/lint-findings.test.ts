import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { compare, readList, TOOLS, type Finding } from "../../scripts/lint-templates/findings.ts";

const PAGE = `
| finding | on | why it stays |
| ------- | -- | ------------ |
| \`CKV_AWS_18\`, \`S3_BUCKET_LOGGING_ENABLED\` | \`Deployment*\` | Code only. |
| \`W3005\` | \`HttpApiStage\`, \`*Role\` | The framework. |
`;
const LIST = readList(PAGE);
const FOUND: Finding[] = [
  { rule: "CKV_AWS_18", resource: "DeploymentBucket" },
  { rule: "W3005", resource: "HttpApiStage" },
  { rule: "W3005", resource: "CensusRole" },
];
const RAN = ["cfn-lint", "checkov"];

describe("what the linters find", () => {
  it("is what the list allows", () => {
    expect(compare(FOUND, LIST, RAN)).toEqual([]);
  });

  it("fails where it is not in the list: another rule, or another resource", () => {
    const more = [
      { rule: "CKV_AWS_21", resource: "DeploymentBucket" },
      { rule: "CKV_AWS_18", resource: "MediaBucket" },
    ];
    expect(compare([...FOUND, ...more], LIST, RAN)).toEqual([
      "CKV_AWS_21 speaks against DeploymentBucket: mend it, or list it with its reason",
      "CKV_AWS_18 speaks against MediaBucket: mend it, or list it with its reason",
    ]);
  });

  it("fails where the list has more: a rule, or a resource", () => {
    expect(compare(FOUND.slice(1, 2), LIST, RAN)).toEqual([
      "CKV_AWS_18 speaks against none of Deployment* any more: take it out",
      "Deployment* is found by none of CKV_AWS_18, S3_BUCKET_LOGGING_ENABLED any more: take it out",
      "*Role is found by none of W3005 any more: take it out",
    ]);
  });

  it("says nothing of a tool that did not run, and fails for a rule of none", () => {
    expect(compare(FOUND, LIST, [...RAN, "registry"])).toEqual([
      "S3_BUCKET_LOGGING_ENABLED speaks against none of Deployment* any more: take it out",
    ]);
    expect(compare([], readList(PAGE.replace("W3005", "W-3005")), [])).toEqual(["W-3005 is a rule of no tool"]);
  });

  it("is read from each tool's report", () => {
    const guard = [
      {
        not_compliant: [
          { Rule: { name: "a_check", checks: [{ path: "/Resources/A/Properties" }, "Path=/Resources/B[L:1]"] } },
        ],
      },
    ];
    const reports: Record<string, unknown> = {
      "cfn-lint": [
        { Rule: { Id: "W3005" }, Location: { Path: ["Resources", "A", "DependsOn"] } },
        { Rule: { Id: "W8003" }, Location: { Path: ["Conditions", "B"] } },
      ],
      checkov: { results: { failed_checks: [{ check_id: "CKV_AWS_18", resource: "AWS::S3::Bucket.A" }] } },
      "control-tower": guard,
      registry: guard,
    };
    const read = Object.entries(TOOLS).map(([tool, { read }]) =>
      read(reports[tool] as never).map(({ rule, resource }) => `${rule} ${resource}`),
    );
    const byGuard = ["a_check A", "a_check B"];
    expect(read).toEqual([["W3005 A", "W8003 Conditions"], ["CKV_AWS_18 A"], byGuard, byGuard]);
  });
});

it("docs/security.md lists what the linters may find, each rule by one tool's naming", () => {
  const list = readList(readFileSync("docs/security.md", "utf8"));
  expect(list.length).toBeGreaterThan(20);
  for (const { rules, resources } of list) {
    expect(resources.length).toBeGreaterThan(0);
    for (const rule of rules) expect(Object.values(TOOLS).filter(({ names }) => names.test(rule))).toHaveLength(1);
  }
});
