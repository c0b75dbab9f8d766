import { DynamoDBClient, ScanCommand, type AttributeValue } from "@aws-sdk/client-dynamodb";
import { channel } from "node:diagnostics_channel";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { StackOptions, Stack } from "../../dev/stack.ts";
import { watchProcess } from "./process-output.ts";
import { createScanner } from "./scanner.ts";
import { textOf } from "./text-of.ts";
import { isRandom, watchWire } from "./wire.ts";

/** Something that left the functions: where, and what. */
interface Output {
  readonly place: string;
  readonly content: string | Uint8Array;
  /** Secrets that it is made to carry: a presigned URL for the owner, the capability in the row. */
  readonly may?: keyof typeof MAY;
}

/** What a stack puts out, as it is seen from the outside. */
interface Watch {
  /** For `startStack`. */
  readonly options: { readonly [K in "onResponse" | "onOutcome" | "onCall"]: NonNullable<StackOptions[K]> };
  readonly outputs: () => Output[];
  /** Adds what only the test sees, such as the output of a child process. */
  readonly record: (place: string, content: string | Uint8Array) => void;
  readonly secrets: () => Readonly<Record<string, string>>;
  readonly startedAt: number;
  readonly stop: () => void;
}

/** Answers that carry a signed URL because that is what they are for. */
const SIGNING_ROUTES = /^\/api\/job\/(request_upload_url|sign_upload)$|^\/media\//;
const SIGNING_FUNCTIONS = new Set(["sign-upload", "media-source"]);
/** Names of the secrets that an output may show. */
const MAY = {
  "carry a signed URL": /signed URL|session token/,
  "carry a capability": /^capability/,
  "use a URL that was given": /signed URL|session token|^capability/,
};
const SIGNED_URL = /X-Amz-(Signature|Credential|Security-Token)=/i;
/** A stack whose token is made to expire again and again issues hundreds; the newest are searched for. */
const MAX_TOKENS = 200;
/** What instrumentation makes spans of, with whole URLs in them. */
const fetches = channel("undici:request:create");
/** Where a process that runs here might leave a file: reports, traces and cores go to the folder it was started in. */
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FOLDERS = ["dev", "dist"].map((name) => join(ROOT, name));

/**
 * Collects what a stack puts out while it runs: the gateway's answers with their headers, what functions answered or
 * threw, what they asked of AWS (also what was overwritten since), what they fetched, and what the process wrote.
 */
export const watchStack = (options: Parameters<typeof watchProcess>[0] = {}): Watch => {
  const seen: Output[] = [];
  const output = watchProcess(options);
  const wire = watchWire();
  const onFetch = (message: unknown) => {
    const { request } = message as { request: { origin?: unknown; path: string } };
    // Clients of the tests use the URLs that they were given, and so does the simulated cielo24.
    const content = `${String(request.origin)}${request.path}`;
    seen.push({ place: "spans", content, may: "use a URL that was given" });
  };
  fetches.subscribe(onFetch);
  return {
    startedAt: Date.now(),
    options: {
      onResponse: (path, { status, headers, body }) => {
        const may = SIGNING_ROUTES.test(path) ? ({ may: "carry a signed URL" } as const) : {};
        seen.push({ place: "answers", content: `${status} ${JSON.stringify(headers)}`, ...may });
        seen.push({ place: "answers", content: body, ...may });
      },
      onOutcome: (name, outcome) => {
        const may = SIGNING_FUNCTIONS.has(name) ? ({ may: "carry a signed URL" } as const) : {};
        if ("error" in outcome) seen.push({ place: "errors", content: textOf(outcome.error) });
        else seen.push({ place: "results", content: textOf(outcome.result), ...may });
      },
      onCall: (action, body) => {
        seen.push({ place: action, content: body, may: "carry a capability" });
      },
    },
    outputs: () => [...seen, ...Object.entries(output.texts()).map(([place, content]) => ({ place, content }))],
    record: (place, content) => {
      seen.push({ place, content });
    },
    secrets: wire.secrets,
    stop: () => {
      fetches.unsubscribe(onFetch);
      output.stop();
      wire.stop();
    },
  };
};

