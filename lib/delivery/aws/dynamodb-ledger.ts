import { GetCommand, paginateScan, UpdateCommand, type DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { unlessRefused } from "./dynamodb-client.ts";
import { expressWrite, itemToRow } from "./dynamodb-expression.ts";
import { OWNER_PREFIX } from "./dynamodb-owners.ts";
import type { Ledger } from "../ledger.ts";

export { createDocumentClient } from "./dynamodb-client.ts";
export { createDynamoOwners } from "./dynamodb-owners.ts";

/**
 * The ledger in a DynamoDB table with the key `job_id` and the time to live `expires_at`; other attributes are called as
 * in `row.ts`. Every read is a consistent one, every write an UpdateItem of named attributes under the write's condition.
 *
 * The SDK repeats a call whose answer was lost. If the first one had been carried out, the repeat finds its condition
 * broken by it, and `write` says "refused" of a write that happened. So a caller takes "refused" like a lost answer:
 * it reads back and compares the claim.
 */
export const createDynamoLedger = ({
  client,
  tableName,
}: {
  client: DynamoDBDocumentClient;
  tableName: string;
}): Ledger => ({
  read: async (jobId) => {
    const answer = await unlessRefused(
      client.send(new GetCommand({ TableName: tableName, Key: { job_id: jobId }, ConsistentRead: true })),
    );
    return answer?.Item && itemToRow(answer.Item);
  },

  write: async (jobId, write) => {
    const expressions = expressWrite(write);
    if (!expressions) return "refused";
    const answer = await unlessRefused(
      client.send(new UpdateCommand({ TableName: tableName, Key: { job_id: jobId }, ...expressions })),
    );
    return answer ? "written" : "refused";
  },

  countPull: async (jobId) => {
    await unlessRefused(
      client.send(
        new UpdateCommand({
          TableName: tableName,
          Key: { job_id: jobId },
          // A row that is gone must not come back as nothing but a count.
          ConditionExpression: "attribute_exists(job_id)",
          UpdateExpression: "ADD #pulls :one",
          ExpressionAttributeNames: { "#pulls": "pulls" },
          ExpressionAttributeValues: { ":one": 1 },
        }),
      ),
    );
  },

  scan: async function* () {
    const pages = paginateScan(
      { client },
      {
        TableName: tableName,
        ConsistentRead: true,
        FilterExpression: "NOT begins_with(job_id, :owner)",
        ExpressionAttributeValues: { ":owner": OWNER_PREFIX },
      },
    );
    for (;;) {
      const page = await unlessRefused(pages.next());
      if (!page || page.done) return;
      for (const item of page.value.Items ?? []) yield itemToRow(item);
    }
  },
});
