import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { awsClientOptions } from "../../aws-client.ts";
import { readAwsEnvironment, readConfig, type AwsEnvironment } from "../../config.ts";
import type { Runtime } from "../../runtime.ts";
import { LedgerError, type Ledger, type Owners } from "../ledger.ts";
import { entryAfter } from "../machine/open.ts";
import type { Condition, Row, Write } from "../machine/row.ts";
import { createCallTable } from "./dynamodb.ts";

interface Table {
  readonly client: Pick<DynamoDBClient, "config">;
  readonly tableName: string;
}

/** A hung table must not hold a media transfer open: with all attempts a call ends after about 10 s. */
const LIMITS = { requestTimeoutMs: 3_000, maxAttempts: 3 };

/**
 * The index of open rows, keys only: `open_shard`, and `due_at` in ms since the epoch. Its writes are spread, since one busy
 * partition of an index holds up the writes of the whole table. resources/table.yml has it, too.
 */
export const OPEN_INDEX = "open";
export const SHARDS = 16;
export const shardName = (shard: number): string => `open#${shard}`;
const shardOf = (jobId: string): string => shardName(Number.parseInt(jobId.slice(-1), SHARDS) || 0);

/** Keys of owners, beside the job ids that are the keys of the ledger's rows. */
export const OWNER_PREFIX = "owner#";

/** The deployment's table: the ledger of deliveries, and the owners of jobs. */
export const connectTable = ({ env }: Pick<Runtime, "env">): { ledger: Ledger; owners: Owners } => {
  const table = {
    client: createTableClient(readAwsEnvironment(env, "DYNAMODB")),
    tableName: readConfig(env, "tableName").tableName,
  };
  return { ledger: createDynamoLedger(table), owners: createDynamoOwners(table) };
};

/** A client of DynamoDB that gives up within `LIMITS`, unless the caller sets other limits. */
export const createTableClient = (environment: AwsEnvironment, limits = LIMITS): DynamoDBClient =>
  new DynamoDBClient(awsClientOptions(environment, limits));

/**
 * The ledger in a DynamoDB table with the key `job_id`, the time to live `expires_at` and the index of open rows; other
 * attributes have the names in `row.ts`. Every write is an UpdateItem of named attributes under the write's condition.
 *
 * A call whose response was lost is made again. If the first one took effect, it has broken the repeat's condition, and
 * `write` says "refused" of a write that happened. So callers treat "refused" like a lost response: they read the row back
 * and compare the claim.
 */
export const createDynamoLedger = ({ client, tableName }: Table): Ledger => {
  const call = createCallTable(client.config, tableName);
  return {
    read: async (jobId) => {
      const found = await call("GetItem", { Key: { job_id: jobId }, ConsistentRead: true });
      return found?.item && itemToRow(found.item);
    },

    write: async (jobId, write) => {
      const expressions = expressWrite(jobId, write);
      if (!expressions) return "refused";
      return (await call("UpdateItem", { Key: { job_id: jobId }, ...expressions })) ? "written" : "refused";
    },

    countPull: async (jobId) => {
      await call("UpdateItem", {
        Key: { job_id: jobId },
        // A row that is gone must not come back with nothing but a count.
        ConditionExpression: "attribute_exists(job_id)",
        UpdateExpression: "ADD #pulls :one",
        ExpressionAttributeNames: { "#pulls": "pulls" },
        ExpressionAttributeValues: { ":one": 1 },
      });
    },

    listDue: async function* (by) {
      for (let shard = 0; shard < SHARDS; shard += 1) {
        let lastKey: unknown;
        do {
          const page = await call("Query", {
            IndexName: OPEN_INDEX,
            KeyConditionExpression: "open_shard = :shard AND due_at <= :by",
            ExpressionAttributeValues: { ":shard": shardName(shard), ":by": by },
            ExclusiveStartKey: lastKey,
          });
          for (const item of page?.items ?? []) yield String(item["job_id"]);
          lastKey = page?.lastKey;
        } while (lastKey !== undefined);
      }
    },

    glance: async (jobIds) => {
      const page = await call("BatchGetItem", { Keys: jobIds.map((jobId) => ({ job_id: jobId })) });
      const rows = new Map<string, Row>();
      for (const item of page?.items ?? []) rows.set(String(item["job_id"]), itemToRow(item));
      for (const Key of page?.unreadKeys ?? []) {
        const found = await call("GetItem", { Key });
        if (found?.item) rows.set(String(Key["job_id"]), itemToRow(found.item));
      }
      return rows;
    },
  };
};

/**
 * The owners of jobs, in items of their own in the ledger's table: a row of the ledger expires, ownership never does, and
 * no write to either can touch the other.
 */
