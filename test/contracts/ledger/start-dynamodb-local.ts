import { join } from "node:path";
import { startExternalServer } from "../external-server.ts";
import type { TableServer } from "./table-server.ts";

/** @param directory what `scripts/dynamodb-local.sh` printed */
export const startDynamoDbLocal = (directory: string): Promise<TableServer> =>
  startExternalServer("DynamoDB Local", "java", (port) => [
    `-Djava.library.path=${directory}`,
    ...["-cp", join(directory, "*"), "com.amazonaws.services.dynamodbv2.local.main.ServerRunner"],
    ...["-inMemory", "-disableTelemetry", "-port", String(port)],
  ]);
