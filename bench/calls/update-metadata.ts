import type { Context } from "aws-lambda";
import { once } from "node:events";
import { connect } from "node:net";
import { build } from "../../functions/update-metadata/handler.ts";
import type { HttpEvent } from "../../lib/http/endpoint.ts";
import { randomHex, sleep } from "../../lib/runtime.ts";
import { measureInTurns, type Turns } from "./in-turns.ts";

/**
 * A process that sets a job's metadata: by a warm update-metadata, whose environment this is, and by asking cielo24 itself,
 * with `fetch` and over a socket that it writes the request into. All keep their connections.
 */

const TIMEOUT_MS = 29_000;
const { event, cielo24Url, ...turns } = JSON.parse(process.argv[2] ?? "") as Turns & {
  readonly event: HttpEvent;
  /** The call that update-metadata makes, with its token. */
  readonly cielo24Url: string;
};

let lastLine = "";
const updateMetadata = build({
  env: process.env,
  clock: Date.now,
  randomHex,
  sleep,
  writeLine: (line) => {
    lastLine = line;
  },
});
const context = { awsRequestId: "bench", getRemainingTimeInMillis: () => TIMEOUT_MS } as Context;

const { hostname, port, pathname, search } = new URL(cielo24Url);
const openSocket = () => connect(Number(port), hostname).setNoDelay();
let socket = openSocket();
const request = `GET ${pathname}${search} HTTP/1.1\r\nhost: ${hostname}:${port}\r\naccept: application/json\r\n\r\n`;

const expectOk = (isOk: boolean): void => {
  if (!isOk) throw new Error(`A call was refused. The last log record: ${lastLine}`);
};

void measureInTurns(
  {
    socket: async () => {
      // The server closes what it has heard nothing of for five seconds.
      if (socket.destroyed) socket = openSocket();
      socket.write(request);
      // So short a response comes in one piece.
      const [response] = (await once(socket, "data")) as [Buffer];
      expectOk(response.toString().startsWith("HTTP/1.1 200 "));
    },
    fetch: async () => {
      const response = await fetch(cielo24Url);
      await response.json();
      expectOk(response.ok);
    },
    ours: async () => {
      expectOk((await updateMetadata(event, context)).statusCode === 200);
    },
  },
  turns,
).then((measured) => process.stdout.write(JSON.stringify(measured), () => process.exit(0)));
