import type { Context, SQSEvent } from "aws-lambda";
import { channel } from "node:diagnostics_channel";
import { build, handler } from "../../functions/deliver-media/handler.ts";
import { randomHex, sleep } from "../../lib/runtime.ts";

/**
 * deliver-media in a process of its own, with the handler that Lambda calls: takes one event on standard input, logs to
 * standard output. Its argument says what else it does:
 * - `unguarded`: nothing looks at Node's own switches
 * - `throw`, `reject`: dies of an uncaught exception or an unhandled rejection in the middle of the POST
 */
const behaviour = process.argv[2] ?? "";
const INVOCATION_MS = 900_000;

const unguarded = build({
  env: process.env,
  clock: Date.now,
  randomHex,
  sleep,
  writeLine: (line) => process.stdout.write(`${line}\n`),
});

/** What instrumentation listens to. */
const CHANNELS = ["undici:request:create", "http.client.request.start", "http.client.request.created", "tracing:fetch"];
const fetches: unknown[] = [];
channel("undici:request:create").subscribe((message) => fetches.push(message));

const input: Buffer[] = [];
for await (const chunk of process.stdin) input.push(chunk as Buffer);
const event = JSON.parse(Buffer.concat(input).toString()) as SQSEvent;
const until = Date.now() + INVOCATION_MS;
const context = { awsRequestId: "1", getRemainingTimeInMillis: () => until - Date.now() } as Context;

process.once("SIGUSR2", () => {
  if (behaviour === "throw") throw new Error("This process dies");
  void Promise.reject(new Error("This process dies"));
});
const result = await (behaviour === "" ? handler(event, context) : unguarded(event, context));
const listenedTo = CHANNELS.slice(1).filter((name) => channel(name).hasSubscribers);
console.log(JSON.stringify({ result, fetches: fetches.length, listenedTo }));
