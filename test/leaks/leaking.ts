import { DynamoDBClient, PutItemCommand, type AttributeValue } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from "@aws-sdk/client-eventbridge";
import { SendMessageCommand, SQSClient, type SendMessageCommandInput } from "@aws-sdk/client-sqs";
import type { Stack, StackOptions } from "../../dev/stack.ts";
import { randomHex } from "../../lib/runtime.ts";

/** A function that does whatever it is told, where the stack has its `health`. */
export interface LeakingFunction {
  /** For `startStack`. */
  readonly functions: NonNullable<StackOptions["functions"]>;
  /** Lets the next invocation do this, and makes it through the gateway. Errors of the function's stay there. */
  readonly answer: (stack: Stack, act: () => unknown) => Promise<void>;
  /** The same without the gateway. */
  readonly invoke: (stack: Stack, act: () => unknown) => Promise<void>;
}

export const createLeakingFunction = (): LeakingFunction => {
  let act: () => unknown = () => undefined;
  return {
    functions: { health: () => () => Promise.resolve().then(() => act()) },
    answer: async (stack, next) => {
      act = next;
      await (
        await fetch(`${stack.apiUrl}/health`, { redirect: "manual", headers: { connection: "close" } })
      ).arrayBuffer();
    },
    invoke: async (stack, next) => {
      act = next;
      await stack.invoke("health", {}).catch(() => undefined);
    },
  };
};

/** Calls that functions make of AWS, with what they must not hold in them. */
export const createLeakingClients = (stack: Stack) => {
  const options = (service: string) => ({
    region: "us-east-1",
    endpoint: stack.env[`AWS_ENDPOINT_URL_${service}`] ?? "",
    credentials: stack.operator,
  });
  const table = new DynamoDBClient(options("DYNAMODB"));
  const queues = new SQSClient(options("SQS"));
  const bus = new EventBridgeClient(options("EVENTBRIDGE"));
  return {
    putRow: async (attributes: Record<string, AttributeValue>, jobId = randomHex()) => {
      await table.send(
        new PutItemCommand({ TableName: stack.tableName, Item: { job_id: { S: jobId }, ...attributes } }),
      );
    },
    send: async (message: Omit<SendMessageCommandInput, "QueueUrl">) => {
      await queues.send(new SendMessageCommand({ QueueUrl: stack.deadLetterQueueUrl, ...message }));
    },
    putEvent: async (entry: Partial<PutEventsRequestEntry>) => {
      const event = { EventBusName: stack.env["EVENT_BUS_NAME"], Source: "s", DetailType: "t", Detail: "{}", ...entry };
      await bus.send(new PutEventsCommand({ Entries: [event] }));
    },
    close: () => {
      for (const client of [table, queues, bus]) client.destroy();
    },
  };
};
