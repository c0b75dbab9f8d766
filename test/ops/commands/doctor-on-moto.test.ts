import { ApiGatewayV2Client, CreateApiCommand, CreateAuthorizerCommand } from "@aws-sdk/client-apigatewayv2";
import { CloudFormationClient, CreateStackCommand } from "@aws-sdk/client-cloudformation";
import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import {
  CreateTableCommand,
  DynamoDBClient,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import {
  CreateBucketCommand,
  PutBucketCorsCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, SetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { TABLE_KEYS } from "../../../dev/stack/table.ts";
import { startCommand } from "../../cli/command-line.ts";
import type { ExternalServer } from "../../contracts/external-server.ts";
import { startMoto } from "../../contracts/start-moto.ts";
import { useDrops } from "../../harness/drops.ts";

const program = process.env["MOTO"];
const HOW = 'MOTO="$(bash scripts/moto.sh)" runs it (needs Python)';
const ACCOUNT = "123456789012";
const REGION = "us-east-1";
const NAME = "cielo24-proxy-dev";
const BUCKET = `${NAME}-media`;
const TABLE = `${NAME}-deliveries`;
const QUEUE_ARN = `arn:aws:sqs:${REGION}:${ACCOUNT}:${NAME}-media`;
const CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local" };

type Checks = ReadonlyMap<string, { readonly is: string; readonly text: string }>;

const define = (moto: string) => {
  describe("ops doctor on a stage whose parts are moto's", () => {
    const local = useDrops();
    let server: ExternalServer;
    let at: { readonly endpoint: string; readonly region: string; readonly credentials: typeof CREDENTIALS };
    const clients: { destroy: () => void }[] = [];
    const client = <C extends { destroy: () => void }>(make: (config: typeof at) => C): C => {
      const made = make(at);
      clients.push(made);
      return made;
    };
    let s3: S3Client;
    let dynamodb: DynamoDBClient;
    let sqs: SQSClient;

    beforeAll(async () => {
      server = await startMoto(moto);
      at = { endpoint: server.endpoint, region: REGION, credentials: CREDENTIALS };
      s3 = client((config) => new S3Client({ ...config, forcePathStyle: true }));
      dynamodb = client((config) => new DynamoDBClient(config));
      sqs = client((config) => new SQSClient(config));
      const secret = await client((config) => new SecretsManagerClient(config)).send(
        new CreateSecretCommand({
          Name: "cielo24/dev",
          SecretString: JSON.stringify({
            username: local.stack.credentials.username,
            securekey: local.stack.credentials.securekey,
          }),
        }),
      );
      const gateway = client((config) => new ApiGatewayV2Client(config));
      const { ApiId } = await gateway.send(new CreateApiCommand({ Name: NAME, ProtocolType: "HTTP" }));
      const issuer = local.stack.identity.issuer;
      await gateway.send(
        new CreateAuthorizerCommand({
          ApiId,
          Name: "jwt",
          AuthorizerType: "JWT",
          IdentitySource: ["$request.header.Authorization"],
          JwtConfiguration: { Issuer: issuer, Audience: ["a"] },
        }),
      );
      const sns = client((config) => new SNSClient(config));
      const topics = await Promise.all(
        ["alarms", "notices"].map((name) => sns.send(new CreateTopicCommand({ Name: `${NAME}-${name}` }))),
      );
      for (const { TopicArn } of topics)
        await sns.send(new SubscribeCommand({ TopicArn, Protocol: "email", Endpoint: "operator@example.org" }));
      const queue = await sqs.send(new CreateQueueCommand({ QueueName: `${NAME}-media` }));
      const dead = await sqs.send(new CreateQueueCommand({ QueueName: `${NAME}-media-dead-letter` }));
      await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
      await dynamodb.send(new CreateTableCommand({ TableName: TABLE, ...TABLE_KEYS }));
      await client((config) => new CloudWatchClient(config)).send(
        new PutMetricAlarmCommand({
          AlarmName: `${NAME}-errors`,
          MetricName: "Errors",
          Namespace: "AWS/Lambda",
          Statistic: "Sum",
          Period: 300,
          EvaluationPeriods: 1,
          Threshold: 1,
          ComparisonOperator: "GreaterThanOrEqualToThreshold",
        }),
      );
      const Outputs = Object.entries({
        HttpApiUrl: local.stack.apiUrl,
        HttpApiId: ApiId ?? "",
        MediaBucketName: BUCKET,
        DeliveryTableName: TABLE,
        MediaQueueUrl: queue.QueueUrl ?? "",
        MediaQueueArn: QUEUE_ARN,
        DeadLetterQueueUrl: dead.QueueUrl ?? "",
        DeadLetterQueueArn: `${QUEUE_ARN}-dead-letter`,
        MediaEventBusName: NAME,
        Cielo24BaseUrl: local.cielo24.url,
        Cielo24SecretArn: secret.ARN ?? "",
        IssuerUrl: issuer,
        AlarmTopicArn: topics[0]?.TopicArn ?? "",
        NoticeTopicArn: topics[1]?.TopicArn ?? "",
      });
      await client((config) => new CloudFormationClient(config)).send(
        new CreateStackCommand({
          StackName: NAME,
          TemplateBody: JSON.stringify({
            Resources: { Topic: { Type: "AWS::SNS::Topic" } },
            Outputs: Object.fromEntries(Outputs.map(([name, Value]) => [name, { Value }])),
          }),
        }),
      );
    });
    afterAll(async () => {
      for (const each of clients) each.destroy();
      await server.close();
    });

    const check = async (): Promise<Checks> => {
      const env = {
        AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
        AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
        AWS_REGION: REGION,
        AWS_ENDPOINT_URL: server.endpoint,
      };
      const { stdout } = await startCommand(["ops", "doctor", "--stage", "dev", "--json"], env).ended;
      const { checks } = JSON.parse(stdout) as { checks: { name: string; is: string; text: string }[] };
      return new Map(checks.map(({ name, ...finding }) => [name, finding]));
    };
    const namesThat = (checks: Checks, is: string) =>
      [...checks].filter(([, finding]) => finding.is === is).map(([name]) => name);
    /** What `npm run deploy` would set, and is not there yet. */
    const LACKING = [
      "bucket-versioning",
      "bucket-notification",
      "bucket-cors",
      "bucket-public-access",
      "queue-policy",
      "queue-redrive",
      "table-expiry",
      "table-backups",
      "table-protection",
    ];

    it("names each thing that is not as it is deployed", async () => {
      const checks = await check();
      expect(namesThat(checks, "failed")).toEqual(expect.arrayContaining(LACKING));
      for (const name of ["identity", "secret", "cielo24-login", "authorizer", "table", "dead-letters", "alarms"])
        expect({ name, ...checks.get(name) }).toMatchObject({ name, is: "ok" });
      expect(checks.get("identity")?.text).toContain(ACCOUNT);
      // The functions are the local stack's.
      expect(checks.get("functions")?.text).toContain("Function not found");
    });

    it("finds all of it right once it is set", async () => {
      const Policy = JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Principal: { Service: "s3.amazonaws.com" },
            Action: "sqs:SendMessage",
            Resource: QUEUE_ARN,
            Condition: { ArnEquals: { "aws:SourceArn": `arn:aws:s3:::${BUCKET}` } },
          },
        ],
      });
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: `${QUEUE_ARN}-dead-letter`, maxReceiveCount: 1000 });
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `${NAME}-media` }));
      await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy, RedrivePolicy } }));
      await s3.send(new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration: { Status: "Enabled" } }));
      await s3.send(
        new PutBucketNotificationConfigurationCommand({
          Bucket: BUCKET,
          NotificationConfiguration: {
            QueueConfigurations: [
              {
                QueueArn: QUEUE_ARN,
                Events: ["s3:ObjectCreated:*"],
                Filter: { Key: { FilterRules: [{ Name: "prefix", Value: "media/" }] } },
              },
            ],
          },
        }),
      );
      const rule = { AllowedOrigins: ["*"], AllowedMethods: ["PUT", "POST", "GET", "DELETE"], ExposeHeaders: ["ETag"] };
      await s3.send(new PutBucketCorsCommand({ Bucket: BUCKET, CORSConfiguration: { CORSRules: [rule] } }));
      await s3.send(
        new PutPublicAccessBlockCommand({
          Bucket: BUCKET,
          PublicAccessBlockConfiguration: {
            BlockPublicAcls: true,
            BlockPublicPolicy: true,
            IgnorePublicAcls: true,
            RestrictPublicBuckets: true,
          },
        }),
      );
      await dynamodb.send(
        new UpdateTimeToLiveCommand({
          TableName: TABLE,
          TimeToLiveSpecification: { AttributeName: "expires_at", Enabled: true },
        }),
      );
      await dynamodb.send(
        new UpdateContinuousBackupsCommand({
          TableName: TABLE,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        }),
      );
      await dynamodb.send(new UpdateTableCommand({ TableName: TABLE, DeletionProtectionEnabled: true }));
      const checks = await check();
      expect(namesThat(checks, "failed").filter((name) => LACKING.includes(name))).toEqual([]);
    });

    it("names the alarms that are up", async () => {
      const cloudWatch = client((config) => new CloudWatchClient(config));
      await cloudWatch.send(
        new SetAlarmStateCommand({ AlarmName: `${NAME}-errors`, StateValue: "ALARM", StateReason: "a test" }),
      );
      expect((await check()).get("alarms")).toMatchObject({ is: "failed", text: `Up: ${NAME}-errors.` });
    });
  });
};

if (program) define(program);
else {
  process.stderr.write(`skipped: ops doctor on moto; ${HOW}\n`);
  it.skip(`ops doctor on moto; ${HOW}`, () => undefined);
}
