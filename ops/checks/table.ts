import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type TableDescription,
} from "@aws-sdk/client-dynamodb";
import { OPEN_INDEX } from "../../lib/delivery/aws/table.ts";
import type { Stage } from "../stage.ts";
import { DEPLOY, failed, ok, type Check, type Finding } from "./check.ts";

const describeTable = async ({ dynamodb, outputs: { DeliveryTableName: TableName } }: Stage) =>
  (await dynamodb.send(new DescribeTableCommand({ TableName }))).Table ?? {};

export const TABLE_CHECKS: readonly Check[] = [
  { name: "table", look: async (stage) => judgeTable(await describeTable(stage)) },
  {
    name: "table-expiry",
    isOnlyOnAws: true,
    look: async ({ dynamodb, outputs: { DeliveryTableName: TableName } }) => {
      const { TimeToLiveDescription: expiry = {} } = await dynamodb.send(new DescribeTimeToLiveCommand({ TableName }));
      return expiry.TimeToLiveStatus === "ENABLED" && expiry.AttributeName === "expires_at"
        ? ok("rows expire by expires_at")
        : failed("Rows do not expire by expires_at: uploads that never came are kept for ever.", DEPLOY);
    },
  },
  {
    name: "table-backups",
    isOnlyOnAws: true,
    look: async ({ dynamodb, outputs: { DeliveryTableName: TableName } }) => {
      const answer = await dynamodb.send(new DescribeContinuousBackupsCommand({ TableName }));
      const { PointInTimeRecoveryDescription: recovery } = answer.ContinuousBackupsDescription ?? {};
      return recovery?.PointInTimeRecoveryStatus === "ENABLED"
        ? ok("the table can be restored to any second of the last 35 days")
        : failed("Point-in-time recovery is off: without the table, everything would be delivered again.", DEPLOY);
    },
  },
  {
    name: "table-protection",
    isOnlyOnAws: true,
    look: async (stage) =>
      (await describeTable(stage)).DeletionProtectionEnabled
        ? ok("the table is protected from deletion")
        : failed("The table can be deleted.", "npm run deploy switches the protection on as its last step."),
  },
];

/** Whether the table has the key and the index by which the functions read it. */
export const judgeTable = ({
  TableName,
  TableStatus,
  KeySchema = [],
  GlobalSecondaryIndexes,
}: TableDescription): Finding => {
  const key = KeySchema.map(({ AttributeName, KeyType }) => `${AttributeName} ${KeyType}`).join(", ");
  if (key !== "job_id HASH") return failed(`${TableName} has the key ${key}, and not job_id.`, DEPLOY);
  if (TableStatus !== "ACTIVE" && TableStatus !== "UPDATING")
    return failed(`${TableName} is ${TableStatus}.`, "Wait until it is ACTIVE, and look again.");
  const index = GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === OPEN_INDEX);
  if (!index) return failed(`${TableName} has no index ${OPEN_INDEX}: the census cannot run.`, DEPLOY);
  const indexKey = (index.KeySchema ?? []).map(({ AttributeName }) => AttributeName).join(", ");
  if (indexKey !== "open_shard, due_at") return failed(`The index ${OPEN_INDEX} has the key ${indexKey}.`, DEPLOY);
  return index.IndexStatus === undefined || index.IndexStatus === "ACTIVE"
    ? ok(`${TableName} has its key and its index`)
    : failed(`The index ${OPEN_INDEX} is ${index.IndexStatus}.`, "Wait until it is ACTIVE, and look again.");
};
