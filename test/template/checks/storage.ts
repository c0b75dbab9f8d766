import assert from "node:assert/strict";
import { check, is, type Check } from "../check.ts";
import { TABLE_KEYS } from "../../../dev/stack/table.ts";
import { at, namesOf, put } from "../cloudformation.ts";

const BUCKET = "MediaBucket.Properties";
const POLICY = "MediaBucketPolicy.Properties.PolicyDocument.Statement";
const TABLE = "DeliveryTable.Properties";
const LIFECYCLE = `${BUCKET}.LifecycleConfiguration.Rules`;

export const storageChecks: Check[] = [
  is(
    "keeps the bucket when the stack goes, but not when its first deployment fails",
    "MediaBucket.DeletionPolicy",
    "RetainExceptOnCreate",
    "Retain",
  ),
  is("keeps the bucket when it is replaced", "MediaBucket.UpdateReplacePolicy", "Retain", "Delete"),
  is("threat 9: keeps versions of objects", `${BUCKET}.VersioningConfiguration.Status`, "Enabled", "Suspended"),
  is(
    "encrypts objects",
    `${BUCKET}.BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.SSEAlgorithm`,
    "AES256",
  ),
  is(
    "threat 12: blocks public access",
    `${BUCKET}.PublicAccessBlockConfiguration`,
    { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
    { BlockPublicAcls: true, BlockPublicPolicy: false, IgnorePublicAcls: true, RestrictPublicBuckets: true },
  ),
  is(
    "threat 12: knows no ACLs",
    `${BUCKET}.OwnershipControls.Rules.0.ObjectOwnership`,
    "BucketOwnerEnforced",
    "ObjectWriter",
  ),
  is(
    "threat 12: refuses plain HTTP to bucket and objects",
    `${POLICY}.[Sid=TlsOnly]`,
    {
      Sid: "TlsOnly",
      Effect: "Deny",
      Principal: "*",
      Action: "s3:*",
      Resource: [{ "Fn::GetAtt": ["MediaBucket", "Arn"] }, { "Fn::Sub": "${MediaBucket.Arn}/*" }],
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    },
    { Sid: "TlsOnly" },
  ),
  is(
    "refuses requests that were signed more than an hour ago",
    `${POLICY}.[Sid=SignedWithinTheHour]`,
    {
      Sid: "SignedWithinTheHour",
      Effect: "Deny",
      Principal: "*",
      Action: "s3:*",
      Resource: { "Fn::Sub": "${MediaBucket.Arn}/*" },
      Condition: { NumericGreaterThan: { "s3:signatureAge": "3600000" } },
    },
    { Sid: "SignedWithinTheHour" },
  ),
  check(
    "threat 12: grants nobody anything by the bucket policy",
    (template) => {
      const statements = at(template, POLICY);
      assert.ok(Array.isArray(statements));
      statements.forEach((_, index) => {
        assert.equal(at(template, `${POLICY}.${index}.Effect`), "Deny");
      });
    },
    (template) => {
      put(template, `${POLICY}.0.Effect`, "Allow");
    },
  ),
  is(
    "lets the stage's pages upload",
    `${BUCKET}.CorsConfiguration.CorsRules.0.AllowedOrigins`,
    (stage) => (stage === "dev" ? ["http://localhost:3000"] : ["https://app.example"]),
    ["*"],
  ),
  is(
    "lets pages do what is signed for them",
    `${BUCKET}.CorsConfiguration.CorsRules.0.AllowedMethods`,
    ["PUT", "POST", "GET", "DELETE"],
    ["PUT"],
  ),
  is("shows pages the ETags of parts", `${BUCKET}.CorsConfiguration.CorsRules.0.ExposedHeaders`, ["ETag"], []),
  is("expires media", `${LIFECYCLE}.[Id=expire-media].ExpirationInDays`, 30, 1),
  is("expires old versions of media, too", `${LIFECYCLE}.[Id=expire-media].NoncurrentVersionExpiration`, {
    NoncurrentDays: 30,
  }),
  check(
    "keeps media and its versions longer than any message",
    (template) => {
      const messageDays = Number(at(template, "DeadLetterQueue.Properties.MessageRetentionPeriod")) / 86_400;
      const rule = `${LIFECYCLE}.[Id=expire-media]`;
      assert.ok(Number(at(template, `${rule}.ExpirationInDays`)) >= messageDays);
      assert.ok(Number(at(template, `${rule}.NoncurrentVersionExpiration.NoncurrentDays`)) >= messageDays);
    },
    (template) => {
      put(template, `${LIFECYCLE}.[Id=expire-media].NoncurrentVersionExpiration.NoncurrentDays`, 1);
    },
  ),
  is(
    "fault 48: aborts abandoned uploads after a week",
    `${LIFECYCLE}.[Id=abort-abandoned-uploads].AbortIncompleteMultipartUpload.DaysAfterInitiation`,
    7,
  ),
  check(
    "has every lifecycle rule switched on",
    (template) => {
      const rules = at(template, LIFECYCLE);
      assert.ok(Array.isArray(rules) && rules.length === 3);
      rules.forEach((_, index) => {
        assert.equal(at(template, `${LIFECYCLE}.${index}.Status`), "Enabled");
      });
    },
    (template) => {
      put(template, `${LIFECYCLE}.1.Status`, "Disabled");
    },
  ),
  check(
    "announces new objects under media/ to the queue, and nothing else",
    (template) => {
      assert.deepEqual(at(template, `${BUCKET}.NotificationConfiguration`), {
        QueueConfigurations: [
          {
            Event: "s3:ObjectCreated:*",
            Queue: { "Fn::GetAtt": ["MediaQueue", "Arn"] },
            Filter: { S3Key: { Rules: [{ Name: "prefix", Value: "media/" }] } },
          },
        ],
      });
    },
    (template) => {
      put(template, `${BUCKET}.NotificationConfiguration.QueueConfigurations.0.Event`, "s3:ObjectCreated:Put");
    },
  ),
  check(
    "makes the bucket after the queue's policy",
    (template) => {
      assert.ok([at(template, "MediaBucket.DependsOn")].flat().includes("MediaQueuePolicy"));
    },
    (template) => {
      put(template, "MediaBucket.DependsOn", "HttpApiAuthorizerJwt");
    },
  ),
  check(
    "makes bucket and table after the authorizer, which fails most: then nothing of them is left behind",
    (template) => {
      for (const name of ["MediaBucket", "DeliveryTable"])
        assert.ok([at(template, `${name}.DependsOn`)].flat().includes("HttpApiAuthorizerJwt"), name);
    },
    (template) => {
      put(template, "DeliveryTable.DependsOn", undefined);
    },
  ),
  is(
    "keeps the table when the stack goes, but not when its first deployment fails",
    "DeliveryTable.DeletionPolicy",
    "RetainExceptOnCreate",
    "Retain",
  ),
  is("keeps the table when it is replaced", "DeliveryTable.UpdateReplacePolicy", "Retain", "Delete"),
  check(
    "leaves the table's protection from deletion to npm run deploy: a roll-back could not delete a protected table",
    (template) => {
      assert.equal(at(template, `${TABLE}.DeletionProtectionEnabled`), undefined);
    },
    (template) => {
      put(template, `${TABLE}.DeletionProtectionEnabled`, true);
    },
  ),
  is(
    "can restore the table to any second",
    `${TABLE}.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled`,
    true,
    false,
  ),
  is("encrypts the table", `${TABLE}.SSESpecification.SSEEnabled`, true, false),
  is("pays for the table by request", `${TABLE}.BillingMode`, "PAY_PER_REQUEST", "PROVISIONED"),
  is("has the job as the table's key", `${TABLE}.KeySchema`, [{ AttributeName: "job_id", KeyType: "HASH" }]),
  is(
    "has an index of what is open, keys only, as the local stack has it",
    `${TABLE}.GlobalSecondaryIndexes`,
    TABLE_KEYS.GlobalSecondaryIndexes,
  ),
  is("lets rows expire", `${TABLE}.TimeToLiveSpecification`, { AttributeName: "expires_at", Enabled: true }),
  is(
    "names the table, so that no second stack starts an empty ledger",
    `${TABLE}.TableName`,
    (stage) => `cielo24-proxy-${stage}-deliveries`,
  ),
  check(
    "holds no secret, only the name of one",
    (template) => {
      assert.deepEqual(namesOf(template, "AWS::SecretsManager::Secret"), []);
    },
    (template) => {
      template.Resources["Secret"] = { Type: "AWS::SecretsManager::Secret" };
    },
  ),
  is(
    "blocks public access to the bucket of the zips",
    "ServerlessDeploymentBucket.Properties.PublicAccessBlockConfiguration.RestrictPublicBuckets",
    true,
  ),
];
