import { GetCommand, UpdateCommand, type DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { unlessRefused } from "./dynamodb-client.ts";
import { LedgerError, type Owners } from "../ledger.ts";

/** Keys of owners, beside the job ids that are the keys of the ledger's rows. */
export const OWNER_PREFIX = "owner#";

/**
 * The owners of jobs, in rows of their own in the ledger's table: a row of the ledger expires, ownership never does,
 * and no write to either can touch the other.
 */
export const createDynamoOwners = ({
  client,
  tableName,
}: {
  client: DynamoDBDocumentClient;
  tableName: string;
}): Owners => {
  const keyOf = (jobId: string) => ({ TableName: tableName, Key: { job_id: `${OWNER_PREFIX}${jobId}` } });
  return {
    bind: async (jobId, owner) => {
      const answer = await unlessRefused(
        client.send(
          new UpdateCommand({
            ...keyOf(jobId),
            UpdateExpression: "SET #owner = if_not_exists(#owner, :owner)",
            ExpressionAttributeNames: { "#owner": "owner" },
            ExpressionAttributeValues: { ":owner": owner },
            ReturnValues: "ALL_NEW",
          }),
        ),
      );
      const bound: unknown = answer?.Attributes?.["owner"];
      if (typeof bound !== "string") throw new LedgerError("The ledger's answer names no owner");
      return bound;
    },

    ownerOf: async (jobId) => {
      const answer = await unlessRefused(client.send(new GetCommand({ ...keyOf(jobId), ConsistentRead: true })));
      const owner: unknown = answer?.Item?.["owner"];
      return typeof owner === "string" ? owner : undefined;
    },
  };
};
