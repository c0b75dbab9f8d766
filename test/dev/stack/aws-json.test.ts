import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { awsClientOptions } from "../../../lib/aws-client.ts";
import { startAwsJson, type AwsJsonServer } from "../../../dev/stack/aws-json.ts";
import { createEventBus } from "../../../dev/stack/event-bus.ts";
import { createSecrets } from "../../../dev/stack/secrets.ts";
import { startTable, type Table } from "../../../dev/stack/table.ts";

const REGION = "us-east-1";
const secrets = createSecrets(REGION, { username: "u", securekey: "s" });
const bus = createEventBus();
let table: Table;
let server: AwsJsonServer;
let secretsClient: SecretsManagerClient;
let busClient: EventBridgeClient;
let tableClient: DynamoDBClient;

beforeAll(async () => {
  table = await startTable(REGION);
  server = await startAwsJson({
    services: { secretsmanager: secrets.service, AWSEvents: bus.service, DynamoDB_20120810: table.service },
  });
  const options = clientOptions(5_000);
  secretsClient = new SecretsManagerClient(options);
  busClient = new EventBridgeClient(options);
  tableClient = new DynamoDBClient(options);
});
afterEach(() => {
  server.faults.clear();
  server.calls.length = 0;
});
afterAll(async () => {
  for (const client of [secretsClient, busClient, tableClient]) client.destroy();
  await server.close();
  await table.close();
});

const clientOptions = (requestTimeoutMs: number) => {
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  return awsClientOptions({ region: REGION, endpoint: server.url, credentials }, { requestTimeoutMs, maxAttempts: 2 });
};
const readSecret = (id = secrets.arn) => secretsClient.send(new GetSecretValueCommand({ SecretId: id }));
const putEvent = (entry: object) =>
  busClient.send(
    new PutEventsCommand({
      Entries: [{ EventBusName: bus.name, Source: "test", DetailType: "Tested", Detail: "{}", ...entry }],
    }),
  );
const putItem = (id: string) =>
  tableClient.send(new PutItemCommand({ TableName: table.name, Item: { job_id: { S: id } } }));
const getItem = async (id: string) =>
  (await tableClient.send(new GetItemCommand({ TableName: table.name, Key: { job_id: { S: id } } }))).Item;

describe("the simulated Secrets Manager", () => {
  it("gives the secret by its ARN, whole or as the template names it", async () => {
    for (const id of [secrets.arn, secrets.arn.slice(0, -7)])
      expect((await readSecret(id)).SecretString).toBe('{"username":"u","securekey":"s"}');
  });

  it("gives the new value once it is rotated", async () => {
    secrets.rotate({ api_token: "t" });
    expect((await readSecret()).SecretString).toBe('{"api_token":"t"}');
  });

  it("knows no other secret", async () => {
    await expect(readSecret(`${secrets.arn}x`)).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  });
});

describe("the simulated EventBridge", () => {
  it("keeps the events of its bus, and loses those of another as EventBridge does", async () => {
    const { FailedEntryCount: failed } = await putEvent({ Detail: '{"JobId":"1"}' });
    await putEvent({ EventBusName: "other" });
    expect(failed).toBe(0);
    expect(bus.events).toEqual([{ busName: bus.name, source: "test", detailType: "Tested", detail: { JobId: "1" } }]);
  });

  it("refuses an entry inside of a 200", async () => {
    expect(await putEvent({ Detail: "no JSON" })).toMatchObject({
      FailedEntryCount: 1,
      Entries: [{ ErrorCode: "MalformedDetail" }],
    });
    bus.refuseNext(1);
    expect((await putEvent({})).FailedEntryCount).toBe(1);
    expect((await putEvent({})).FailedEntryCount).toBe(0);
  });
});

describe("faults", () => {
  it("hit calls as often as they are told, the SDK's repeats included", async () => {
    server.faults.add({ action: "GetSecretValue", kind: "unavailable" });
    await readSecret();
    expect(server.calls).toEqual(["GetSecretValue", "GetSecretValue"]);
    server.faults.add({ action: "GetSecretValue", kind: "unavailable", times: Infinity });
    await expect(readSecret()).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } });
    server.faults.clear();
    await readSecret();
  });

  it("throttle", async () => {
    server.faults.add({ action: "PutItem", kind: "throttled", times: 2 });
    await expect(putItem("throttled")).rejects.toMatchObject({ name: "ThrottlingException" });
    expect(await getItem("throttled")).toBeUndefined();
  });

  it("break the connection before anything is done", async () => {
    server.faults.add({ action: "PutItem", kind: "reset", times: 2 });
    await expect(putItem("reset")).rejects.toThrow();
    expect(await getItem("reset")).toBeUndefined();
  });

  it("lose the answer to what was done", async () => {
    server.faults.add({ action: "PutItem", kind: "answerLost", times: 2 });
    await expect(putItem("lost")).rejects.toThrow();
    expect(await getItem("lost")).toEqual({ job_id: { S: "lost" } });
  });

  it("leave a call without an answer", async () => {
    server.faults.add({ action: "GetSecretValue", kind: "hang", times: 2 });
    const impatient = new SecretsManagerClient(clientOptions(100));
    const read = impatient.send(new GetSecretValueCommand({ SecretId: secrets.arn }));
    await expect(read).rejects.toMatchObject({ name: "TimeoutError" });
    impatient.destroy();
  });

  it("hit only the calls whose input is meant", async () => {
    server.faults.add({
      action: "PutItem",
      kind: "throttled",
      times: Infinity,
      when: ({ Item: item }) => JSON.stringify(item).includes("b1"),
    });
    await putItem("a1");
    await expect(putItem("b1")).rejects.toThrow();
  });
});
