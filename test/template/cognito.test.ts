import { beforeAll, describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { EXAMPLE_PARAMS } from "../../scripts/package/params.ts";
import { cognitoChecks } from "./checks/cognito.ts";
import { storageChecks } from "./checks/storage.ts";
import { wholeChecks } from "./checks/whole.ts";
import type { Template } from "./cloudformation.ts";
import { packageWith } from "./packaged.ts";

let template: Template;
beforeAll(async () => {
  const params = readFileSync(EXAMPLE_PARAMS, "utf8");
  template = await packageWith(params, "dev", "--param", "identityProvider=cognito");
});

describe("the template of a stage with a user pool of its own", () => {
  it.each([...cognitoChecks, ...storageChecks, ...wholeChecks])("$name", ({ holds }) => {
    holds(template, "dev");
  });

  it("says where users sign in and where tokens are issued", () => {
    const domain = "https://cielo24-proxy-dev-${AWS::AccountId}.auth.${AWS::Region}.amazoncognito.com";
    expect(template["Outputs"]).toMatchObject({
      UserPoolId: { Value: { Ref: "UserPool" } },
      BrowserClientId: { Value: { Ref: "BrowserClient" } },
      BackendClientId: { Value: { Ref: "BackendClient" } },
      OperatorsClientId: { Value: { Ref: "OperatorsClient" } },
      SignInUrl: { Value: { "Fn::Sub": `${domain}/oauth2/authorize` } },
      TokenUrl: { Value: { "Fn::Sub": `${domain}/oauth2/token` } },
    });
  });

  it("shows no client's secret", () => {
    expect(JSON.stringify(template)).not.toContain("ClientSecret");
  });
});

describe("such a template that was changed for the worse", () => {
  it.each(cognitoChecks)("is caught: $name", ({ holds, breakIt }) => {
    const broken = structuredClone(template);
    breakIt(broken);
    expect(() => {
      holds(broken, "dev");
    }).toThrow();
  });
});
