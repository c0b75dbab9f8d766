import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { TableServer } from "./table-server.ts";

const JAVA = "java";
const START_TIMEOUT_MS = 20_000;

/** @param directory what `scripts/dynamodb-local.sh` printed */
export const startDynamoDbLocal = async (directory: string): Promise<TableServer> => {
  const port = await freePort();
  const java = spawn(
    JAVA,
    [
      `-Djava.library.path=${directory}`,
      "-cp",
      join(directory, "*"),
      "com.amazonaws.services.dynamodbv2.local.main.ServerRunner",
      "-inMemory",
      "-disableTelemetry",
      "-port",
      String(port),
    ],
    { stdio: "ignore" },
  );
  const ended = once(java, "exit");
  const close = async () => {
    java.kill("SIGKILL");
    await ended;
  };
  const endpoint = `http://127.0.0.1:${port}`;
  const giveUpAt = Date.now() + START_TIMEOUT_MS;
  // Any answer will do: an unsigned request is refused once the server is up.
  while (!(await answers(endpoint))) {
    if (java.exitCode !== null || Date.now() > giveUpAt) {
      await close();
      throw new Error("DynamoDB Local does not start");
    }
    await delay(100);
  }
  return { endpoint, close };
};

const answers = (endpoint: string): Promise<boolean> =>
  fetch(endpoint).then(
    () => true,
    () => false,
  );

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
};
