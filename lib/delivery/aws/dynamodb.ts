import type { AttributeValue, DynamoDBClientResolvedConfig } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { parseJson } from "../../json.ts";
import { sleep } from "../../runtime.ts";
import { Sha256 } from "../../sha256.ts";
import { LedgerError } from "../ledger.ts";

type Item = Readonly<Record<string, unknown>>;

/** The parameters of an operation, less the table's name. Keys and values are JavaScript's, as in `Output`. */
interface Input {
  readonly Key?: Item;
  /** Of a BatchGetItem. */
  readonly Keys?: readonly Item[];
  readonly ExpressionAttributeValues?: Item | undefined;
  readonly [parameter: string]: unknown;
}

interface Output {
  /** What was read or, if asked for, written. */
  readonly item: Item | undefined;
  readonly items: readonly Item[];
  /** Where a query goes on, as `ExclusiveStartKey`. */
  readonly lastKey: unknown;
  /** Keys of a BatchGetItem that were not read, though they may be there. */
  readonly unreadKeys: readonly Item[];
}

/**
 * Calls DynamoDB about one table. Undefined if the condition of a write did not hold.
 *
 * @throws {LedgerError} for everything else, without the request and what DynamoDB said of it
 */
export type CallTable = (
  operation: "GetItem" | "BatchGetItem" | "UpdateItem" | "Query",
  input: Input,
) => Promise<Output | undefined>;

/** The pause before the second attempt is at most so long, and twice as long before the third. */
const FIRST_PAUSE_MS = 100;

/**
 * Calls with the settings of an SDK's client, but past its middleware, which takes more than half of the CPU of a call. As
 * the client does, it repeats a call that got no response, or one that says to try again.
 */
export const createCallTable = (config: DynamoDBClientResolvedConfig, tableName: string): CallTable => {
  const { region, credentials } = config;
  const signer = new SignatureV4({ service: "dynamodb", region, credentials, sha256: Sha256 });

  const attempt = async (operation: string, { Key, Keys, ExpressionAttributeValues, ...parameters }: Input) => {
    const body = JSON.stringify({
      TableName: Keys ? undefined : tableName,
      RequestItems: Keys && { [tableName]: { Keys: Keys.map((key) => marshall(key)) } },
      Key: Key && marshall(Key),
      ExpressionAttributeValues:
        ExpressionAttributeValues && marshall(ExpressionAttributeValues, { removeUndefinedValues: true }),
      ...parameters,
    });
    const endpoint = await endpointOf(config);
    const headers = {
      host: endpoint.port === undefined ? endpoint.hostname : `${endpoint.hostname}:${endpoint.port}`,
      "content-type": "application/x-amz-json-1.0",
      "content-length": String(Buffer.byteLength(body)),
      "x-amz-target": `DynamoDB_20120810.${operation}`,
    };
    const request = await signer.sign({ ...endpoint, method: "POST", query: {}, headers, body });
    const { response } = (await config.requestHandler.handle(request)) as { response: Response };
    return readResponse(tableName, response.statusCode, await text(response.body));
  };

  return async (operation, input) => {
    const attempts = await config.maxAttempts();
    for (let made = 1; ; made += 1) {
      const outcome = await attempt(operation, input).catch(() => "tryAgain" as const);
      if (typeof outcome === "object") return outcome;
      if (outcome === "conditionFailed") return undefined;
      if (outcome === "refused" || made >= attempts) throw new LedgerError("The ledger cannot be reached");
      await sleep(Math.random() * FIRST_PAUSE_MS * 2 ** (made - 1));
    }
  };
};

interface Response {
  readonly statusCode: number;
  readonly body: Readable;
}

interface Endpoint {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
}

/** A custom endpoint, as in the local stack, or the region's. */
const endpointOf = async ({ endpoint, endpointProvider, region }: DynamoDBClientResolvedConfig): Promise<Endpoint> => {
  if (endpoint) return endpoint();
  const { protocol, hostname, pathname } = endpointProvider({ Region: await region() }).url;
  return { protocol, hostname, path: pathname };
};

type Attributes = Record<string, AttributeValue>;

interface Content {
  readonly Item?: Attributes;
  readonly Attributes?: Attributes;
  readonly Items?: readonly Attributes[];
  readonly Responses?: Readonly<Record<string, readonly Attributes[]>>;
  readonly UnprocessedKeys?: Readonly<Record<string, { readonly Keys: readonly Attributes[] }>>;
  readonly LastEvaluatedKey?: unknown;
  /** `com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException` */
  readonly __type?: string;
}

/** DynamoDB Developer Guide, "Error handling with DynamoDB": what may be repeated, beside every 5xx. */
const PASSES_BY = /^(?:Throttling|RequestLimitExceeded|ProvisionedThroughputExceeded)/;

const readResponse = (
  tableName: string,
  status: number,
  body: string,
): Output | "conditionFailed" | "tryAgain" | "refused" => {
  const content = parseJson(body) as Content | undefined;
  // The name of an error may come with its namespace.
  const type = (content?.__type ?? "").replace(/^.*#/, "");
  if (type === "ConditionalCheckFailedException") return "conditionFailed";
  if (status >= 500 || PASSES_BY.test(type)) return "tryAgain";
  if (status !== 200 || !content) return "refused";
  const item = content.Item ?? content.Attributes;
  return {
    item: item && unmarshall(item),
    items: (content.Items ?? content.Responses?.[tableName] ?? []).map((each) => unmarshall(each)),
    lastKey: content.LastEvaluatedKey,
    unreadKeys: (content.UnprocessedKeys?.[tableName]?.Keys ?? []).map((each) => unmarshall(each)),
  };
};