/**
 * Searches everything that a stack put out for the tokens that the simulated cielo24 issued, the account's credentials,
 * AWS's keys, signed URLs and capability URLs. Not searched, since they hold secrets by nature: the secret store, the
 * simulators' own memory, and a heap snapshot of the process.
 *
 * @returns what was found where, without the secret itself
 */
export const findLeaks = async (stack: Stack, watch: Watch): Promise<string[]> => {
  const { rows, capabilities } = await readTable(stack);
  const files = await readFiles(await pathsOf(stack), watch.startedAt);
  const queues = [stack.queue, stack.deadLetterQueue].flatMap((queue) => Object.values(queue.inspect()).flat());
  const outputs: Output[] = [
    ...watch.outputs(),
    ...rows.map((content) => ({ place: "rows", content })),
    ...files.map((content) => ({ place: "files", content })),
    { place: "log lines", content: stack.logs.join("\n") },
    { place: "messages", content: queues.map((message) => JSON.stringify(message)).join("\n") },
    { place: "events", content: stack.events.map((event) => JSON.stringify(event)).join("\n") },
  ];
  const scanner = createScanner(secretsOf(stack, { ...watch.secrets(), ...capabilities }), {
    "a signed URL": SIGNED_URL,
  });
  const found = new Set<string>();
  for (const { place, content, may } of outputs)
    for (const { secret, encoding } of scanner.scan(content))
      if (!(may && MAY[may].test(secret))) found.add(`${place}: ${secret} (${encoding})`);
  return [...found];
};

/** By name. What was learnt from the wire and has a name already keeps that. */
const secretsOf = (stack: Stack, learnt: Readonly<Record<string, string>>): Record<string, string> => {
  const tokens = (stack.cielo24?.issuedTokens ?? []).slice(-MAX_TOKENS);
  const own: Record<string, string> = {
    ...Object.fromEntries(tokens.map((token, index) => [`api_token ${index + 1}`, token])),
    securekey: stack.credentials.securekey,
    password: stack.credentials.password,
    "the functions' secret access key": stack.env["AWS_SECRET_ACCESS_KEY"] ?? "",
    "the functions' session token": stack.env["AWS_SESSION_TOKEN"] ?? "",
    "the operator's secret access key": stack.operator.secretAccessKey,
  };
  const known = new Set(Object.values(own));
  const others = Object.entries(learnt).filter(([, value]) => !known.has(value));
  return Object.fromEntries([...Object.entries(own), ...others].filter(([, value]) => isRandom(value)));
};

/** All rows as the table has them, whatever they hold; capabilities apart, which are the row's to keep. */
const readTable = async (stack: Stack): Promise<{ rows: string[]; capabilities: Record<string, string> }> => {
  const client = new DynamoDBClient({
    endpoint: stack.env["AWS_ENDPOINT_URL_DYNAMODB"] ?? "",
    region: "us-east-1",
    credentials: stack.operator,
  });
  const rows: string[] = [];
  const capabilities: Record<string, string> = {};
  let from: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(new ScanCommand({ TableName: stack.tableName, ExclusiveStartKey: from }));
    for (const { capability, ...row } of page.Items ?? []) {
      rows.push(textOf(row));
      if (capability?.S !== undefined) capabilities[`capability of ${row["job_id"]?.S ?? ""}`] = capability.S;
    }
    from = page.LastEvaluatedKey;
  } while (from);
  client.destroy();
  return { rows, capabilities };
};

const pathsOf = async ({ logFile }: Stack): Promise<string[]> => {
  const entries = await readdir(ROOT, { withFileTypes: true });
  const besides = entries.filter((entry) => entry.isFile()).map(({ name }) => join(ROOT, name));
  return [...FOLDERS, ...besides, ...(logFile === undefined ? [] : [logFile])];
};

/** Files below these paths that were written since. */
const readFiles = async (paths: readonly string[], since: number): Promise<Buffer[]> => {
  const found: Buffer[] = [];
  for (const path of paths) {
    const facts = await stat(path).catch(() => undefined);
    if (facts?.isDirectory()) {
      const names = await readdir(path);
      found.push(
        ...(await readFiles(
          names.map((name) => join(path, name)),
          since,
        )),
      );
    } else if (facts && facts.mtimeMs >= since) found.push(await readFile(path));
  }
  return found;
};
