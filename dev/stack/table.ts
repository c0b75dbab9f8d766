import { CreateTableCommand, DynamoDBClient, type CreateTableCommandInput } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { once } from "node:events";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import type { AwsService } from "./aws-json.ts";
import { closeServer, listen } from "./listen.ts";

/** The delivery table in an in-memory emulator of DynamoDB. Its rows never expire. */
export interface Table {
  /** Forwards calls to the emulator. */
  readonly service: AwsService;
  readonly name: string;
  readonly close: () => Promise<void>;
}

const NAME = "cielo24-proxy-local-deliveries";

/** As in resources/table.yml. */
export const TABLE_KEYS = {
  AttributeDefinitions: [
    { AttributeName: "job_id", AttributeType: "S" },
    { AttributeName: "open_shard", AttributeType: "S" },
    { AttributeName: "due_at", AttributeType: "N" },
  ],
  KeySchema: [{ AttributeName: "job_id", KeyType: "HASH" }],
  GlobalSecondaryIndexes: [
    {
      IndexName: "open",
      KeySchema: [
        { AttributeName: "open_shard", KeyType: "HASH" },
        { AttributeName: "due_at", KeyType: "RANGE" },
      ],
      Projection: { ProjectionType: "KEYS_ONLY" },
    },
  ],
  BillingMode: "PAY_PER_REQUEST",
} as const satisfies Omit<CreateTableCommandInput, "TableName">;

export const startTable = async (region: string): Promise<Table> => {
  const server = dynalite({ createTableMs: 0 });
  const port = await listen(server);
  await createTable(`http://127.0.0.1:${port}`, region);
  const agent = new Agent({ keepAlive: true });
  return {
    name: NAME,
    service: async ({ headers, body }) => {
      const request = httpRequest({ port, host: "127.0.0.1", method: "POST", agent, headers });
      request.end(body);
      const [response] = (await once(request, "response")) as [IncomingMessage];
      const crc32 = response.headers["x-amz-crc32"];
      return {
        status: response.statusCode ?? 500,
        headers: typeof crc32 === "string" ? { "x-amz-crc32": crc32 } : {},
        body: await buffer(response),
      };
    },
    close: async () => {
      agent.destroy();
      await closeServer(server);
    },
  };
};

const createTable = async (endpoint: string, region: string): Promise<void> => {
  const client = new DynamoDBClient({
    endpoint,
    region,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  await client.send(new CreateTableCommand({ TableName: NAME, ...TABLE_KEYS }));
  client.destroy();
};
