import { beforeAll, describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { FUNCTIONS } from "./checks/functions.ts";
import { at, type Json, type Template } from "./cloudformation.ts";
import { statementsPath } from "./grants.ts";
import { BUCKET, KEY, packageParts, PARTS } from "./optional-parts.ts";

/** `examples/aws/deploy-role.yml`, held to the templates that its role is for. */
const ROLE = parse(readFileSync("examples/aws/deploy-role.yml", "utf8")) as Template;

const PLACE: Readonly<Record<string, string>> = {
  "AWS::Partition": "aws",
  "AWS::Region": "us-east-1",
  "AWS::AccountId": "111122223333",
  "AWS::URLSuffix": "amazonaws.com",
};
const CHOSEN: Readonly<Record<string, string>> = {
  ...PLACE,
  Stage: "prod",
  SecretName: "cielo24/prod",
  ExistingBucket: BUCKET,
  KmsKeyArn: KEY,
};

/** A value as CloudFormation makes it, with every condition true. */
const resolve = (value: Json, names: Readonly<Record<string, string>>): Json => {
  if (Array.isArray(value)) return value.map((each) => resolve(each, names));
  if (value === null || typeof value !== "object") return value;
  const { Ref: ref, "Fn::Sub": text, "Fn::If": either, "Fn::GetAtt": attribute } = value;
  if (typeof ref === "string") return names[ref] ?? ref;
  if (typeof text === "string")
    return text.replaceAll(/\$\{([\w:.]+)\}/g, (_, name: string) => names[name] ?? `<${name}>`);
  if (Array.isArray(either)) return resolve(either[1] ?? null, names);
  if (Array.isArray(attribute)) {
    const [name, which] = attribute as readonly string[];
    return names[`${name}.${which}`] ?? `<${name}>`;
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner, names)]));
};

interface Statement {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}
const statementsOf = (policy: string): Statement[] =>
  resolve(at(ROLE, `${policy}.Properties.PolicyDocument.Statement`) ?? [], CHOSEN) as unknown as Statement[];

