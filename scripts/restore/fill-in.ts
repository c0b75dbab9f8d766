import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { S3Client } from "@aws-sdk/client-s3";
import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient, paginateScan, PutCommand } from "@aws-sdk/lib-dynamodb";
import { listObjects } from "../../functions/census/listing.ts";
import { createDynamoLedger, itemToRow } from "../../lib/delivery/aws/table.ts";
import { hashOwner } from "../../lib/delivery/owner.ts";
import { kindOfKey, parseMediaKey } from "../../lib/media/key.ts";
import { planJob, type MediaObject, type Stop } from "./plan.ts";

/** Where a stage keeps what it knows, and the copy that was restored. */
export interface Places {
  readonly dynamoDb: DynamoDBClient;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  /** The stage's own table, which is written to. */
  readonly tableName: string;
  /** The copy, which is only read. */
  readonly copyName: string;
  readonly bucketName: string;
  readonly queueUrl: string;
}

export interface Filled {
  /** Rows that were put back as they were. */
  readonly putBack: number;
  /** Jobs about which cielo24 is asked before anything is sent. */
  readonly doubted: number;
  /** Items of owners that were put back. */
  readonly owners: number;
  /** Jobs that have another owner in the table than in the copy: a person has to decide. */
  readonly otherOwners: readonly string[];
}

type Item = Readonly<Record<string, unknown>> & { readonly job_id: string };

const OWNER = "owner#";

/**
 * Fills in what the stage's table lacks, from the copy and from the bucket. What the table has stays, unless the copy says
 * DELIVERED. Nothing is written twice: run again, it goes on.
 *
 * @param isWritten false: only counts what would be done
 */
export const fillIn = async (places: Places, stop: Stop, isWritten: boolean): Promise<Filled> => {
  const documents = DynamoDBDocumentClient.from(places.dynamoDb);
  const ledger = createDynamoLedger({ client: places.dynamoDb, tableName: places.tableName });
  const live = new Map<string, Item>();
  for await (const item of scan(documents, places.tableName)) live.set(item.job_id, item);
  const objects = await listMedia(places);
  const otherOwners: string[] = [];
  const filled = { putBack: 0, doubted: 0, owners: 0 };

  /** Puts an item back that the table lacks, or in the place of one that it has. */
  const put = async (item: Item, instead: Item | undefined): Promise<void> => {
    if (!isWritten) return;
    const condition = instead
      ? { ConditionExpression: "fence = :fence", ExpressionAttributeValues: { ":fence": instead["fence"] } }
      : { ConditionExpression: "attribute_not_exists(job_id)" };
    await documents.send(new PutCommand({ TableName: places.tableName, Item: item, ...condition }));
  };

  const fillJob = async (jobId: string, item: Item | undefined): Promise<void> => {
    const present = live.get(jobId);
    const plan = planJob(item && itemToRow(item), present && itemToRow(present), objects.get(jobId) ?? [], stop);
    if (plan.do === "putBack" && item) {
      await put(item, present);
      filled.putBack += 1;
    }
    if (plan.do !== "doubt") return;
    filled.doubted += 1;
    if (!isWritten) return;
    // The message first: without a row it does no harm, and without it nobody looks after the row for hours.
    const MessageBody = JSON.stringify({ reconcile: jobId });
    await places.sqs.send(new SendMessageCommand({ QueueUrl: places.queueUrl, MessageBody }));
    if ((await ledger.write(jobId, plan.write)) === "refused")
      throw new Error(`The row of job ${jobId} came meanwhile: is the stage really stopped? See docs/restoring.md`);
  };

  const seen = new Set<string>();
  for await (const item of scan(documents, places.copyName)) {
    const jobId = item.job_id;
    if (!jobId.startsWith(OWNER)) {
      seen.add(jobId);
      await fillJob(jobId, item);
      continue;
    }
    const owner = live.get(jobId)?.["owner"];
    if (owner === undefined && !live.has(jobId)) {
      await put(item, undefined);
      filled.owners += 1;
    } else if (!isSameOwner(jobId.slice(OWNER.length), item["owner"], owner))
      otherOwners.push(jobId.slice(OWNER.length));
  }
  for (const jobId of objects.keys()) if (!seen.has(jobId)) await fillJob(jobId, undefined);
  return { ...filled, otherOwners };
};

/** Whoever was forgotten since stays so: the table then has the hash of the copy's owner. */
const isSameOwner = (jobId: string, copied: unknown, owner: unknown): boolean =>
  owner === copied || (typeof copied === "string" && typeof owner === "string" && hashOwner(jobId, copied) === owner);

async function* scan(client: DynamoDBDocumentClient, TableName: string): AsyncIterable<Item> {
  for await (const { Items = [] } of paginateScan({ client }, { TableName, ConsistentRead: true }))
    yield* Items as Item[];
}

/** The current versions under `media/` that are media by their names, by job. */
const listMedia = async ({ s3, bucketName }: Places): Promise<Map<string, MediaObject[]>> => {
  const found = new Map<string, MediaObject[]>();
  const matters = ({ key }: MediaObject): boolean => {
    const parsed = parseMediaKey(key);
    return typeof parsed === "object" && kindOfKey(key, parsed) === "media";
  };
  const visit = ({ objects }: { readonly objects: readonly MediaObject[] }): Promise<void> => {
    for (const object of objects) {
      const parsed = parseMediaKey(object.key);
      if (typeof parsed === "object") found.set(parsed.jobId, [...(found.get(parsed.jobId) ?? []), object]);
    }
    return Promise.resolve();
  };
  await listObjects(s3, bucketName, matters, visit, 0, () => false);
  return found;
};
