import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { awsClientOptions } from "../../aws-client.ts";
import type { AwsEnvironment } from "../../config.ts";
import { LedgerError } from "../ledger.ts";

/** A hung table must not hold a media transfer open: with all attempts a call ends after about 10 s. */
const LIMITS = { requestTimeoutMs: 3_000, maxAttempts: 3 };

/** The client of the ledger's table. Members that are undefined are left out of what it writes. */
export const createDocumentClient = (
  environment: AwsEnvironment,
  limits: { requestTimeoutMs: number; maxAttempts: number } = LIMITS,
): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(new DynamoDBClient(awsClientOptions(environment, limits)), {
    marshallOptions: { removeUndefinedValues: true },
  });

/**
 * The result of a call, or undefined where its condition did not hold.
 *
 * @throws {LedgerError} for everything else; without the SDK's error, which quotes the request
 */
export const unlessRefused = async <T>(call: Promise<T>): Promise<T | undefined> => {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error && error.name === "ConditionalCheckFailedException") return undefined;
    throw new LedgerError("The ledger cannot be reached");
  }
};
