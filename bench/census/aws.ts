import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { closeServer, listen } from "../../dev/stack/listen.ts";
import { dueIn, itemOf, pageAfter, type StageSize } from "./world.ts";

/** What the census asked of AWS. */
export interface Asked {
  readUnits: number;
  lists: number;
  messages: number;
}

/** Stands in for S3, DynamoDB and SQS with a generated stage, and counts what AWS charges for. */
export const startAws = async (stage: StageSize) => {
  const asked: Asked = { readUnits: 0, lists: 0, messages: 0 };
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const target = String(request.headers["x-amz-target"] ?? "");
      if (target === "") {
        asked.lists += 1;
        const { searchParams } = new URL(request.url ?? "", "http://s3");
        response
          .setHeader("content-type", "application/xml")
          .end(pageAfter(searchParams.get("key-marker") ?? "", stage));
      } else {
        const input = JSON.parse(body) as Input;
        response.setHeader("content-type", "application/x-amz-json-1.0").end(JSON.stringify(answer(target, input)));
      }
    });
  });
  const answer = (target: string, input: Input): object => {
    const operation = target.slice(target.indexOf(".") + 1);
    if (operation === "GetQueueAttributes")
      return {
        Attributes: {
          ApproximateNumberOfMessages: "0",
          ApproximateNumberOfMessagesNotVisible: "0",
          ApproximateNumberOfMessagesDelayed: "0",
        },
      };
    // So cielo24 is not asked about any delivery.
    if (operation === "GetSecretValue") return {};
    if (operation === "SendMessage") {
      asked.messages += 1;
      return {
        MessageId: "1",
        MD5OfMessageBody: createHash("md5")
          .update(input.MessageBody ?? "")
          .digest("hex"),
      };
    }
    const { items, unitsOfEach, isTogether } = read(operation, input);
    const each = items.map((item) => Math.max(1, Math.ceil(sizeOf(item) / UNIT_BYTES)));
    const all = items.reduce((sum, item) => sum + sizeOf(item), 0);
    const units = isTogether ? Math.max(1, Math.ceil(all / UNIT_BYTES)) : each.reduce((sum, one) => sum + one, 0);
    asked.readUnits += units * unitsOfEach;
    const shown = items.filter((item) => item !== undefined).map((item): Key => marshall(item) as Key);
    if (operation === "GetItem") return { Item: shown[0] };
    return operation === "Query" ? { Items: shown } : { Responses: { [TABLE]: shown } };
  };

  /** Consistent reads cost a unit for 4 KB, others half of one; a query of all that it shows together. */
  const read = (operation: string, input: Input) => {
    const item = ({ job_id: { S = "" } = { S: "" } }: Key) => itemOf(S, stage);
    if (operation === "GetItem") return { items: [item(input.Key ?? {})], unitsOfEach: 1, isTogether: false };
    if (operation === "BatchGetItem")
      return { items: (input.RequestItems?.[TABLE]?.Keys ?? []).map(item), unitsOfEach: 0.5, isTogether: false };
    if (operation !== "Query") throw new Error(`The census calls ${operation}`);
    const shard = Number((input.ExpressionAttributeValues?.[":shard"]?.S ?? "").replace("open#", ""));
    const entries = dueIn(shard, stage).map((jobId) => ({ job_id: jobId, open_shard: `open#${shard}`, due_at: 1 }));
    return { items: entries, unitsOfEach: 0.5, isTogether: true };
  };

  return { url: `http://127.0.0.1:${await listen(server)}`, asked, close: () => closeServer(server) };
};

export const TABLE = "deliveries";
const UNIT_BYTES = 4096;

type Key = Readonly<Record<string, AttributeValue>>;
interface Input {
  readonly MessageBody?: string;
  readonly Key?: Key;
  readonly RequestItems?: Readonly<Record<string, { readonly Keys: readonly Key[] }>>;
  readonly ExpressionAttributeValues?: Readonly<Record<string, AttributeValue>>;
}

/** About what DynamoDB counts: names and values. */
const sizeOf = (item: object | undefined): number => (item ? Buffer.byteLength(JSON.stringify(item)) : 0);
