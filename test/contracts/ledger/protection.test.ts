import { CreateTableCommand, DeleteTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { expect, it } from "@jest/globals";
import { protectTable } from "../../../scripts/package/protect-table.ts";
import { startMoto } from "../start-moto.ts";

const program = process.env["MOTO"];
const TableName = "deliveries";

// dynalite does not know the attribute.
(program ? it : it.skip)("protects a table from deletion on moto, once", async () => {
  const server = await startMoto(program ?? "");
  const credentials = { accessKeyId: "AKIDTEST", secretAccessKey: "secret" };
  const client = new DynamoDBClient({ region: "us-east-1", endpoint: server.endpoint, credentials });
  try {
    await client.send(
      new CreateTableCommand({
        TableName,
        AttributeDefinitions: [{ AttributeName: "job_id", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "job_id", KeyType: "HASH" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 1, maxDelay: 1 }, { TableName });
    await expect(protectTable(client, TableName)).resolves.toBe(true);
    await expect(protectTable(client, TableName)).resolves.toBe(false);
    await expect(client.send(new DeleteTableCommand({ TableName }))).rejects.toThrow(/DeletionProtectionEnabled/);
  } finally {
    client.destroy();
    await server.close();
  }
});
