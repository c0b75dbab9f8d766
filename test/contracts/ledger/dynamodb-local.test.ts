import { it } from "@jest/globals";
import { ledgerContract } from "./contract.ts";
import { startDynamoDbLocal } from "./start-dynamodb-local.ts";

const directory = process.env["DYNAMODB_LOCAL"];
const how = 'DYNAMODB_LOCAL="$(bash scripts/dynamodb-local.sh)" runs it (needs Java and Maven)';

if (directory) ledgerContract("Amazon's DynamoDB Local", () => startDynamoDbLocal(directory));
else {
  process.stderr.write(`skipped: the ledger's contract on DynamoDB Local; ${how}\n`);
  it.skip(`the ledger's contract on DynamoDB Local; ${how}`, () => undefined);
}