export const createDynamoOwners = ({ client, tableName }: Table): Owners => {
  const call = createCallTable(client.config, tableName);
  const keyOf = (jobId: string) => ({ job_id: `${OWNER_PREFIX}${jobId}` });
  return {
    bind: async (jobId, owner) => {
      const written = await call("UpdateItem", {
        Key: keyOf(jobId),
        UpdateExpression: "SET #owner = if_not_exists(#owner, :owner)",
        ExpressionAttributeNames: { "#owner": "owner" },
        ExpressionAttributeValues: { ":owner": owner },
        ReturnValues: "ALL_NEW",
      });
      const bound: unknown = written?.item?.["owner"];
      if (typeof bound !== "string") throw new LedgerError("The ledger's answer names no owner");
      return bound;
    },

    ownerOf: async (jobId) => {
      const found = await call("GetItem", { Key: keyOf(jobId), ConsistentRead: true });
      const owner: unknown = found?.item?.["owner"];
      return typeof owner === "string" ? owner : undefined;
    },

    changeOwner: async (jobId, { from, to }) => {
      const written = await call("UpdateItem", {
        Key: keyOf(jobId),
        ConditionExpression: "#owner = :from",
        UpdateExpression: to === undefined ? "REMOVE #owner" : "SET #owner = :to",
        ExpressionAttributeNames: { "#owner": "owner" },
        ExpressionAttributeValues: { ":from": from, ":to": to },
      });
      return written ? "written" : "refused";
    },
  };
};

/** The table's own names; all other attributes have the names in {@link Row}. */
const ATTRIBUTES: Readonly<Record<string, string>> = { jobId: "job_id", expiresAt: "expires_at" };

export const itemToRow = ({ job_id: jobId, expires_at: expiresAt, ...others }: Record<string, unknown>): Row => {
  for (const name of ["open_shard", "due_at"]) Reflect.deleteProperty(others, name);
  return { ...others, jobId, ...(expiresAt === undefined ? {} : { expiresAt }) } as Row;
};

/**
 * The expressions of an UpdateItem that means what `decideWrite` says of the same write. Undefined for a condition that
 * nothing meets, because it allows no state.
 */
const expressWrite = (jobId: string, write: Write) => {
  const { if: condition, set, remove = [] } = write;
  if (condition.state.length === 0) return undefined;
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  // Every name has a placeholder: `state` and others are reserved words.
  const name = (attribute: string): string => {
    names[`#${attribute}`] = ATTRIBUTES[attribute] ?? attribute;
    return `#${attribute}`;
  };
  const value = (placeholder: string, content: unknown): string => {
    values[placeholder] = content;
    return placeholder;
  };

  const ConditionExpression = expressCondition(condition, name, value);
  const removed = new Set<string>(remove);
  const setting: string[] = [];
  for (const [attribute, content] of Object.entries<unknown>(set)) {
    if (content === undefined) removed.add(attribute);
    // DynamoDB refuses an attribute that is both set and removed; here a removal wins.
    else if (!removed.has(attribute)) setting.push(`${name(attribute)} = ${value(`:set_${attribute}`, content)}`);
  }
  const entry = entryAfter(write);
  if (entry === "closed") ["open_shard", "due_at"].forEach((attribute) => removed.add(attribute));
  else if (entry !== "kept")
    setting.push(
      `${name("open_shard")} = ${value(":open_shard", shardOf(jobId))}`,
      `${name("due_at")} = ${value(":due_at", entry)}`,
    );
  const update: string[] = [];
  if (setting.length > 0) update.push(`SET ${setting.join(", ")}`);
  if (removed.size > 0) update.push(`REMOVE ${[...removed].map(name).join(", ")}`);
  return {
    ConditionExpression,
    UpdateExpression: update.join(" ") || undefined,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: Object.keys(values).length > 0 ? values : undefined,
  };
};

const expressCondition = (
  { state, fence, claimId, mediaId, conflictCount, capability, redirected }: Condition,
  name: (attribute: string) => string,
  value: (placeholder: string, content: unknown) => string,
): string => {
  const isAbsent = (attribute: string) => `attribute_not_exists(${name(attribute)})`;
  const states = state.filter((each) => each !== "none").map((each) => value(`:if_${each}`, each));
  const anyState = state.includes("none") ? [isAbsent("jobId")] : [];
  if (states.length > 0) anyState.push(`${name("state")} IN (${states.join(", ")})`);
  const all = [`(${anyState.join(" OR ")})`];
  if (fence !== undefined) all.push(`${name("fence")} = ${value(":if_fence", fence)}`);
  if (claimId !== undefined) all.push(`${name("claimId")} = ${value(":if_claimId", claimId)}`);
  if (mediaId !== undefined) all.push(`${name("media")}.${name("id")} = ${value(":if_mediaId", mediaId)}`);
  if (conflictCount !== undefined) {
    const counted = `${name("conflictCount")} = ${value(":if_conflictCount", conflictCount)}`;
    // A row that never had a conflict has no count.
    all.push(conflictCount === 0 ? `(${isAbsent("conflictCount")} OR ${counted})` : counted);
  }
  if (capability !== undefined) all.push(`${name("capability")} = ${value(":if_capability", capability)}`);
  if (redirected === false) all.push(isAbsent("redirected"));
  return all.join(" AND ");
};
