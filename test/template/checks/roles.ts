import assert from "node:assert/strict";
import { check, is, type Check } from "../check.ts";
import { at, namesOf, push, put, type Json, type Template } from "../cloudformation.ts";
import { grantsOf, statementsPath } from "../grants.ts";
import { FUNCTIONS } from "./functions.ts";

/** What each role may do besides writing its log and tracing: `<action> on <resource>[ if <condition>]`. */
const GRANTS: Readonly<Record<(typeof FUNCTIONS)[number], readonly string[]>> = {
  SignUpload: [
    "s3:PutObject on MediaBucket/media/*",
    "s3:AbortMultipartUpload on MediaBucket/media/*",
    "s3:ListMultipartUploadParts on MediaBucket/media/*",
    "secretsmanager:GetSecretValue on the secret",
    "dynamodb:GetItem on DeliveryTable",
    "dynamodb:UpdateItem on DeliveryTable",
    "events:PutEvents on MediaEventBus",
  ],
  DeliverMedia: [
    "s3:GetObject on MediaBucket/media/*",
    "s3:GetObjectVersion on MediaBucket/media/*",
    "s3:ListBucket on MediaBucket",
    "s3:ListBucketVersions on MediaBucket",
    "sqs:ReceiveMessage on MediaQueue",
    "sqs:DeleteMessage on MediaQueue",
    "sqs:GetQueueAttributes on MediaQueue",
    "sqs:ChangeMessageVisibility on MediaQueue",
    "sqs:SendMessage on MediaQueue",
    "sqs:SendMessage on DeadLetterQueue",
    "dynamodb:GetItem on DeliveryTable",
    "dynamodb:UpdateItem on DeliveryTable",
    "secretsmanager:GetSecretValue on the secret",
    "events:PutEvents on MediaEventBus",
  ],
  UpdateMetadata: ["secretsmanager:GetSecretValue on the secret", "dynamodb:UpdateItem on DeliveryTable if owner#*"],
  AddMedia: [
    "secretsmanager:GetSecretValue on the secret",
    "dynamodb:GetItem on DeliveryTable",
    "dynamodb:UpdateItem on DeliveryTable",
    "sqs:SendMessage on MediaQueue",
    "events:PutEvents on MediaEventBus",
  ],
  MediaSource: [
    "s3:GetObjectVersion on MediaBucket/media/*",
    "dynamodb:GetItem on DeliveryTable",
    "dynamodb:UpdateItem on DeliveryTable",
  ],
  DeliveryStatus: ["dynamodb:GetItem on DeliveryTable"],
  Census: [
    "s3:ListBucketVersions on MediaBucket",
    "dynamodb:GetItem on DeliveryTable",
    "dynamodb:BatchGetItem on DeliveryTable",
    "dynamodb:Query on DeliveryTable/index/open",
    "secretsmanager:GetSecretValue on the secret",
    "sqs:SendMessage on MediaQueue",
    "sqs:GetQueueAttributes on MediaQueue",
  ],
  Health: [],
};

const eachRole: Check[] = FUNCTIONS.map((name) =>
  check(
    `threat 16: lets ${name} do what it needs and nothing else`,
    (template) => {
      assert.deepEqual(
        grantsOf(template, name).sort(),
        [
          ...GRANTS[name],
          `logs:CreateLogStream on ${name}LogGroup`,
          `logs:PutLogEvents on ${name}LogGroup`,
          "xray:PutTraceSegments on *",
          "xray:PutTelemetryRecords on *",
        ].sort(),
      );
    },
    (template) => {
      push(template, statementsPath(name), {
        Effect: "Allow",
        Action: "s3:DeleteObject",
        Resource: { "Fn::Sub": "${MediaBucket.Arn}/media/*" },
      });
    },
  ),
);

const holdersOf = (template: Template, action: RegExp): string[] =>
  FUNCTIONS.filter((name) => grantsOf(template, name).some((grant) => action.test(grant))).sort();

const allow = (template: Template, name: string, action: string, resource: Json) => {
  push(template, statementsPath(name), { Effect: "Allow", Action: [action], Resource: resource });
};

