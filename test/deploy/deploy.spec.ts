import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  DeleteRuleCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import { GetEventSourceMappingCommand, GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { SQSEvent } from "aws-lambda";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { httpEvent } from "../harness/http-event.ts";
import type { Environment } from "../lambda/environment.ts";
import { STAGES } from "../template/check.ts";
import { at, type Json } from "../template/cloudformation.ts";
import { FOLDERS } from "../template/environment.ts";
import { CIELO24_ACCOUNT, REGION, startAccount, type Account, type Inventory, type Stack } from "./account.ts";
import { startDeployed } from "./functions.ts";
import { LACKING } from "./lacking.ts";
import { copyService, type Service } from "./service.ts";

const MEDIA = readFileSync("test/media/moov-first.mp4");
const FUNCTIONS = Object.entries(FOLDERS) as [keyof typeof FOLDERS, string][];

/** What is to be closed, as far as it was started. */
const started = new AsyncDisposableStack();
let folder: string;
let account: Account;
let service: Service;
let lambda: LambdaClient;

beforeAll(async () => {
  const { MOTO: moto = "", ELASTICMQ: elasticMq = "" } = process.env;
  folder = await mkdtemp(join(tmpdir(), "deploy-"));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  account = started.adopt(await startAccount(folder, { moto, elasticMq }), ({ close }) => close());
  service = await copyService(join(folder, "service"), account.env);
  await service.setParameters({
    issuerUrl: account.issuerUrl,
    audience: "[captions]",
    corsOrigins: "[https://app.captions.test]",
    cielo24BaseUrl: account.cielo24.url,
    alarmEmail: "operators@captions.test",
  });
  lambda = started.adopt(new LambdaClient(account.clientConfig), (client) => {
    client.destroy();
  });
});
afterAll(() => started.disposeAsync());

const sha256 = (content: Buffer) => createHash("sha256").update(content).digest("base64");

describe.each(STAGES)("%s", (stage) => {
  const stackName = `cielo24-proxy-${stage}`;
  let inventory: Inventory;
  let before: Inventory;

  const stackIn = ({ stacks }: Inventory): Stack => {
    const stack = stacks[stackName];
    if (!stack) throw new Error(`There is no stack ${stackName}`);
    return stack;
  };
  const configurationOf = (name: string) =>
    lambda.send(
      new GetFunctionConfigurationCommand({
        FunctionName: stackIn(inventory).resources[`${name}LambdaFunction`] ?? "",
      }),
    );
  /** The hashes of the code that each function has, by their logical names. */
  const codeOfAll = async () =>
    Object.fromEntries(
      await Promise.all(FUNCTIONS.map(async ([name]) => [name, (await configurationOf(name)).CodeSha256] as const)),
    );
  const deploy = async () => {
    before = inventory;
    const printed = await service.deploy(stage);
    inventory = await account.takeInventory();
    return printed;
  };
  /** The ids of the stack's resources that the account holds, as far as their types can be listed. */
  const presentOf = (stack: Stack, { ids }: Inventory) =>
    Object.entries(stack.resources)
      .filter(([name, id]) => ids[stack.template.Resources[name]?.Type ?? ""]?.includes(id))
      .map(([name]) => name);

  describe("a first deployment", () => {
    let printed: string;
    let code: Record<string, string | undefined>;
    beforeAll(async () => {
      printed = await deploy();
      code = await codeOfAll();
    });

    it("makes every resource of the template", () => {
      const stack = stackIn(inventory);
      expect(Object.keys(stack.resources).sort()).toEqual(Object.keys(stack.template.Resources).sort());
      const types = Object.keys(inventory.ids);
      const listed = Object.entries(stack.template.Resources).filter(([, { Type }]) => types.includes(Type));
      expect(listed.length).toBeGreaterThan(90);
      expect(presentOf(stack, inventory).sort()).toEqual(listed.map(([name]) => name).sort());
    });

    it("gives the stack all its outputs, as texts", () => {
      const { outputs, template } = stackIn(inventory);
      expect(Object.keys(outputs).sort()).toEqual(Object.keys(template["Outputs"] as object).sort());
      for (const value of Object.values(outputs)) expect(value).toMatch(/^[\w./:?=#-]+$/);
    });

    it("protects the table from deletion, and says so", async () => {
      const table = stackIn(inventory).outputs["DeliveryTableName"] ?? "";
      expect(printed).toContain(`The table ${table} is now protected from deletion.`);
      const dynamoDb = new DynamoDBClient(account.clientConfig);
      const { Table } = await dynamoDb.send(new DescribeTableCommand({ TableName: table }));
      dynamoDb.destroy();
      expect(Table?.DeletionProtectionEnabled).toBe(true);
    });

    it(`${stage === "prod" ? "protects" : "does not protect"} the stack from being taken down`, () => {
      expect(stackIn(inventory).isProtected).toBe(stage === "prod");
    });

    it.each(FUNCTIONS)(
      "gives %s the zip that was built, and variables without anything left to fill in",
      async (name, zip) => {
        const { template, resources } = stackIn(inventory);
        const configuration = await configurationOf(name);
        expect(code[name]).toBe(sha256(await service.readZip(zip)));
        const given = configuration.Environment?.Variables ?? {};
        const wanted = at(template, `${name}LambdaFunction.Properties.Environment.Variables`) as Record<string, Json>;
        expect(Object.keys(given).sort()).toEqual(Object.keys(wanted).sort());
        for (const [variable, value] of Object.entries(wanted))
          if (typeof value !== "object") expect(given[variable]).toBe(String(value));
          else if (typeof (value as { Ref?: string }).Ref === "string")
            expect(given[variable]).toBe(resources[(value as { Ref: string }).Ref]);
          else expect(given[variable]).toMatch(/^(https|arn):[\w./:-]+$/);
      },
    );

    it("mails alarms and notices to the address that is given", () => {
      expect(Object.keys(stackIn(inventory).resources)).toEqual(expect.arrayContaining(["AlarmEmail", "NoticeEmail"]));
    });
  });

  it("deployed again, is what it was: no resource is made anew, no code is other", async () => {
    const code = await codeOfAll();
    expect(await deploy()).toContain("is still protected from deletion.");
    expect(stackIn(inventory).resources).toEqual(stackIn(before).resources);
    expect(inventory.ids).toEqual(before.ids);
    expect(await codeOfAll()).toEqual(code);
  });

  it("deployed with other parameters, has them, and all else that it had", async () => {
    const code = await codeOfAll();
    await service.setParameters({ settleS: "1900", maximumConcurrency: "7", alarmEmail: '""' });
    await deploy();
    const { resources } = stackIn(inventory);
    expect((await configurationOf("DeliverMedia")).Environment?.Variables?.["SETTLE_S"]).toBe("1900");
    const mapping = resources["DeliverMediaEventSourceMappingSQSMediaQueue"];
    const { ScalingConfig } = await lambda.send(new GetEventSourceMappingCommand({ UUID: mapping }));
    expect(ScalingConfig).toEqual({ MaximumConcurrency: 7 });
    // Nobody is mailed any more.
    const { AlarmEmail: ofAlarms, NoticeEmail: ofNotices, ...others } = stackIn(before).resources;
    expect(resources).toEqual(others);
    expect(before.ids["AWS::SNS::Subscription"]).toEqual(expect.arrayContaining([ofAlarms, ofNotices]));
    for (const id of [ofAlarms, ofNotices]) expect(inventory.ids["AWS::SNS::Subscription"]).not.toContain(id);
    expect(await codeOfAll()).toEqual(code);
    await service.setParameters({ settleS: "1800", maximumConcurrency: "2", alarmEmail: "operators@captions.test" });
  });

  it("deployed with other code, has it in the functions that use it, and all else that it had", async () => {
    const code = await codeOfAll();
    const file = "functions/health/handler.ts";
    await service.edit(file, "import ", '/* Changed. */ globalThis.name = "changed";\nimport ');
    await deploy();
    const { Health: healthBefore, ...othersBefore } = code;
    const { Health: health, ...others } = await codeOfAll();
    expect(health).not.toBe(healthBefore);
    expect(health).toBe(sha256(await service.readZip("health")));
    expect(others).toEqual(othersBefore);
    await service.edit(file, '/* Changed. */ globalThis.name = "changed";\n', "");
  });

  describe("what is deployed", () => {
    const environments: Environment[] = [];
    const start = async (name: keyof typeof FOLDERS): Promise<Environment> => {
      const environment = await startDeployed({
        lambda,
        functionName: stackIn(inventory).resources[`${name}LambdaFunction`] ?? "",
        zip: await service.readZip(FOLDERS[name]),
        directory: join(folder, stage, name),
        env: account.env,
        engine: process.env["LAMBDA_ENGINE"] ?? "",
      });
      environments.push(environment);
      return environment;
    };
    /** Calls the function behind a route of the API, with the event that API Gateway makes. */
    const call = async (routeKey: string, query: Record<string, string>) => {
      const { resources, outputs } = stackIn(inventory);
      const functionName = inventory.routes[outputs["HttpApiId"] ?? ""]?.[routeKey];
      const [name] = FUNCTIONS.find(([each]) => resources[`${each}LambdaFunction`] === functionName) ?? [];
      if (!name) throw new Error(`No function is behind ${routeKey}`);
      const event = httpEvent({ routeKey, query: new URLSearchParams(query).toString() });
      const environment = await start(name);
      const { statusCode, body } = (await environment.invoke(event)) as { statusCode: number; body: string };
      return { statusCode, body: JSON.parse(body) as Record<string, unknown> };
    };
    afterAll(async () => {
      await Promise.all(environments.map((environment) => environment.stop()));
    });

    it("takes an upload from the signed URL to the TaskId, and tells the event bus", async () => {
      const { outputs } = stackIn(inventory);
      const secrets = new SecretsManagerClient(account.clientConfig);
      const { username, securekey } = CIELO24_ACCOUNT;
      await secrets.send(
        new CreateSecretCommand({ Name: `cielo24/${stage}`, SecretString: JSON.stringify({ username, securekey }) }),
      );
      secrets.destroy();
      const queueUrl = outputs["MediaQueueUrl"] ?? "";
      const listener = await listenTo(outputs["MediaEventBusName"] ?? "", stage);

      const job = account.cielo24.addJob();
      const { body: signed, statusCode } = await call("GET /api/job/request_upload_url", {
        v: "1",
        job_id: job,
        filename: "lecture.mp4",
      });
      expect({ statusCode, signed }).toMatchObject({ statusCode: 200, signed: { upload_url: expect.any(String) } });
      const uploaded = await fetch(String(signed["upload_url"]), {
        method: "PUT",
        headers: signed["headers"] as Record<string, string>,
        body: MEDIA,
      });
      expect(uploaded.status).toBe(200);

      const deliverMedia = await start("DeliverMedia");
      const handOn = async (message: Message) => {
        const result = await deliverMedia.invoke(eventOf(message, outputs["MediaQueueArn"] ?? ""));
        expect(result).toEqual({ batchItemFailures: [] });
        const { ReceiptHandle } = message;
        await account.queues.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
      };
      // Before anything else, S3 sends a test event when the bucket is made.
      const test = await receive(account.queues, queueUrl);
      expect(test.Body).toContain("s3:TestEvent");
      await handOn(test);
      await handOn(await receive(account.queues, queueUrl));

      const [taken, ...more] = account.cielo24.acceptances.filter(({ jobId }) => jobId === job);
      expect(more).toEqual([]);
      expect(taken).toMatchObject({
        sizeBytes: MEDIA.length,
        sha256: createHash("sha256").update(MEDIA).digest("hex"),
      });
      const { body: delivery } = await call("GET /api/job/delivery", {
        v: "1",
        job_id: job,
      });
      expect(delivery).toMatchObject({ JobId: job, State: "DELIVERED", TaskId: taken?.taskId });
      expect(await listener.next()).toMatchObject({ "detail-type": "Media Delivered", detail: { JobId: job } });
      await listener.close();
    });
  });

  describe("taken down", () => {
    let removed: Stack;
    let after: Inventory;
    beforeAll(async () => {
      removed = stackIn(inventory);
      if (stage === "prod") {
        await expect(service.remove(stage)).rejects.toThrow("deletion protection is enabled");
        // As docs/deploy.md says.
        await service.edit("serverless.yml", "stages: [prod]", "stages: [none]");
        await deploy();
        removed = stackIn(inventory);
      }
      await service.remove(stage);
      after = await account.takeInventory();
    });

    it("leaves what is to be retained, bucket, table and queues among it, and nothing else", () => {
      const retained = Object.entries(removed.template.Resources)
        .filter(([, { DeletionPolicy: policy }]) => typeof policy === "string" && policy.startsWith("Retain"))
        .map(([name]) => name);
      expect(retained).toEqual(
        expect.arrayContaining(["MediaBucket", "DeliveryTable", "MediaQueue", "DeadLetterQueue"]),
      );
      expect(presentOf(removed, after).sort()).toEqual(retained.sort());
      expect(Object.keys(after.stacks)).not.toContain(stackName);
    });
  });
});

it("what moto lacks is listed in docs/development.md", () => {
  const page = readFileSync("docs/development.md", "utf8").replaceAll(/\s+/g, " ");
  expect(LACKING.filter(({ what, instead }) => ![what, instead].every((each) => page.includes(each)))).toEqual([]);
});

/** The next message of a queue; it is hidden from others from now on. */
const receive = async (sqs: SQSClient, QueueUrl: string): Promise<Message> => {
  const { Messages: [message] = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20, MessageSystemAttributeNames: ["All"] }),
  );
  if (!message) throw new Error("There is no message in 20 seconds");
  return message;
};

/** As Lambda hands a message to a function. */
const eventOf = (message: Message, eventSourceARN: string): SQSEvent => ({
  Records: [
    {
      messageId: message.MessageId ?? "",
      receiptHandle: message.ReceiptHandle ?? "",
      body: message.Body ?? "",
      attributes: message.Attributes as unknown as SQSEvent["Records"][0]["attributes"],
      messageAttributes: {},
      md5OfBody: message.MD5OfBody ?? "",
      eventSource: "aws:sqs",
      eventSourceARN,
      awsRegion: REGION,
    },
  ],
});

/** Subscribes to the event bus as an operator's program may: by a rule with a queue as its target. */
const listenTo = async (EventBusName: string, stage: string) => {
  const sqs = new SQSClient(account.clientConfig);
  const QueueName = `listener-${stage}`;
  const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName }));
  const events = new EventBridgeClient(account.clientConfig);
  const Rule = "listener";
  const EventPattern = JSON.stringify({ source: ["cielo24-proxy"] });
  await events.send(new PutRuleCommand({ Name: Rule, EventBusName, EventPattern }));
  const Arn = `arn:aws:sqs:${REGION}:123456789012:${QueueName}`;
  await events.send(new PutTargetsCommand({ Rule, EventBusName, Targets: [{ Id: "queue", Arn }] }));
  return {
    next: async (): Promise<unknown> => JSON.parse((await receive(sqs, QueueUrl)).Body ?? ""),
    /** Removes the rule, as whoever made one has to, before the stack is taken down. */
    close: async () => {
      await events.send(new RemoveTargetsCommand({ Rule, EventBusName, Ids: ["queue"] }));
      await events.send(new DeleteRuleCommand({ Name: Rule, EventBusName }));
      events.destroy();
      sqs.destroy();
    },
  };
};