const isLike = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".")}$`,
  ).test(text);
const allows = (statements: readonly Statement[], action: string, resource: string): boolean =>
  statements.some(
    ({ Action, Resource }) =>
      Action.some((each) => isLike(each, action)) && [Resource].flat().some((each) => isLike(each, resource)),
  );

const arn = (service: string, rest: string) => `arn:aws:${service}:us-east-1:111122223333:${rest}`;
const text = (value: Json | undefined): string => {
  const resolved = value === undefined ? "" : resolve(value, PLACE);
  return typeof resolved === "string" ? resolved : JSON.stringify(resolved);
};
const STACK = "cielo24-proxy-prod";

type Properties = Readonly<Record<string, Json>>;
interface Kind {
  /** What CloudFormation calls to make, change, tag and delete one, as AWS documents it for each type of resource. */
  readonly actions: readonly string[];
  /** The ARN that is checked; a name that CloudFormation makes begins with the stack's and the logical one. */
  readonly arn: (properties: Properties, logical: string) => string;
}
const all = (service: string, ...names: readonly string[]) => names.map((name) => `${service}:${name}`);
const anyOf = (service: string, ...names: readonly string[]): Kind => ({
  actions: all(service, ...names),
  arn: () => "*",
});
const onFunction: Kind["arn"] = () => arn("lambda", `function:${STACK}-signUpload`);
const onRole: Kind["arn"] = (_, logical) =>
  `arn:aws:iam::111122223333:role/${STACK}-${logical.replace(/(Key|Vpc)Policy$/, "Role")}-1A2B3C`;
const onTopic: Kind["arn"] = () => arn("sns", `${STACK}-alarms`);
const onQueue: Kind["arn"] = () => arn("sqs", `${STACK}-media-dead-letter`);
const onBucket: Kind["arn"] = ({ BucketName }, logical) =>
  `arn:aws:s3:::${BucketName === undefined ? `${STACK}-${logical.toLowerCase()}-1a2b3c` : text(BucketName)}`;
const onAlarm: Kind["arn"] = ({ AlarmName }) => arn("cloudwatch", `alarm:${text(AlarmName)}`);
const onUserPool: Kind["arn"] = () => arn("cognito-idp", "userpool/us-east-1_1A2B3C");
const api = (path: string): Kind => ({
  actions: all("apigateway", "GET", "POST", "PATCH", "DELETE"),
  arn: () => `arn:aws:apigateway:us-east-1::${path}`,
});
const KINDS: Readonly<Record<string, Kind>> = {
  "AWS::S3::Bucket": {
    actions: all(
      "s3",
      ...["CreateBucket", "DeleteBucket", "ListBucket", "PutBucketTagging", "PutEncryptionConfiguration"],
      ...["PutBucketPublicAccessBlock", "PutBucketVersioning", "PutBucketOwnershipControls", "PutBucketCORS"],
      ...["PutLifecycleConfiguration", "PutBucketNotification", "PutBucketLogging"],
    ),
    arn: onBucket,
  },
  "AWS::S3::BucketPolicy": {
    actions: all("s3", "GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"),
    arn: (_, logical) => onBucket({}, logical),
  },
  "AWS::Logs::LogGroup": {
    actions: all("logs", "CreateLogGroup", "DeleteLogGroup", "PutRetentionPolicy", "TagResource"),
    arn: ({ LogGroupName }) => arn("logs", `log-group:${text(LogGroupName)}`),
  },
  "AWS::Logs::QueryDefinition": anyOf(
    "logs",
    ...["PutQueryDefinition", "DeleteQueryDefinition", "DescribeQueryDefinitions"],
  ),
  "AWS::Lambda::Function": {
    actions: [
      ...all("lambda", "CreateFunction", "DeleteFunction", "GetFunction", "UpdateFunctionCode", "TagResource"),
      ...all("lambda", "UpdateFunctionConfiguration", "PutFunctionConcurrency", "DeleteFunctionConcurrency"),
    ],
    arn: ({ FunctionName }) => arn("lambda", `function:${text(FunctionName)}`),
  },
  "AWS::Lambda::Permission": { actions: all("lambda", "AddPermission", "RemovePermission"), arn: onFunction },
  "AWS::Lambda::EventSourceMapping": anyOf(
    "lambda",
    ...["CreateEventSourceMapping", "UpdateEventSourceMapping", "DeleteEventSourceMapping", "GetEventSourceMapping"],
  ),
  "AWS::IAM::Role": {
    actions: all(
      "iam",
      "CreateRole",
      "DeleteRole",
      "GetRole",
      "PutRolePolicy",
      "DeleteRolePolicy",
      "PassRole",
      "TagRole",
    ),
    arn: onRole,
  },
  "AWS::IAM::RolePolicy": { actions: all("iam", "PutRolePolicy", "DeleteRolePolicy", "GetRolePolicy"), arn: onRole },
  "AWS::Events::EventBus": {
    actions: all("events", "CreateEventBus", "DeleteEventBus", "DescribeEventBus", "TagResource"),
    arn: ({ Name }) => arn("events", `event-bus/${text(Name)}`),
  },
  "AWS::Events::Rule": {
    actions: all("events", "PutRule", "DeleteRule", "DescribeRule", "PutTargets", "RemoveTargets", "TagResource"),
    arn: ({ Name, EventBusName }, logical) =>
      arn(
        "events",
        `rule/${EventBusName === undefined ? "" : `${STACK}/`}${Name === undefined ? `${STACK}-${logical}-1A2B3C` : text(Name)}`,
      ),
  },
  "AWS::SNS::Topic": {
    actions: all("sns", "CreateTopic", "DeleteTopic", "GetTopicAttributes", "SetTopicAttributes", "TagResource"),
    arn: ({ TopicName }) => arn("sns", text(TopicName)),
  },
  "AWS::SNS::TopicPolicy": { actions: all("sns", "SetTopicAttributes"), arn: onTopic },
  "AWS::SNS::Subscription": { actions: all("sns", "Subscribe"), arn: onTopic },
  "AWS::SQS::Queue": {
    actions: all("sqs", "CreateQueue", "DeleteQueue", "GetQueueAttributes", "SetQueueAttributes", "TagQueue"),
    arn: ({ QueueName }) => arn("sqs", text(QueueName)),
  },
  "AWS::SQS::QueuePolicy": { actions: all("sqs", "SetQueueAttributes"), arn: onQueue },
  "AWS::DynamoDB::Table": {
    actions: all(
      "dynamodb",
      ...["CreateTable", "DeleteTable", "DescribeTable", "UpdateTable", "UpdateTimeToLive", "UpdateContinuousBackups"],
      "TagResource",
    ),
    arn: ({ TableName }) => arn("dynamodb", `table/${text(TableName)}`),
  },
  "AWS::CloudWatch::Alarm": {
    actions: all("cloudwatch", "PutMetricAlarm", "DeleteAlarms", "TagResource"),
    arn: onAlarm,
  },
  "AWS::CloudWatch::CompositeAlarm": {
    actions: all("cloudwatch", "PutCompositeAlarm", "DeleteAlarms", "TagResource"),
    arn: onAlarm,
  },
  "AWS::CloudWatch::Dashboard": {
    actions: all("cloudwatch", "PutDashboard", "GetDashboard", "DeleteDashboards"),
    arn: ({ DashboardName }) => `arn:aws:cloudwatch::111122223333:dashboard/${text(DashboardName)}`,
  },
  "AWS::ApiGatewayV2::Api": api("/apis/1a2b3c"),
  "AWS::ApiGatewayV2::Stage": api("/apis/1a2b3c/stages/$default"),
  "AWS::ApiGatewayV2::Authorizer": api("/apis/1a2b3c/authorizers/1a2b"),
  "AWS::ApiGatewayV2::Integration": api("/apis/1a2b3c/integrations/1a2b"),
  "AWS::ApiGatewayV2::Route": api("/apis/1a2b3c/routes/1a2b"),
  "AWS::ApiGatewayV2::DomainName": api("/domainnames/proxy.captions.test"),
  "AWS::ApiGatewayV2::ApiMapping": api("/domainnames/proxy.captions.test/apimappings/1a2b"),
  "AWS::Cognito::UserPool": {
    actions: all("cognito-idp", "CreateUserPool", "DeleteUserPool", "UpdateUserPool", "SetUserPoolMfaConfig"),
    arn: onUserPool,
  },
  "AWS::Cognito::UserPoolClient": {
    actions: all("cognito-idp", "CreateUserPoolClient", "DeleteUserPoolClient", "UpdateUserPoolClient"),
    arn: onUserPool,
  },
  "AWS::Cognito::UserPoolDomain": {
    actions: all("cognito-idp", "CreateUserPoolDomain", "DeleteUserPoolDomain", "DescribeUserPoolDomain"),
    arn: onUserPool,
  },
  "AWS::Cognito::UserPoolResourceServer": {
    actions: all("cognito-idp", "CreateResourceServer", "DeleteResourceServer", "UpdateResourceServer"),
    arn: onUserPool,
  },
};

const POLICIES = [
  ...["StackPolicy", "FunctionsPolicy", "DataPolicy", "EventsPolicy"],
  ...["ExistingBucketPolicy", "KeyPolicy", "UserPoolPolicy"],
];
const granted = POLICIES.flatMap(statementsOf);

let whole: Template;
let existing: Template;
beforeAll(async () => {
  whole = await packageParts(
    { ...PARTS, alarmEmail: "operators@captions.test" },
    ...["--param", "identityProvider=cognito"],
  );
  existing = await packageParts({ existingBucket: BUCKET });
});

describe("the role for deploying a stage", () => {
  it("may make, change and delete everything in it, by the names that it has", () => {
    const lacking = [whole, existing].flatMap(({ Resources }) =>
      Object.entries(Resources).flatMap(([logical, { Type, Properties = {} }]) => {
        const kind = KINDS[Type];
        if (kind === undefined) return [`Say in this test what CloudFormation calls for ${Type}`];
        const on = kind.arn(Properties, logical);
        return kind.actions.filter((action) => !allows(granted, action, on)).map((action) => `${action} on ${on}`);
      }),
    );
    expect(new Set(lacking)).toEqual(new Set());
  });

  it("may do what the framework and npm run deploy do beside it", () => {
    const stack = arn("cloudformation", `stack/${STACK}/1a2b3c`);
    const zip = `arn:aws:s3:::${STACK}-serverlessdeploymentbucket-1a2b3c/serverless/cielo24-proxy/prod/1/census.zip`;
    for (const [action, on] of [
      ...["CreateChangeSet", "ExecuteChangeSet", "DescribeChangeSet", "DeleteChangeSet", "UpdateStack"].map(
        (name) => [`cloudformation:${name}`, stack] as const,
      ),
      ...["DescribeStacks", "DescribeStackEvents", "DescribeStackResource", "ListStackResources", "GetTemplate"].map(
        (name) => [`cloudformation:${name}`, stack] as const,
      ),
      ["cloudformation:UpdateTerminationProtection", stack],
      ["cloudformation:ValidateTemplate", "*"],
      ...["GetObject", "PutObject", "DeleteObject"].map((name) => [`s3:${name}`, zip] as const),
      ["dynamodb:UpdateTable", arn("dynamodb", `table/${STACK}-deliveries`)],
      ["lambda:GetAccountSettings", "*"],
      ["lambda:GetFunctionConcurrency", arn("lambda", `function:${STACK}-deliverMedia`)],
      ...["ListBucket", "GetBucketVersioning", "GetBucketNotification", "GetBucketCORS"].map(
        (name) => [`s3:${name}`, `arn:aws:s3:::${BUCKET}`] as const,
      ),
    ] as const)
      expect([action, on, allows(granted, action, on)]).toEqual([action, on, true]);
  });

  it.each([
    ["s3:GetObject", `arn:aws:s3:::${STACK}-media-111122223333-us-east-1/media/1/a.mp4`],
    ["s3:GetObject", `arn:aws:s3:::${BUCKET}/media/1/a.mp4`],
    ["s3:PutBucketNotification", `arn:aws:s3:::${BUCKET}`],
    ["dynamodb:GetItem", arn("dynamodb", `table/${STACK}-deliveries`)],
    ["sqs:ReceiveMessage", arn("sqs", `${STACK}-media`)],
    ["secretsmanager:GetSecretValue", arn("secretsmanager", "secret:cielo24/prod-1A2B3C")],
    ["lambda:InvokeFunction", arn("lambda", `function:${STACK}-census`)],
    ["lambda:UpdateFunctionCode", arn("lambda", "function:cielo24-proxy-dev-census")],
    ["iam:AttachRolePolicy", `arn:aws:iam::111122223333:role/${STACK}-CensusRole-1A2B3C`],
    ["iam:DeleteRolePermissionsBoundary", `arn:aws:iam::111122223333:role/${STACK}-CensusRole-1A2B3C`],
    ["iam:UpdateAssumeRolePolicy", "arn:aws:iam::111122223333:role/deploy-cielo24-proxy-prod"],
    ["iam:CreatePolicyVersion", "arn:aws:iam::111122223333:policy/deploy-cielo24-proxy-prod-boundary"],
  ])("threat 16: may not call %s on %s", (action, on) => {
    expect(allows(granted, action, on)).toBe(false);
  });

  it("threat 16: makes roles within the boundary alone, and gives them to Lambda alone", () => {
    for (const action of [
      "iam:CreateRole",
      "iam:PutRolePolicy",
      "iam:DeleteRolePolicy",
      "iam:PutRolePermissionsBoundary",
    ]) {
      const statements = granted.filter(({ Action }) => Action.includes(action));
      expect(statements.map(({ Condition }) => Condition)).toEqual([
        { StringEquals: { "iam:PermissionsBoundary": "Boundary" } },
      ]);
    }
    expect(granted.filter(({ Action }) => Action.includes("iam:PassRole"))).toMatchObject([
      { Condition: { StringEquals: { "iam:PassedToService": "lambda.amazonaws.com" } } },
    ]);
  });

  it("threat 16: is taken by tokens of one subject alone, which are for AWS", () => {
    expect(at(ROLE, "DeployRole.Properties.AssumeRolePolicyDocument.Statement")).toMatchObject([
      {
        Effect: "Allow",
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": { Ref: "Subject" },
          },
        },
      },
    ]);
  });

  it.each([...POLICIES, "Boundary"])("has in %s no more than IAM takes for a managed policy", (policy) => {
    const document = JSON.stringify(statementsOf(policy));
    expect(document.length).toBeGreaterThan(100);
    // 6,144 characters without blanks; regions and stages have longer names than here.
    expect(document.length).toBeLessThan(5_500);
  });
});

describe("the boundary of the stage's roles", () => {
  const boundary = statementsOf("Boundary");

  it.each(FUNCTIONS)("leaves %s all that its own policies grant", (name) => {
    for (const template of [whole, existing]) {
      const names = {
        ...PLACE,
        ...Object.fromEntries(
          Object.entries(template.Resources).flatMap(([logical, { Type, Properties = {} }]) => {
            const its = KINDS[Type]?.arn(Properties, logical) ?? "";
            return [[`${logical}.Arn`, its]];
          }),
        ),
      };
      const statements = [
        statementsPath(name),
        `${name}KeyPolicy.Properties.PolicyDocument.Statement`,
        `${name}VpcPolicy.Properties.PolicyDocument.Statement`,
      ].flatMap((path) => resolve(at(template, path) ?? [], names) as unknown as Statement[]);
      expect(statements.length).toBeGreaterThan(0);
      for (const { Action, Resource } of statements.filter(({ Effect }) => Effect === "Allow"))
        for (const action of Action)
          for (const on of [Resource].flat())
            expect([action, on, allows(boundary, action, on)]).toEqual([action, on, true]);
    }
  });

  it("leaves nothing else to anybody", () => {
    for (const [action, on] of [
      ["iam:CreateRole", "*"],
      ["s3:DeleteObject", `arn:aws:s3:::${BUCKET}/media/1/a.mp4`],
      ["s3:GetObject", `arn:aws:s3:::${BUCKET}/other/a.mp4`],
      ["dynamodb:DeleteItem", arn("dynamodb", `table/${STACK}-deliveries`)],
    ] as const)
      expect([action, allows(boundary, action, on)]).toEqual([action, false]);
  });
});
