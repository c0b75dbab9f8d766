import { spawn } from "node:child_process";
import { once } from "node:events";
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

/**
 * Starts a server, and resolves once it answers HTTP.
 *
 * @param name for the error
 * @param argumentsFor arguments of the command for the port that it is to listen on
 * @throws where it ends, or does not answer within 200 seconds; it is closed then
 */
export const startExternalServer = async (
  name: string,
  command: string,
  argumentsFor: (port: number) => readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<ExternalServer> => {
  const port = await freePort();
  const server = spawn(command, argumentsFor(port), { stdio: "ignore", env });
  const ended = once(server, "exit");
  const close = async () => {
    server.kill("SIGKILL");
    await ended;
  };
  const endpoint = `http://127.0.0.1:${port}`;
  const giveUpAt = Date.now() + START_TIMEOUT_MS;
  // Any answer will do: an unsigned request is refused once the server is up.
  while (!(await answers(endpoint))) {
    if (server.exitCode !== null || Date.now() > giveUpAt) {
      await close();
      throw new Error(`${name} does not start`);
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
