import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterEach, describe, expect, it } from "@jest/globals";
import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { inspect } from "node:util";
import { closeServer, listen } from "../../../../dev/stack/listen.ts";
import { awsClientOptions } from "../../../../lib/aws-client.ts";
import { createCallTable, type CallTable } from "../../../../lib/delivery/aws/dynamodb.ts";
import { LedgerError } from "../../../../lib/delivery/ledger.ts";

const CREDENTIALS = { accessKeyId: "ASIAEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG", sessionToken: "to/k+en=" };
const ERROR = "com.amazonaws.dynamodb.v20120810#";

interface Request {
  readonly message: IncomingMessage;
  readonly body: string;
}

interface Sent {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

describe("createCallTable", () => {
  let server: Server | undefined;
  let client: DynamoDBClient | undefined;
  afterEach(async () => {
    client?.destroy();
    if (server) await closeServer(server);
    server = undefined;
  });

  /** A table whose server gives these responses, one for each request, and the last one to all further ones. */
  const tableThatSays = async (
    ...responses: readonly { status?: number; body: object | string }[]
  ): Promise<{ call: CallTable; requests: Request[] }> => {
    const requests: Request[] = [];
    server = createServer((message, response) => {
      void message.toArray().then((chunks) => {
        const { status = 200, body } = responses[Math.min(requests.length, responses.length - 1)] ?? { body: {} };
        requests.push({ message, body: Buffer.concat(chunks as Buffer[]).toString() });
        response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
      });
    });
    const endpoint = `http://127.0.0.1:${await listen(server)}`;
    client = new DynamoDBClient(awsClientOptions({ region: "eu-west-1", endpoint, credentials: CREDENTIALS }));
    return { call: createCallTable(client.config, "deliveries"), requests };
  };

  const get = (call: CallTable) => call("GetItem", { Key: { job_id: "a" }, ConsistentRead: true });

  it("names table and operation, and speaks DynamoDB's JSON", async () => {
    const { call, requests } = await tableThatSays({
      body: {
        Attributes: { job_id: { S: "a" }, fence: { N: "3" }, media: { M: { id: { S: "x" }, gone: { NULL: true } } } },
      },
    });
    const output = await call("UpdateItem", {
      Key: { job_id: "a" },
      UpdateExpression: "SET #f = :f",
      ExpressionAttributeValues: { ":f": 3, ":left": undefined, ":list": ["ü", true] },
    });
    expect(output?.item).toEqual({ job_id: "a", fence: 3, media: { id: "x", gone: null } });
    const [{ message, body }] = requests as [Request];
    expect(message.headers).toMatchObject({
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": "DynamoDB_20120810.UpdateItem",
    });
    expect(JSON.parse(body)).toEqual({
      TableName: "deliveries",
      Key: { job_id: { S: "a" } },
      UpdateExpression: "SET #f = :f",
      ExpressionAttributeValues: { ":f": { N: "3" }, ":list": { L: [{ S: "ü" }, { BOOL: true }] } },
    });
  });

  it("signs each request by Signature Version 4, session and body included", async () => {
    const { call, requests } = await tableThatSays({ body: {} });
    await get(call);
    const [{ message, body }] = requests as [Request];
    const { authorization = "", ...headers } = message.headers;
    const [, scope = "", names = "", signature] =
      /^AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE\/(.*), SignedHeaders=(.*), Signature=(.*)$/.exec(authorization) ?? [];
    expect(scope).toMatch(/^\d{8}\/eu-west-1\/dynamodb\/aws4_request$/);
    expect(headers["x-amz-security-token"]).toBe(CREDENTIALS.sessionToken);
    for (const name of ["host", "x-amz-date", "x-amz-security-token", "x-amz-target"])
      expect(names.split(";")).toContain(name);

    // AWS Identity and Access Management User Guide, "Create a signed AWS API request".
    const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
    const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
    const signed = names.split(";").map((name) => `${name}:${String(headers[name])}\n`);
    const canonical = ["POST", "/", "", signed.join(""), names, sha256(body)].join("\n");
    const toSign = ["AWS4-HMAC-SHA256", String(headers["x-amz-date"]), scope, sha256(canonical)].join("\n");
    const key = scope.split("/").reduce<string | Buffer>(hmac, `AWS4${CREDENTIALS.secretAccessKey}`);
    expect(signature).toBe(hmac(key, toSign).toString("hex"));
  });

  it("goes to the region's own address where no other is given", async () => {
    const addresses: unknown[] = [];
    client = new DynamoDBClient({
      region: "cn-north-1",
      credentials: CREDENTIALS,
      maxAttempts: 1,
      requestHandler: {
        handle: ({ protocol, hostname, port, path, headers }: Sent) => {
          addresses.push({ protocol, hostname, port, path, host: headers["host"] });
          return Promise.reject(new Error("no network here"));
        },
      },
    });
    await expect(get(createCallTable(client.config, "deliveries"))).rejects.toBeInstanceOf(LedgerError);
    const hostname = "dynamodb.cn-north-1.amazonaws.com.cn";
    expect(addresses).toEqual([{ protocol: "https:", hostname, port: undefined, path: "/", host: hostname }]);
  });

  it("says of a failed condition that there is nothing, and asks once", async () => {
    const body = { __type: `${ERROR}ConditionalCheckFailedException`, message: "The conditional request failed" };
    const { call, requests } = await tableThatSays({ status: 400, body });
    await expect(get(call)).resolves.toBeUndefined();
    expect(requests).toHaveLength(1);
  });

  it.each([
    [500, { __type: `${ERROR}InternalServerError` }],
    [503, "<html>Service Unavailable</html>"],
    [400, { __type: `${ERROR}ProvisionedThroughputExceededException` }],
    [400, { __type: `${ERROR}RequestLimitExceeded` }],
    [400, { __type: "com.amazon.coral.availability#ThrottlingException" }],
    [400, { __type: "ThrottlingException" }],
  ])("asks again after %i %j", async (status, body) => {
    const { call, requests } = await tableThatSays({ status, body }, { body: { Item: { job_id: { S: "a" } } } });
    await expect(get(call)).resolves.toMatchObject({ item: { job_id: "a" } });
    expect(requests).toHaveLength(2);
  });

  it("gives up after three attempts", async () => {
    const { call, requests } = await tableThatSays({ status: 500, body: { __type: `${ERROR}InternalServerError` } });
    await expect(get(call)).rejects.toBeInstanceOf(LedgerError);
    expect(requests).toHaveLength(3);
  });

  it.each([
    [400, { __type: `${ERROR}ResourceNotFoundException`, message: "deliveries" }],
    [400, { __type: "com.amazon.coral.service#AccessDeniedException", Message: "deliveries" }],
    [200, "<html>Log in to this network: deliveries</html>"],
  ])("fails at once, and without details, after %i %j", async (status, body) => {
    const { call, requests } = await tableThatSays({ status, body });
    const error: unknown = await get(call).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LedgerError);
    expect(error).toHaveProperty("message", "The ledger cannot be reached");
    expect(error).not.toHaveProperty("cause");
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/network|127\.0\.0\.1|ASIA|NotFound|Denied/);
    expect(requests).toHaveLength(1);
  });
});
