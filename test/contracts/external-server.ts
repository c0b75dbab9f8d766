import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { closeServer, listen } from "../../dev/stack/listen.ts";

/** A server of somebody else's, as a process on a free port. */
export interface ExternalServer {
  /** Its origin. */
  readonly endpoint: string;
  /** Kills it, and waits until it is gone. */
  readonly close: () => Promise<void>;
}

const START_TIMEOUT_MS = 200_000;
const POLL_MS = 50;
const LAST_LINES = 20;

/**
 * Starts a server, and resolves once it answers HTTP.
 *
 * @param name for the error
 * @param argumentsFor arguments of the command for the port that it is to listen on
 * @throws where it cannot be run, ends, or does not answer within 200 seconds, with the last that it printed; it is closed then
 */
export const startExternalServer = async (
  name: string,
  command: string,
  argumentsFor: (port: number) => readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<ExternalServer> => {
  const port = await freePort();
  const server = spawn(command, argumentsFor(port), { stdio: ["ignore", "pipe", "pipe"], env });
  let printed = "";
  const print = (text: string): void => {
    printed = (printed + text).split("\n").slice(-LAST_LINES).join("\n");
  };
  for (const output of [server.stdout, server.stderr]) output.setEncoding("utf8").on("data", print);
  let hasEnded = false as boolean;
  const ended = new Promise<void>((resolve) => {
    // Instead of its output, where there is no such command.
    server.on("error", (error) => {
      print(String(error));
    });
    server.on("close", () => {
      hasEnded = true;
      resolve();
    });
  });
  const close = async () => {
    server.kill("SIGKILL");
    // A process of its own may hold them on.
    for (const output of [server.stdout, server.stderr]) output.destroy();
    await ended;
  };
  const endpoint = `http://127.0.0.1:${port}`;
  const giveUpAt = Date.now() + START_TIMEOUT_MS;
  // Any answer will do: an unsigned request is refused once the server is up.
  while (!(await answers(endpoint))) {
    if (hasEnded || Date.now() > giveUpAt) {
      await close();
      throw new Error(`${name} does not start:\n${printed}`);
    }
    await delay(POLL_MS);
  }
  return { endpoint, close };
};

const answers = (endpoint: string): Promise<boolean> =>
  fetch(endpoint).then(
    () => true,
    () => false,
  );

const freePort = async (): Promise<number> => {
  const server = createServer();
  const port = await listen(server);
  await closeServer(server);
  return port;
};
