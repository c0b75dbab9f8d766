import { beforeAll, describe, expect, it } from "@jest/globals";
import { longestStage } from "../../scripts/package/stage.ts";
import { at, namesOf, type Template } from "./cloudformation.ts";
import { packageWith } from "./packaged.ts";
import { paramsFileWith } from "./params-file.ts";

/** Texts that a reader of YAML would take for something else, none in quotation marks. */
const AUDIENCE = ["0123", "00123456789012345678901", "12345678901234567890", "1.10", "1e3", "0x10", "0o17", "1_000"];
const MORE_AUDIENCE = ["yes", "No", "true", "2026-01-02", "12:30:45", ".5", "+1", "-0", ".inf"];

const STAGE = "s".repeat(longestStage("us-east-1"));

describe("what stands in params.yml", () => {
  let template: Template;
  beforeAll(async () => {
    const file = paramsFileWith(
      STAGE,
      `audience: [${[...AUDIENCE, ...MORE_AUDIENCE].join(", ")}]`,
      "cielo24SecretName: 00012345678901234567",
      "ownerClaim: 1.10",
      "jobsClaim: 0042",
      "scopePrefix: 1.10.",
      "corsOrigins: [https://a.test, http://127.0.0.1:3000]",
      "settleS: 600",
      'maximumConcurrency: "3"',
      "resendAfterUnknown: true",
      "logRetentionDays: 30",
      "alarmEmail: first.last+ops@mail.captions.test",
    );
    template = await packageWith(file, STAGE, "--param", "idleTimeoutS=90", "--param", "mediaRetentionDays=60");
  });

  const variable = (name: string) =>
    at(template, `DeliverMediaLambdaFunction.Properties.Environment.Variables.${name}`);

  it("reaches API Gateway as it is written: audiences", () => {
    const audience = at(template, "HttpApiAuthorizerJwt.Properties.JwtConfiguration.Audience");
    expect(audience).toEqual([...AUDIENCE, ...MORE_AUDIENCE]);
  });

  it("reaches functions and roles as it is written: the secret's name, and the names of claims and scopes", () => {
    expect(variable("CIELO24_SECRET_ARN")).toEqual({
      "Fn::Sub": expect.stringMatching(/:secret:00012345678901234567$/),
    });
    const signUpload = at(template, "SignUploadLambdaFunction.Properties.Environment.Variables");
    expect(signUpload).toMatchObject({ OWNER_CLAIM: "1.10", JOBS_CLAIM: "0042", SCOPE_PREFIX: "1.10." });
  });

  it("reaches the topic of the alarms as it is written: who gets them by mail", () => {
    expect(at(template, "AlarmEmail")).toEqual({
      Type: "AWS::SNS::Subscription",
      Properties: { TopicArn: { Ref: "AlarmTopic" }, Protocol: "email", Endpoint: "first.last+ops@mail.captions.test" },
    });
  });

  it("is a number or a flag where the parameter is one, in quotation marks or not", () => {
    expect(at(template, "DeliverMediaLogGroup.Properties.RetentionInDays")).toBe(30);
    const source = "DeliverMediaEventSourceMappingSQSMediaQueue.Properties";
    expect(at(template, `${source}.ScalingConfig.MaximumConcurrency`)).toBe(3);
    expect([variable("SETTLE_S"), variable("RESEND_AFTER_UNKNOWN")].map(String)).toEqual(["600", "true"]);
  });

  it("gives way to --param", () => {
    expect([variable("IDLE_TIMEOUT_S")].map(String)).toEqual(["90"]);
    const [expire] = at(template, "MediaBucket.Properties.LifecycleConfiguration.Rules") as Record<string, unknown>[];
    expect(String(expire?.["ExpirationInDays"])).toBe("60");
  });
});

/** What AWS allows for a name. Sources: the services' API references. */
const LONGEST: Readonly<Record<string, readonly [property: string, length: number]>> = {
  "AWS::S3::Bucket": ["BucketName", 63],
  "AWS::Lambda::Function": ["FunctionName", 64],
  "AWS::IAM::Role": ["RoleName", 64],
  "AWS::Events::Rule": ["Name", 64],
  "AWS::Events::EventBus": ["Name", 256],
  "AWS::SQS::Queue": ["QueueName", 80],
  "AWS::SNS::Topic": ["TopicName", 256],
  "AWS::DynamoDB::Table": ["TableName", 255],
  "AWS::CloudWatch::Alarm": ["AlarmDescription", 1024],
  "AWS::CloudWatch::CompositeAlarm": ["AlarmDescription", 1024],
  "AWS::Logs::QueryDefinition": ["Name", 255],
  "AWS::CloudWatch::Dashboard": ["DashboardName", 255],
  "AWS::Logs::LogGroup": ["LogGroupName", 512],
  "AWS::ApiGatewayV2::Api": ["Name", 128],
  "AWS::Cognito::UserPool": ["UserPoolName", 128],
  "AWS::Cognito::UserPoolClient": ["ClientName", 128],
  "AWS::Cognito::UserPoolDomain": ["Domain", 63],
};

/** How many letters each name in a template may be longer. */
const spareLetters = (template: Template) =>
  Object.entries(LONGEST).flatMap(([type, [property, length]]) =>
    namesOf(template, type).flatMap((name) => {
      const value = at(template, `${name}.Properties.${property}`);
      if (value === undefined) return [];
      const pattern = typeof value === "string" ? value : String((value as Record<string, unknown>)["Fn::Sub"]);
      const whole = pattern.replaceAll("${AWS::AccountId}", "123456789012").replaceAll("${AWS::Region}", "us-east-1");
      expect(whole).not.toContain("${");
      return [{ name, letters: length - whole.length }];
    }),
  );

describe("a stage with a user pool of its own", () => {
  let template: Template;
  beforeAll(async () => {
    const unused = ["issuerUrl: none", "audience: []", "scopePrefix: x"];
    template = await packageWith(paramsFileWith(STAGE, "identityProvider: cognito", ...unused), STAGE);
  });

  it("needs nothing of an issuer", () => {
    expect(at(template, "HttpApiAuthorizerJwt.Properties.JwtConfiguration.Issuer.Fn::Sub")).toMatch(/cognito/);
  });

  it("has names that AWS takes, even if its own is as long as possible: the bucket's is the tightest", () => {
    const spare = spareLetters(template);
    expect(spare.filter(({ letters }) => letters < 0)).toEqual([]);
    expect(spare.find(({ name }) => name === "MediaBucket")).toEqual({ name: "MediaBucket", letters: 0 });
    expect(spare.map(({ name }) => name)).toContain("UserPoolDomain");
    expect(spare.length).toBeGreaterThan(30);
  });
});

describe("npx serverless package", () => {
  it("checks the parameters, too", async () => {
    const file = paramsFileWith("own", "settleS: 0", "deliveryMode: atuo");
    await expect(packageWith(file, "own", "--param", "setleS=1")).rejects.toMatchObject({
      stdout: expect.stringMatching(
        /setleS \(--param\) is no parameter.*\n.*deliveryMode \(own\) must be.*\n.*settleS \(own\) must be/,
      ),
    });
  });
});
