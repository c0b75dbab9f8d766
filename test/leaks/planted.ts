import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdir, rm, writeFile } from "node:fs/promises";
import { text as textOfStream } from "node:stream/consumers";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import type { Stack } from "../../dev/stack.ts";
import { randomHex } from "../../lib/runtime.ts";
import type { createLeakingClients, LeakingFunction } from "./leaking.ts";

/** What a plant has to leak, and the running stack in which it does. */
export interface Ground {
  readonly stack: Stack;
  /** Issued by the simulated cielo24 for this plant alone. */
  readonly token: string;
  /** Call of cielo24's API with the token. */
  readonly url: string;
  /** The token in one of the scanner's encodings. */
  readonly as: (encoding: string) => string;
  /** Of the client that signed an upload and used it. */
  readonly bearer: string;
  readonly signedUrl: string;
  /** Of a row that is being handed over. */
  readonly capability: string;
  readonly leaking: LeakingFunction;
  readonly aws: ReturnType<typeof createLeakingClients>;
  readonly record: (place: string, content: string | Uint8Array) => void;
}

type Plant = (ground: Ground) => unknown;
/** Where it leaks; in which encoding; where the canary must find it. */
type Row = readonly [where: string, encoding: string, found: string, plant: Plant];

const log = (record: (ground: Ground) => object): Plant => {
  return (ground) => {
    ground.stack.runtime.writeLine(JSON.stringify(record(ground)));
  };
};
const metric = (ground: Ground, fields: object): object => ({
  _aws: { Timestamp: ground.stack.runtime.clock(), CloudWatchMetrics: [{ Namespace: "n", Dimensions: [["stage"]] }] },
  ...fields,
});
const answer = (result: (ground: Ground) => unknown): Plant => {
  return (ground) => ground.leaking.answer(ground.stack, () => result(ground));
};
const fail = (error: (ground: Ground) => unknown): Plant => {
  return (ground) =>
    ground.leaking.invoke(ground.stack, () => {
      throw error(ground);
    });
};
const row = (attributes: (ground: Ground) => Parameters<Ground["aws"]["putRow"]>[0]): Plant => {
  return (ground) => ground.aws.putRow(attributes(ground));
};

const buffer = (text: string): Buffer => Buffer.from(text);
const base64 = (text: string | Buffer): string => Buffer.from(text).toString("base64");
const entities = (text: string): string => Array.from(text, (each) => `&#${each.charCodeAt(0)};`).join("");
/** Half of the token: as long a piece as a log that cuts its lines leaves. */
const half = ({ token }: Ground): string => token.slice(8, 24);

/** Below a folder that the canary searches. */
const root = fileURLToPath(new URL("../../", import.meta.url));
const files: string[] = [];
const file = (name: string, content: (ground: Ground) => string | Uint8Array): Plant => {
  return async (ground) => {
    const path = join(root, name);
    files.push(path);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content(ground));
  };
};
export const removeFiles = async (): Promise<void> => {
  for (const path of files) await rm(path, { force: true });
};

/** Runs a program to its end, whatever that is, with the URL as its argument; what it printed is an output. */
const die = (program: string, ...flags: string[]): Plant => {
  return async ({ url, record }) => {
    const child = spawn(process.execPath, [...flags, "--eval", `const url = process.argv[1]; ${program}`, url], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {},
    });
    const [stdout, stderr] = await Promise.all([textOfStream(child.stdout), textOfStream(child.stderr)]);
    if (child.exitCode === null) await once(child, "exit");
    record("dying process", stdout + stderr);
  };
};

const signatureOf = (url: string): string => new URL(url).searchParams.get("X-Amz-Signature") ?? "";

class FailedRequest extends Error {
  readonly #url: string;
  constructor(url: string) {
    super("failed");
    this.#url = url;
  }
  get url(): string {
    return this.#url;
  }
}