export const roleChecks: Check[] = [
  ...eachRole,
  check(
    "threat 16: gives every function a role of its own",
    (template) => {
      for (const name of FUNCTIONS)
        assert.deepEqual(at(template, `${name}LambdaFunction.Properties.Role`), {
          "Fn::GetAtt": [`${name}Role`, "Arn"],
        });
    },
    (template) => {
      put(template, "HealthLambdaFunction.Properties.Role", { "Fn::GetAtt": ["DeliverMediaRole", "Arn"] });
    },
  ),
  check(
    "threat 16: has no role besides",
    (template) => {
      assert.deepEqual(namesOf(template, "AWS::IAM::Role").sort(), FUNCTIONS.map((name) => `${name}Role`).sort());
    },
    (template) => {
      template.Resources["IamRoleLambdaExecution"] = { Type: "AWS::IAM::Role" };
    },
  ),
  check(
    "lets Lambda alone take the roles",
    (template) => {
      for (const name of FUNCTIONS)
        assert.deepEqual(at(template, `${name}Role.Properties.AssumeRolePolicyDocument.Statement`), [
          { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
        ]);
    },
    (template) => {
      put(template, "CensusRole.Properties.AssumeRolePolicyDocument.Statement.0.Principal", { AWS: "*" });
    },
  ),
  check(
    "threat 16: attaches no managed policy",
    (template) => {
      for (const name of FUNCTIONS) assert.equal(at(template, `${name}Role.Properties.ManagedPolicyArns`), undefined);
    },
    (template) => {
      put(template, "CensusRole.Properties.ManagedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"]);
    },
  ),
  check(
    "threat 16: grants no action by wildcard",
    (template) => {
      for (const name of FUNCTIONS)
        for (const grant of grantsOf(template, name)) assert.doesNotMatch(grant, /^\S*\*\S* on /);
    },
    (template) => {
      allow(template, "Health", "dynamodb:*", { "Fn::GetAtt": ["DeliveryTable", "Arn"] });
    },
  ),
  check(
    "threat 16: grants on every resource tracing alone",
    (template) => {
      for (const name of FUNCTIONS)
        for (const grant of grantsOf(template, name)) assert.ok(!grant.endsWith(" on *") || grant.startsWith("xray:"));
    },
    (template) => {
      allow(template, "Health", "sqs:SendMessage", "*");
    },
  ),
  check(
    "lets deliver-media and media-source alone read media",
    (template) => {
      assert.deepEqual(holdersOf(template, /^s3:Get/), ["DeliverMedia", "MediaSource"]);
    },
    (template) => {
      allow(template, "SignUpload", "s3:GetObject", { "Fn::Sub": "${MediaBucket.Arn}/media/*" });
    },
  ),
  check(
    "threat 16: lets deliver-media and the census alone list media, and never media-source",
    (template) => {
      assert.deepEqual(holdersOf(template, /^s3:ListBucket /), ["DeliverMedia"]);
      assert.deepEqual(holdersOf(template, /^s3:ListBucketVersions /), ["Census", "DeliverMedia"]);
    },
    (template) => {
      allow(template, "MediaSource", "s3:ListBucketVersions", { "Fn::GetAtt": ["MediaBucket", "Arn"] });
    },
  ),
  check(
    "lets sign-upload alone write media",
    (template) => {
      assert.deepEqual(holdersOf(template, /^s3:Put/), ["SignUpload"]);
    },
    (template) => {
      allow(template, "AddMedia", "s3:PutObject", { "Fn::Sub": "${MediaBucket.Arn}/media/*" });
    },
  ),
  check(
    "lets nobody replace a row, which would wipe what the row remembers",
    (template) => {
      assert.deepEqual(holdersOf(template, /^dynamodb:(Put|BatchWrite|PartiQL)/), []);
    },
    (template) => {
      allow(template, "AddMedia", "dynamodb:PutItem", { "Fn::GetAtt": ["DeliveryTable", "Arn"] });
    },
  ),
  check(
    "lets nobody delete media or rows",
    (template) => {
      assert.deepEqual(holdersOf(template, /^(s3|dynamodb):\S*Delete/), []);
    },
    (template) => {
      allow(template, "Census", "dynamodb:DeleteItem", { "Fn::GetAtt": ["DeliveryTable", "Arn"] });
    },
  ),
  check(
    "lets the functions that call cielo24 alone read its credentials",
    (template) => {
      assert.deepEqual(holdersOf(template, /^secretsmanager:/), [
        "AddMedia",
        "Census",
        "DeliverMedia",
        "SignUpload",
        "UpdateMetadata",
      ]);
    },
    (template) => {
      allow(template, "DeliveryStatus", "secretsmanager:GetSecretValue", "the secret");
    },
  ),
  check(
    "grants the secret with the suffix that Secrets Manager gives it",
    (template, stage) => {
      for (const name of ["AddMedia", "Census", "DeliverMedia", "SignUpload", "UpdateMetadata"])
        assert.deepEqual(at(template, `${statementsPath(name)}.[Sid=ReadCredentials].Resource`), {
          "Fn::Sub": `arn:\${AWS::Partition}:secretsmanager:\${AWS::Region}:\${AWS::AccountId}:secret:cielo24/${stage}-??????`,
        });
    },
    (template) => {
      put(template, `${statementsPath("AddMedia")}.[Sid=ReadCredentials].Resource`, "*");
    },
  ),
  is(
    "lets deliver-media list the bucket and its versions, without a condition, which would turn 404 into 403",
    `${statementsPath("DeliverMedia")}.[Sid=TellAbsentFromForbidden]`,
    {
      Sid: "TellAbsentFromForbidden",
      Effect: "Allow",
      Action: ["s3:ListBucket", "s3:ListBucketVersions"],
      Resource: { "Fn::GetAtt": ["MediaBucket", "Arn"] },
    },
    {
      Sid: "TellAbsentFromForbidden",
      Effect: "Allow",
      Action: ["s3:ListBucket", "s3:ListBucketVersions"],
      Resource: { "Fn::GetAtt": ["MediaBucket", "Arn"] },
      Condition: { StringLike: { "s3:prefix": "media/*" } },
    },
  ),
];
