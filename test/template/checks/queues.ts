import assert from "node:assert/strict";
import { check, is, type Check } from "../check.ts";
import { at, textAt, namesOf, put } from "../cloudformation.ts";

const QUEUE = "MediaQueue.Properties";
const DEAD = "DeadLetterQueue.Properties";
const MAPPING = "DeliverMediaEventSourceMappingSQSMediaQueue.Properties";
const POLICY = "MediaQueuePolicy.Properties.PolicyDocument.Statement";

export const queueChecks: Check[] = [
  ...["MediaQueue", "DeadLetterQueue"].flatMap((name) => [
    is(
      `keeps ${name} when the stack goes, but not when its first deployment fails`,
      `${name}.DeletionPolicy`,
      "RetainExceptOnCreate",
      "Retain",
    ),
    is(`keeps ${name} when it is replaced`, `${name}.UpdateReplacePolicy`, "Retain", "Delete"),
  ]),
  is("keeps messages for seven days", `${QUEUE}.MessageRetentionPeriod`, 7 * 86_400, 345_600),
  is("keeps dead letters for fourteen days", `${DEAD}.MessageRetentionPeriod`, 14 * 86_400, 345_600),
  check(
    "hides a message for six times the function's timeout",
    (template) => {
      const timeoutS = Number(at(template, "DeliverMediaLambdaFunction.Properties.Timeout"));
      assert.equal(at(template, `${QUEUE}.VisibilityTimeout`), 6 * timeoutS);
    },
    (template) => {
      put(template, `${QUEUE}.VisibilityTimeout`, 900);
    },
  ),
  is(
    "fault 38: gives a message up by its age: it may be received as often as SQS lets a message be",
    `${QUEUE}.RedrivePolicy`,
    { deadLetterTargetArn: { "Fn::GetAtt": ["DeadLetterQueue", "Arn"] }, maxReceiveCount: 1000 },
    { deadLetterTargetArn: { "Fn::GetAtt": ["DeadLetterQueue", "Arn"] }, maxReceiveCount: 250 },
  ),
  check(
    "fault 38: tells the worker which receive is the last",
    (template) => {
      assert.equal(
        at(template, "DeliverMediaLambdaFunction.Properties.Environment.Variables.MAX_RECEIVES"),
        textAt(template, `${QUEUE}.RedrivePolicy.maxReceiveCount`),
      );
    },
    (template) => {
      put(template, "DeliverMediaLambdaFunction.Properties.Environment.Variables.MAX_RECEIVES", "5");
    },
  ),
  is(
    "takes dead letters of the media queue alone",
    `${DEAD}.RedriveAllowPolicy.redrivePermission`,
    "byQueue",
    "allowAll",
  ),
  check(
    "encrypts every queue",
    (template) => {
      for (const name of namesOf(template, "AWS::SQS::Queue"))
        assert.equal(at(template, `${name}.Properties.SqsManagedSseEnabled`), true, name);
    },
    (template) => {
      put(template, `${DEAD}.SqsManagedSseEnabled`, false);
    },
  ),
  is(
    "threat 13: takes messages from this account's bucket alone",
    `${POLICY}.[Sid=BucketAnnouncesObjects]`,
    (stage) => ({
      Sid: "BucketAnnouncesObjects",
      Effect: "Allow",
      Principal: { Service: "s3.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: { "Fn::GetAtt": ["MediaQueue", "Arn"] },
      Condition: {
        ArnEquals: {
          "aws:SourceArn": {
            "Fn::Sub": `arn:\${AWS::Partition}:s3:::cielo24-proxy-${stage}-media-\${AWS::AccountId}-\${AWS::Region}`,
          },
        },
        StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } },
      },
    }),
    { Sid: "BucketAnnouncesObjects" },
  ),
  check(
    "names the same bucket in the queue's policy as it makes",
    (template) => {
      const { "Fn::Sub": arn } = at(template, `${POLICY}.0.Condition.ArnEquals.aws:SourceArn`) as { "Fn::Sub": string };
      const { "Fn::Sub": name } = at(template, "MediaBucket.Properties.BucketName") as { "Fn::Sub": string };
      assert.equal(arn, `arn:\${AWS::Partition}:s3:::${name}`);
    },
    (template) => {
      put(template, "MediaBucket.Properties.BucketName", { "Fn::Sub": "media-${AWS::AccountId}" });
    },
  ),
  check(
    "threat 12: refuses plain HTTP to every queue",
    (template) => {
      for (const name of ["MediaQueue", "DeadLetterQueue"])
        assert.deepEqual(at(template, `${name}Policy.Properties.PolicyDocument.Statement.[Sid=TlsOnly]`), {
          Sid: "TlsOnly",
          Effect: "Deny",
          Principal: "*",
          Action: "sqs:*",
          Resource: { "Fn::GetAtt": [name, "Arn"] },
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        });
    },
    (template) => {
      put(template, "DeadLetterQueuePolicy.Properties.PolicyDocument.Statement.0.Condition", undefined);
    },
  ),
  is("feeds deliver-media from the queue", `${MAPPING}.EventSourceArn`, { "Fn::GetAtt": ["MediaQueue", "Arn"] }),
  is("delivers one message at a time", `${MAPPING}.BatchSize`, 1, 10),
  is("hears which messages have to come back", `${MAPPING}.FunctionResponseTypes`, ["ReportBatchItemFailures"], []),
  is(
    "paces deliveries as the stage wants",
    `${MAPPING}.ScalingConfig.MaximumConcurrency`,
    (stage) => (stage === "dev" ? 2 : 10),
    1000,
  ),
  check(
    "feeds no function before its role is there",
    (template) => {
      assert.deepEqual([at(template, "DeliverMediaEventSourceMappingSQSMediaQueue.DependsOn")].flat(), [
        "DeliverMediaRole",
      ]);
      assert.deepEqual(namesOf(template, "AWS::IAM::Policy"), []);
    },
    (template) => {
      put(template, "DeliverMediaEventSourceMappingSQSMediaQueue.DependsOn", undefined);
    },
  ),
];