/** Every place that the canary watches, as many encodings as it knows: each leaks a token of its own. */
export const TOKENS: readonly Row[] = [
  // Log lines and metrics
  ["a log message", "raw", "log lines", log(({ url }) => ({ message: `GET ${url}` }))],
  ["a log field", "percent-encoded", "log lines", log(({ as }) => ({ target: as("percent-encoded") }))],
  ["the key of a log field", "upper case", "log lines", log(({ as }) => ({ [as("upper case")]: 1 }))],
  ["a stack trace", "JSON escapes", "log lines", log(({ as }) => ({ stack: [`Error: ${as("JSON escapes")}`] }))],
  ["a logged header", "base64 behind a user name", "log lines", log(({ token }) => ({ auth: base64(`ab:${token}`) }))],
  ["the dimension of a metric", "hex", "log lines", log((ground) => metric(ground, { stage: ground.as("hex") }))],
  ["the name of a metric", "reversed", "log lines", log((ground) => metric(ground, { [ground.as("reversed")]: 1 }))],
  ["a log line that was cut", "a piece", "log lines", log((ground) => ({ message: `…${half(ground)}` }))],
  [
    "a log line in two records",
    "JSON in JSON",
    "log lines",
    log(({ as }) => ({ message: JSON.stringify(JSON.stringify({ url: as("JSON escapes") })) })),
  ],
  // What the process writes
  [
    "standard output",
    "raw, in two pieces",
    "stdout",
    ({ token }) => {
      process.stdout.write(token.slice(0, 9));
      process.stdout.write(`${token.slice(9)}\n`);
    },
  ],
  [
    "standard error",
    "hex, upper case",
    "stderr",
    ({ as }) => process.stderr.write(buffer(`${as("hex, upper case")}\n`)),
  ],
  [
    "console.error of an object",
    "raw, eight fields deep",
    "console",
    ({ url }) => {
      console.error({ a: { b: { c: { d: { e: { f: { g: { url } } } } } } } });
    },
  ],
  [
    "console.log of a symbol",
    "percent-encoded, upper case",
    "console",
    ({ as }) => {
      console.log({ [Symbol(as("percent-encoded, upper case"))]: true });
    },
  ],
  [
    "console.dir of a Map",
    "base64url",
    "console",
    ({ url }) => {
      console.dir(new Map([[new Set(["k"]), { bodies: [buffer(url).toString("base64url")] }]]));
    },
  ],
  [
    "console.warn with a format",
    "UTF-16",
    "console",
    ({ as }) => {
      console.warn("request to %s failed", as("UTF-16"));
    },
  ],
  [
    "console.log of a Request",
    "behind a getter",
    "console",
    ({ url }) => {
      console.log(new Request(url));
    },
  ],
  // Answers of the gateway
  [
    "the body of an answer",
    "raw",
    "answers",
    answer(({ url }) => ({ statusCode: 502, body: JSON.stringify({ url }) })),
  ],
  [
    "a header's value",
    "base64",
    "answers",
    answer(({ url }) => ({ statusCode: 200, headers: { "x-upstream": base64(url) } })),
  ],
  [
    "a header's name",
    "hex",
    "answers",
    answer(({ as }) => ({ statusCode: 200, headers: { [`x-${as("hex")}`]: "1" } })),
  ],
  [
    "a cookie",
    "percent-encoded twice",
    "answers",
    answer(({ as }) => ({ statusCode: 200, cookies: [`t=${encodeURIComponent(as("percent-encoded"))}`] })),
  ],
  [
    "a redirect",
    "percent-encoded",
    "answers",
    answer(({ as }) => ({
      statusCode: 302,
      headers: { location: `https://a.example/?next=${as("percent-encoded")}` },
    })),
  ],
  [
    "a compressed body",
    "gzip",
    "answers",
    answer(({ url }) => ({
      statusCode: 200,
      headers: { "content-encoding": "gzip" },
      body: base64(gzipSync(url)),
      isBase64Encoded: true,
    })),
  ],
  [
    "a body compressed in another way",
    "Brotli",
    "answers",
    answer(({ url }) => ({
      statusCode: 200,
      headers: { "content-encoding": "br" },
      body: base64(brotliCompressSync(url)),
      isBase64Encoded: true,
    })),
  ],
  [
    "a page of HTML",
    "entities",
    "answers",
    answer(({ token }) => ({ statusCode: 500, body: `<p>Bad token ${entities(token)}</p>` })),
  ],
  ["a bare result", "base64 of base64", "answers", answer(({ url }) => base64(base64(url)))],
  // What functions return
  [
    "a batch item failure",
    "raw",
    "results",
    ({ leaking, stack, token }) => leaking.invoke(stack, () => ({ batchItemFailures: [{ itemIdentifier: token }] })),
  ],
  [
    "a field of a result",
    "string escapes",
    "results",
    ({ leaking, stack, as }) => leaking.invoke(stack, () => ({ found: [{ at: { path: as("string escapes") } }] })),
  ],
  // What functions throw
  ["an error's message", "raw", "errors", fail(({ url }) => new Error(`request to ${url} failed`))],
  ["an error's name", "reversed", "errors", fail(({ as }) => Object.assign(new Error("f"), { name: as("reversed") }))],
  [
    "the cause of an error's cause",
    "percent-encoded",
    "errors",
    fail(({ as }) => new Error("a", { cause: new Error("b", { cause: { input: as("percent-encoded") } }) })),
  ],
  [
    "a hidden field of an error",
    "hex",
    "errors",
    fail(({ as }) => Object.defineProperty(new Error("a"), "path", { value: as("hex"), enumerable: false })),
  ],
  [
    "a symbol of an error",
    "base64",
    "errors",
    fail(({ url }) => Object.assign(new Error("a"), { [Symbol("u")]: base64(url) })),
  ],
  ["a getter of an error's class", "behind a private field", "errors", fail(({ url }) => new FailedRequest(url))],
  [
    "an AggregateError",
    "bytes",
    "errors",
    fail(({ url }) => new AggregateError([new Error("a"), Object.assign(new Error("b"), { chunk: buffer(url) })])),
  ],
  [
    "the stack of an error",
    "upper case",
    "errors",
    fail(({ as }) => Object.assign(new Error("a"), { stack: as("upper case") })),
  ],
  ["what is thrown and is no error", "raw", "errors", fail(({ url }) => ({ url }))],
  [
    "the reason of an abort",
    "JSON escapes",
    "errors",
    fail(({ as }) => AbortSignal.abort(new DOMException(as("JSON escapes"), "AbortError")).reason),
  ],
  [
    "the key of a Map in an error",
    "deflate",
    "errors",
    fail(({ url }) => Object.assign(new Error("a"), { m: new Map([[deflateSync(url), 1]]) })),
  ],
  // The table
  ["an attribute", "raw", "rows", row(({ url }) => ({ comment: { S: url } }))],
  ["a binary attribute", "gzip", "rows", row(({ url }) => ({ trace: { B: gzipSync(url) } }))],
  ["a set", "percent-encoded", "rows", row(({ as }) => ({ seen: { SS: ["a", as("percent-encoded")] } }))],
  ["a set of bytes", "UTF-16 in bytes", "rows", row(({ url }) => ({ seen: { BS: [Buffer.from(url, "utf16le")] } }))],
  ["the key of a map", "hex", "rows", row(({ as }) => ({ rejected: { M: { [as("hex")]: { N: "1" } } } }))],
  ["an attribute's name", "reversed", "rows", row(({ as }) => ({ [as("reversed")]: { BOOL: true } }))],
  [
    "an attribute that was overwritten since",
    "upper case",
    "PutItem",
    async ({ aws, as }) => {
      const jobId = randomHex();
      await aws.putRow({ comment: { S: as("upper case") } }, jobId);
      await aws.putRow({}, jobId);
    },
  ],
  // The queues
  ["a dead letter", "base64", "messages", ({ aws, url }) => aws.send({ MessageBody: base64(`.${url}`) })],
  ["a delayed message", "JSON", "messages", ({ stack, url }) => stack.queue.send(JSON.stringify({ url }), 900)],
  [
    "an attribute of a message",
    "base64 of bytes",
    "SendMessage",
    ({ aws, url }) =>
      aws.send({ MessageBody: "m", MessageAttributes: { trace: { DataType: "Binary", BinaryValue: buffer(url) } } }),
  ],
  // Events
  [
    "an event's detail",
    "raw",
    "events",
    ({ aws, url }) => aws.putEvent({ Detail: JSON.stringify({ error: { url } }) }),
  ],
  [
    "an event's type",
    "percent-encoded",
    "events",
    ({ aws, as }) => aws.putEvent({ DetailType: as("percent-encoded") }),
  ],
  ["an event's resources", "hex", "PutEvents", ({ aws, as }) => aws.putEvent({ Resources: [`arn:${as("hex")}`] })],
  [
    "an event for another bus",
    "entities",
    "PutEvents",
    ({ aws, token }) => aws.putEvent({ EventBusName: "b", Detail: JSON.stringify({ c: entities(token) }) }),
  ],
  // What instrumentation sees
  ["a request of undici", "raw", "spans", async ({ url }) => (await fetch(url)).arrayBuffer()],
  // Files
  ["a file beside the simulators", "raw", "files", file("dev/planted.log", ({ url }) => url)],
  ["a compressed file", "gzip", "files", file("dist/planted/trace.log.gz", ({ url }) => gzipSync(url))],
  [
    "a diagnostic report in the folder of the process",
    "JSON in JSON",
    "files",
    file("report.planted.json", ({ as }) => JSON.stringify({ header: JSON.stringify(as("JSON escapes")) })),
  ],
  [
    "a file of bytes",
    "bytes in decimal",
    "files",
    file("dist/planted/body.json", ({ url }) => JSON.stringify(buffer(url))),
  ],
  [
    "the stack's log file",
    "hex dump",
    "files",
    ({ stack, url }) => appendFile(stack.logFile ?? "", `${buffer(url).toString("hex").replace(/../g, "$& ")}\n`),
  ],
  // Processes that die
  ["an uncaught exception", "raw", "dying process", die("throw new Error(url)")],
  ["an unhandled rejection", "a cause", "dying process", die("Promise.reject(new Error('a', { cause: { url } }))")],
  ["a warning", "percent-encoded", "dying process", die("process.emitWarning(encodeURIComponent(url))")],
  [
    "a diagnostic report",
    "raw",
    "dying process",
    die("console.log(JSON.stringify(process.report.getReport(new Error(url))))"),
  ],
  ["NODE_DEBUG", "raw", "dying process", die("fetch(url.replace('127.0.0.1', '127.0.0.1:x')).catch(console.error)")],
];

