import { beforeAll, describe, expect, it } from "@jest/globals";
import { everyCheck } from "./checks/every.ts";
import { FUNCTIONS } from "./checks/functions.ts";
import { at, findCircle, namesOf, stringsIn, textAt, type Template } from "./cloudformation.ts";
import { grantsOf } from "./grants.ts";
import { BOUNDARY, BUCKET, CERTIFICATE, KEY, packageParts, PARTS } from "./optional-parts.ts";

let template: Template;
beforeAll(async () => {
  template = await packageParts(PARTS);
});

describe("a template with every optional part but an existing bucket", () => {
  /** What kmsKeyArn changes, and is checked below. ARNs of parameters name the account. */
  const OTHERWISE = [
    "encrypts objects",
    "encrypts every queue",
    "feeds no function before its role is there",
    "names no account",
  ];
  const CHECKS = everyCheck.filter(({ name }) => !OTHERWISE.includes(name));

  it.each(CHECKS)("still $name", ({ holds }) => {
    holds(template, "prod");
  });

  it("refers to nothing in a circle", () => {
    expect(findCircle(template)).toBeUndefined();
  });
});

describe("with kmsKeyArn", () => {
  it("bucket, table and both queues are encrypted with that key", () => {
    const [rule] = at(
      template,
      "MediaBucket.Properties.BucketEncryption.ServerSideEncryptionConfiguration",
    ) as unknown[];
    expect(rule).toEqual({
      ServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: KEY },
      BucketKeyEnabled: true,
    });
    expect(at(template, "DeliveryTable.Properties.SSESpecification")).toEqual({
      SSEEnabled: true,
      SSEType: "KMS",
      KMSMasterKeyId: KEY,
    });
    for (const queue of ["MediaQueue", "DeadLetterQueue"])
      expect(at(template, `${queue}.Properties`)).toMatchObject({ SqsManagedSseEnabled: false, KmsMasterKeyId: KEY });
  });

  /** What the key's use by a service takes, by what a role grants. */
  const NEEDS: readonly (readonly [grant: RegExp, service: string, actions: readonly string[]])[] = [
    [/^s3:GetObject/, "s3", ["Decrypt"]],
    [/^s3:PutObject/, "s3", ["Decrypt", "GenerateDataKey"]],
    [/^sqs:SendMessage/, "sqs", ["Decrypt", "GenerateDataKey"]],
    [/^sqs:ReceiveMessage/, "sqs", ["Decrypt"]],
    [/^dynamodb:(Batch)?Get|^dynamodb:Query/, "dynamodb", ["Decrypt", "DescribeKey"]],
    [/^dynamodb:UpdateItem/, "dynamodb", ["Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey*", "ReEncrypt*"]],
    [/^secretsmanager:/, "secretsmanager", ["Decrypt"]],
  ];

  it.each(FUNCTIONS)("threat 16: %s may use it as far as its other rights need it, by those services alone", (name) => {
    const granted = grantsOf(template, name);
    const needed = NEEDS.filter(([grant]) => granted.some((each) => grant.test(each))).flatMap(([, service, actions]) =>
      actions.map((action) => `kms:${action} by ${service}.\${AWS::Region}.amazonaws.com`),
    );
    const policy = `${name}KeyPolicy.Properties`;
    const statements = (at(template, `${policy}.PolicyDocument.Statement`) ?? []) as {
      Effect: string;
      Action: string[];
      Resource: string;
      Condition: { StringEquals: { "kms:ViaService": { "Fn::Sub": string } } };
    }[];
    if (statements.length > 0) expect(at(template, `${policy}.RoleName`)).toEqual({ Ref: `${name}Role` });
    for (const { Effect, Resource } of statements) expect([Effect, Resource]).toEqual(["Allow", KEY]);
    const uses = statements.flatMap(({ Action, Condition }) =>
      Action.map((action) => `${action} by ${Condition.StringEquals["kms:ViaService"]["Fn::Sub"]}`),
    );
    expect(uses.sort()).toEqual([...new Set(needed)].sort());
  });

  it("messages are taken only once the key may be used", () => {
    expect(at(template, "DeliverMediaEventSourceMappingSQSMediaQueue.DependsOn")).toContain("DeliverMediaKeyPolicy");
  });
});

describe("with permissionsBoundaryArn", () => {
  it("every role has that boundary", () => {
    for (const role of namesOf(template, "AWS::IAM::Role"))
      expect(at(template, `${role}.Properties.PermissionsBoundary`)).toBe(BOUNDARY);
  });
});

