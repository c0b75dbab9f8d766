import assert from "node:assert/strict";
import { check, type Check } from "../check.ts";
import { findCircle, put, referencesIn, stringsIn } from "../cloudformation.ts";

/** 100 GiB are twelve digits, too. */
const withoutThresholds = (name: string, value: unknown): unknown => (name === "Threshold" ? undefined : value);

export const wholeChecks: Check[] = [
  check(
    "has no circle of references",
    (template) => {
      assert.equal(findCircle(template), undefined);
    },
    (template) => {
      put(template, "MediaQueuePolicy.Properties.PolicyDocument.Statement.0.Condition.ArnEquals.aws:SourceArn", {
        "Fn::GetAtt": ["MediaBucket", "Arn"],
      });
    },
  ),
  check(
    "has no circle between bucket or table and the authorizer that they wait for",
    (template) => {
      assert.equal(findCircle(template), undefined);
    },
    (template) => {
      put(template, "HttpApi.DependsOn", "DeliveryTable");
    },
  ),
  check(
    "refers to nothing that is not there",
    (template) => {
      const absent = referencesIn(template.Resources).filter(
        (name) => !name.startsWith("AWS::") && !(name in template.Resources),
      );
      assert.deepEqual(absent, []);
    },
    (template) => {
      put(template, "DeadLetterQueue", undefined);
    },
  ),
  check(
    "has every variable of the framework filled in",
    (template) => {
      assert.deepEqual(
        stringsIn(template).filter((text) => /\$\{(param|self|sls|opt|file|env):/.test(text)),
        [],
      );
    },
    (template) => {
      put(template, "MediaEventBus.Properties.Name", "${param:eventBusName}");
    },
  ),
  check(
    "names no account",
    (template) => {
      const resources: unknown = JSON.parse(JSON.stringify(template.Resources, withoutThresholds));
      assert.deepEqual(
        stringsIn(resources).filter((text) => /(?<![\d/])\d{12}(?!\d)/.test(text)),
        [],
      );
    },
    (template) => {
      put(template, "MediaBucket.Properties.BucketName", "media-123456789012");
    },
  ),
  check(
    "marks what it makes with the stage",
    (template, stage) => {
      for (const name of ["SignUploadLambdaFunction", "DeliverMediaLambdaFunction"])
        assert.deepEqual(template.Resources[name]?.Properties?.["Tags"], [
          { Key: "project", Value: "cielo24-proxy" },
          { Key: "stage", Value: stage },
        ]);
    },
    (template) => {
      put(template, "SignUploadLambdaFunction.Properties.Tags", []);
    },
  ),
  check(
    "makes a user pool only where it is asked for",
    (template) => {
      const isAsked = stringsIn(template.Resources["HttpApiAuthorizerJwt"]).some((text) =>
        text.includes("cognito-idp"),
      );
      const ofCognito = Object.values(template.Resources).filter(({ Type }) => Type.startsWith("AWS::Cognito::"));
      assert.equal(ofCognito.length > 0, isAsked);
    },
    (template) => {
      template.Resources["UserPool"] = { Type: "AWS::Cognito::UserPool" };
    },
  ),
];