/** The other secrets, each in its own place and encoding. The expression is for the name under which it is found. */
export const OTHERS: readonly (readonly [secret: string, encoding: string, found: string, plant: Plant])[] = [
  ["securekey", "raw", "log lines", log(({ stack }) => ({ "x-auth-securekey": stack.credentials.securekey }))],
  ["password", "base64", "messages", ({ aws, stack }) => aws.send({ MessageBody: base64(stack.credentials.password) })],
  [
    "the functions' secret access key",
    "base64",
    "console",
    ({ stack }) => {
      console.log(base64(`env: ${stack.env["AWS_SECRET_ACCESS_KEY"] ?? ""}`));
    },
  ],
  [
    "the functions' session token",
    "percent-encoded",
    "errors",
    fail(({ stack }) => new Error(encodeURIComponent(stack.env["AWS_SESSION_TOKEN"] ?? ""))),
  ],
  [
    "the operator's secret access key",
    "hex",
    "rows",
    row(({ stack }) => ({ k: { S: buffer(stack.operator.secretAccessKey).toString("hex") } })),
  ],
  ["bearer token", "a piece", "log lines", log(({ bearer }) => ({ authorization: bearer.slice(-20) }))],
  [
    "a signed URL",
    "percent-encoded",
    "events",
    ({ aws, signedUrl }) => aws.putEvent({ Detail: JSON.stringify({ source: encodeURIComponent(signedUrl) }) }),
  ],
  [
    "a signed URL",
    "base64",
    "answers",
    answer(({ signedUrl }) => ({ statusCode: 200, headers: { link: base64(signedUrl) } })),
  ],
  [
    "signature of a presigned URL",
    "upper case",
    "files",
    file("dist/planted/url", ({ signedUrl }) => signatureOf(signedUrl).toUpperCase()),
  ],
  [
    "capability",
    "reversed",
    "stdout",
    ({ capability }) => process.stdout.write(Array.from(capability).reverse().join("") + "\n"),
  ],
];