describe("with vpcSubnetIds and vpcSecurityGroupIds", () => {
  it.each(FUNCTIONS)("%s runs there, and is made once Lambda may make its interfaces", (name) => {
    expect(at(template, `${name}LambdaFunction.Properties.VpcConfig`)).toEqual({
      SubnetIds: { "Fn::Split": [",", "subnet-0123456789abcdef0,subnet-0123456789abcdef1"] },
      SecurityGroupIds: { "Fn::Split": [",", "sg-0123456789abcdef0"] },
    });
    expect(at(template, `${name}LambdaFunction.DependsOn`)).toContain(`${name}VpcPolicy`);
    expect(at(template, `${name}VpcPolicy.Properties.RoleName`)).toEqual({ Ref: `${name}Role` });
  });

  it.each(FUNCTIONS)("threat 16: the code of %s may not do with interfaces what Lambda may", (name) => {
    const [allow, deny] = at(template, `${name}VpcPolicy.Properties.PolicyDocument.Statement`) as Record<
      string,
      unknown
    >[];
    expect(allow).toMatchObject({ Effect: "Allow", Resource: "*" });
    for (const action of allow?.["Action"] as string[])
      expect(action).toMatch(/^ec2:(\w+Interfaces?|\w+Subnets|\w+Ip\w+)$/);
    expect(deny).toMatchObject({ Effect: "Deny", Action: allow?.["Action"], Resource: "*" });
    const own = `function:cielo24-proxy-prod-`;
    expect(textAt(template, `${name}LambdaFunction.Properties.FunctionName`)).toMatch(/^cielo24-proxy-prod-\w+$/);
    expect(stringsIn(deny?.["Condition"])).toEqual([expect.stringMatching(new RegExp(`:${own}\\*$`))]);
  });
});

describe("with domainName and certificateArn", () => {
  it("the API answers there, too, and outputs say where the domain's record must lead", () => {
    expect(at(template, "ApiDomain.Properties")).toEqual({
      DomainName: "proxy.captions.test",
      DomainNameConfigurations: [{ CertificateArn: CERTIFICATE, EndpointType: "REGIONAL", SecurityPolicy: "TLS_1_2" }],
    });
    expect(at(template, "ApiDomainMapping.Properties")).toEqual({
      DomainName: { Ref: "ApiDomain" },
      ApiId: { Ref: "HttpApi" },
      Stage: { Ref: "HttpApiStage" },
    });
    expect(template["Outputs"]).toMatchObject({
      ApiDomainUrl: { Value: { "Fn::Sub": "https://${ApiDomain}" } },
      ApiDomainTarget: { Value: { "Fn::GetAtt": ["ApiDomain", "RegionalDomainName"] } },
      ApiDomainHostedZoneId: { Value: { "Fn::GetAtt": ["ApiDomain", "RegionalHostedZoneId"] } },
    });
  });

  it("capability URLs stay at API Gateway's own address: no record, certificate or front of the domain is in their way", () => {
    expect(at(template, "DeliverMediaLambdaFunction.Properties.Environment.Variables.MEDIA_SOURCE_BASE_URL")).toEqual({
      "Fn::Sub": "https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}",
    });
  });
});

describe("with existingBucket", () => {
  let existing: Template;
  beforeAll(async () => {
    existing = await packageParts({ existingBucket: BUCKET, kmsKeyArn: KEY });
  });

  it("no bucket is made, and nothing is set on that one", () => {
    expect(namesOf(existing, "AWS::S3::Bucket")).toEqual(["ServerlessDeploymentBucket"]);
    expect(namesOf(existing, "AWS::S3::BucketPolicy")).toEqual(["ServerlessDeploymentBucketPolicy"]);
    expect(JSON.stringify(existing)).not.toContain("MediaBucket.");
    expect(JSON.stringify(existing)).not.toContain('"MediaBucket"');
    expect(findCircle(existing)).toBeUndefined();
  });

  it("a rule on the account's bus brings every new object under media/ to the queue, as EventBridge has it", () => {
    expect(at(existing, "ObjectCreatedRule.Properties")).toEqual({
      Name: "cielo24-proxy-prod-object-created",
      Description: expect.any(String),
      EventPattern: {
        source: ["aws.s3"],
        "detail-type": ["Object Created"],
        detail: { bucket: { name: [BUCKET] }, object: { key: [{ prefix: "media/" }] } },
      },
      Targets: [{ Id: "media-queue", Arn: { "Fn::GetAtt": ["MediaQueue", "Arn"] } }],
    });
  });

  it("the queue takes messages of that rule, and of S3 no more", () => {
    const statements = at(existing, "MediaQueuePolicy.Properties.PolicyDocument.Statement") as { Effect: string }[];
    expect(statements.filter(({ Effect }) => Effect === "Allow")).toEqual([
      {
        Sid: "RuleAnnouncesObjects",
        Effect: "Allow",
        Principal: { Service: "events.amazonaws.com" },
        Action: "sqs:SendMessage",
        Resource: { "Fn::GetAtt": ["MediaQueue", "Arn"] },
        Condition: { ArnEquals: { "aws:SourceArn": { "Fn::GetAtt": ["ObjectCreatedRule", "Arn"] } } },
      },
    ]);
  });

  it.each(FUNCTIONS)("threat 16: %s has the same rights to that bucket as to one of the stage's own", (name) => {
    const arn = "arn:${AWS::Partition}:s3:::" + BUCKET;
    const wanted = grantsOf(template, name).map((grant) => grant.replace("on MediaBucket", `on ${arn}`));
    expect(grantsOf(existing, name)).toEqual(wanted);
  });

  it("the functions and the outputs call it by its name", () => {
    for (const name of FUNCTIONS) {
      const own = at(template, `${name}LambdaFunction.Properties.Environment.Variables.BUCKET_NAME`);
      expect(at(existing, `${name}LambdaFunction.Properties.Environment.Variables.BUCKET_NAME`)).toEqual(
        own === undefined ? undefined : BUCKET,
      );
    }
    expect(existing["Outputs"]).toMatchObject({ MediaBucketName: { Value: BUCKET } });
  });
});
