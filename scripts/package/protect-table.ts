import { DescribeTableCommand, UpdateTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";

/**
 * Switches on a table's protection from deletion. Does nothing where it is on already.
 *
 * @returns whether it had to be switched on
 * @throws what DynamoDB answers
 */
export const protectTable = async (client: Pick<DynamoDBClient, "send">, TableName: string): Promise<boolean> => {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  if (Table?.DeletionProtectionEnabled) return false;
  await client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true }));
  return true;
};
