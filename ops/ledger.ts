import {
  BatchGetItemCommand,
  DescribeTableCommand,
  GetItemCommand,
  QueryCommand,
  ScanCommand,
  type AttributeValue,
} from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { itemToRow, OPEN_INDEX, OWNER_PREFIX, SHARDS, shardName } from "../lib/delivery/aws/table.ts";
import { MOST_GLANCES } from "../lib/delivery/ledger.ts";
import type { Row, State } from "../lib/delivery/machine/row.ts";
import type { Stage } from "./stage.ts";

/** What operators read in a stage's table. Everything is DynamoDB's own answer, its errors included. */

type Table = Pick<Stage, "dynamodb" | "outputs">;
type Item = Record<string, AttributeValue>;

/** A job's row, read consistently. */
export const readRow = async ({ dynamodb, outputs }: Table, jobId: string): Promise<Row | undefined> => {
  const TableName = outputs.DeliveryTableName;
  const { Item } = await dynamodb.send(
    new GetItemCommand({ TableName, Key: marshall({ job_id: jobId }), ConsistentRead: true }),
  );
  return Item && itemToRow(unmarshall(Item));
};

/** The rows of jobs, in no particular order; seconds old. */
export const readRows = async (table: Table, jobIds: readonly string[]): Promise<Row[]> =>
  (await readItems(table, jobIds)).map((item) => itemToRow(unmarshall(item)));

/** The owners of jobs, by job; of those that have one. */
export const readOwners = async (table: Table, jobIds: readonly string[]): Promise<Map<string, string>> => {
  const items = await readItems(
    table,
    jobIds.map((jobId) => `${OWNER_PREFIX}${jobId}`),
  );
  return new Map(
    items.flatMap((item) => {
      const { job_id: key, owner } = unmarshall(item) as { job_id: string; owner?: string };
      return owner === undefined ? [] : [[key.slice(OWNER_PREFIX.length), owner] as const];
    }),
  );
};

const readItems = async ({ dynamodb, outputs }: Table, keys: readonly string[]): Promise<Item[]> => {
  const TableName = outputs.DeliveryTableName;
  const items: Item[] = [];
  let left = keys.map((key) => marshall({ job_id: key }) as Item);
  while (left.length > 0) {
    const { Responses = {}, UnprocessedKeys = {} } = await dynamodb.send(
      new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: left.slice(0, MOST_GLANCES) } } }),
    );
    items.push(...(Responses[TableName] ?? []));
    left = [...(UnprocessedKeys[TableName]?.Keys ?? []), ...left.slice(MOST_GLANCES)];
  }
  return items;
};

/** The jobs whose rows are open, by the index of open rows. */
export const listOpen = async ({ dynamodb, outputs }: Table): Promise<string[]> => {
  const ofShard = async (shard: number): Promise<string[]> => {
    const jobIds: string[] = [];
    let ExclusiveStartKey: Item | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await dynamodb.send(
        new QueryCommand({
          TableName: outputs.DeliveryTableName,
          IndexName: OPEN_INDEX,
          KeyConditionExpression: "open_shard = :shard",
          ExpressionAttributeValues: marshall({ ":shard": shardName(shard) }),
          ...(ExclusiveStartKey ? { ExclusiveStartKey } : {}),
        }),
      );
      for (const { job_id: jobId } of Items) jobIds.push(jobId?.S ?? "");
      ExclusiveStartKey = LastEvaluatedKey;
    } while (ExclusiveStartKey);
    return jobIds;
  };
  return (await Promise.all(Array.from({ length: SHARDS }, (_, shard) => ofShard(shard)))).flat();
};

/** What a scan of the table reads. The table's size is as old as AWS's last look: up to six hours. */
export const estimateScan = async ({ dynamodb, outputs }: Table) => {
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: outputs.DeliveryTableName }));
  const sizeBytes = Table?.TableSizeBytes ?? 0;
  // Half a unit for 4 KiB, as what is read may be seconds old.
  return { items: Table?.ItemCount ?? 0, sizeBytes, readUnits: Math.ceil(sizeBytes / 4096 / 2) };
};

interface Scanned {
  readonly rows: readonly Row[];
  /** Only of rows that were asked for by their owner. */
  readonly readUnits: number;
}

/** Reads the whole table for the rows in these states. */
export const scanRows = async (table: Table, states: readonly State[]): Promise<Scanned> => {
  const names = states.map((_, at) => `:state${at}`);
  const { items, readUnits } = await scan(table, {
    FilterExpression: `#state IN (${names.join(", ")})`,
    ExpressionAttributeNames: { "#state": "state" },
    ExpressionAttributeValues: marshall(Object.fromEntries(states.map((state, at) => [`:state${at}`, state]))),
  });
  return { rows: items.map((item) => itemToRow(unmarshall(item))), readUnits };
};

/** Reads the whole table for an owner's jobs, and then their rows. */
export const scanOwned = async (table: Table, owner: string): Promise<Scanned> => {
  const { items, readUnits } = await scan(table, {
    FilterExpression: "#owner = :owner AND begins_with(job_id, :prefix)",
    ExpressionAttributeNames: { "#owner": "owner" },
    ExpressionAttributeValues: marshall({ ":owner": owner, ":prefix": OWNER_PREFIX }),
  });
  const jobIds = items.map(({ job_id: key }) => (key?.S ?? "").slice(OWNER_PREFIX.length));
  return { rows: await readRows(table, jobIds), readUnits };
};

interface Filter {
  readonly FilterExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Item;
}

const scan = async ({ dynamodb, outputs }: Table, filter: Filter) => {
  const items: Item[] = [];
  let readUnits = 0;
  let ExclusiveStartKey: Item | undefined;
  do {
    const page = await dynamodb.send(
      new ScanCommand({
        TableName: outputs.DeliveryTableName,
        ReturnConsumedCapacity: "TOTAL",
        ...filter,
        ...(ExclusiveStartKey ? { ExclusiveStartKey } : {}),
      }),
    );
    items.push(...(page.Items ?? []));
    readUnits += page.ConsumedCapacity?.CapacityUnits ?? 0;
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return { items, readUnits };
};
