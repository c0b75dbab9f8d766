import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { formatBytes } from "../client/words.ts";
import { FATES } from "./cielo24/fates.ts";
import { createConsole } from "./console.ts";
import { startDocsPage } from "./docs-page.ts";
import { createOperations } from "./operations/operations.ts";
import { startOperationsPage } from "./operations/server.ts";
import { createProxyClient } from "./proxy-client.ts";
import { sampleJobsOf } from "./sample-jobs.ts";
import { startStack, type Stack } from "./stack.ts";
import { seededIds } from "./stack/ids.ts";
import { makeJob, readEnv, trials } from "./start/commands.ts";
import { envText, writeOwnFile } from "./start/own-file.ts";
import { eventLine } from "./start/event-line.ts";
import { HELP, readOptions, UsageError, type StartOptions } from "./start/options.ts";
import { choosePorts } from "./start/ports.ts";
import { makeSample } from "./start/sample.ts";
import { startUploadPage } from "./web/server.ts";

/**
 * `npm start`: starts the whole system, delivers a sample file through it, prints how to use it by hand, and runs until
 * Ctrl-C. `start/options.ts` has its options.
 *
 * Given CIELO24_BASE_URL and credentials (CIELO24_USERNAME with CIELO24_SECUREKEY or CIELO24_PASSWORD, or
 * CIELO24_API_TOKEN), it uses the real cielo24 instead of the simulator. CIELO24_JOB_ID then names the job for the sample;
 * without it, nothing is sent.
 */

/** An operator's drop waits for newer versions of its key. A person who tries it out need not wait as long as in a stage. */
const SOON = { DROP_SETTLE_S: "2" };
const FOLDER = ".local";
const LOG_FILE = `${FOLDER}/functions.log`;
const ENV_FILE = `${FOLDER}/env`;
const STAGE_FILE = `${FOLDER}/stage.json`;
const SAMPLE_FILE = `${FOLDER}/sample.mp4`;
const CENSUS_INTERVAL_MS = 15 * 60_000;
const TOKEN_LIFE_S = 12 * 3600;
const console_ = createConsole();

const realCielo24 = () => {
  const { env } = process;
  if (!env["CIELO24_BASE_URL"]) return undefined;
  const username = env["CIELO24_USERNAME"];
  const credentials = env["CIELO24_API_TOKEN"]
    ? { api_token: env["CIELO24_API_TOKEN"] }
    : username && env["CIELO24_SECUREKEY"]
      ? { username, securekey: env["CIELO24_SECUREKEY"] }
      : username && env["CIELO24_PASSWORD"]
        ? { username, password: env["CIELO24_PASSWORD"] }
        : undefined;
  if (!credentials)
    throw new Error("CIELO24_BASE_URL needs CIELO24_API_TOKEN, or CIELO24_USERNAME with CIELO24_SECUREKEY");
  return { baseUrl: env["CIELO24_BASE_URL"], credentials };
};

/** @returns whether it was delivered */
const deliverSample = async (
  stack: Stack,
  token: string,
  { jobId, sample }: { jobId: string; sample: Buffer<ArrayBuffer> },
): Promise<boolean> => {
  const label = "sample file";
  const client = createProxyClient(stack.apiUrl, token);
  const signed = await client.call("GET", "/api/job/request_upload_url", { job_id: jobId, filename: "sample.mp4" });
  if (signed.status !== 200) {
    console_.failed(label, `${signed.status} ${JSON.stringify(signed.body)}`);
    return false;
  }
  console_.passed("upload URL signed", `PUT ${String(signed.body["key"])}`);
  const stored = await fetch(String(signed.body["upload_url"]), { method: "PUT", body: sample });
  console_.passed("uploaded to the bucket", `${stored.status}, ${formatBytes(sample.length)}`);
  const answer = await client.awaitDelivery(jobId, ({ body }) => {
    const { State: state, SentBytes: sent } = body;
    if (typeof state === "string") console_.progress(label, `${state} ${formatBytes(Number(sent ?? 0))}`);
  });
  console_.progressDone();
  if (answer.body["State"] !== "DELIVERED") {
    console_.failed("delivered to cielo24", JSON.stringify(answer.body));
    return false;
  }
  console_.passed("delivered to cielo24", console_.bold(`TaskId ${String(answer.body["TaskId"])}`));
  // Its event must not come in between the commands.
  await stack.drain();
  return true;
};

const printTrials = (newJob: () => string, envFile: string) => {
  console_.title("Try it: in another terminal, in this folder");
  console_.command(readEnv(envFile));
  for (const { title, commands } of trials(newJob, SAMPLE_FILE)) {
    console_.line();
    console_.line(console_.dim(`# ${title}`));
    for (const command of commands) console_.command(command);
  }
};

const printFates = () => {
  console_.title("See what can happen: these make jobs that have their fate already");
  for (const [name, meaning] of Object.entries(FATES)) {
    console_.command(makeJob(name));
    console_.line(console_.dim(`#   ${meaning}`));
  }
};

/** Starts everything in the order in which it is torn down, from the end. */
const run = async ({ port, seed }: StartOptions, stopped: Promise<void>): Promise<void> => {
  await using open = new AsyncDisposableStack();
  const startedAt = Date.now();
  console_.title("cielo24-proxy");
  const real = realCielo24();
  await mkdir(FOLDER, { recursive: true });
  const { ports, taken } = await choosePorts(port);
  const operations = await createOperations({ clock: Date.now });
  const stack = await startStack({
    ...operations.hooks,
    ports,
    logFile: LOG_FILE,
    env: SOON,
    ...(seed === undefined ? {} : { ids: seededIds(seed) }),
    ...(real ? { cielo24: real } : {}),
    fetchMedia: makeSample,
    onEvent: (event) => {
      console_.progressDone();
      console_.fact("event", eventLine(event));
    },
    onNotice: ({ wakes, lines }) => {
      console_.note(wakes ? "a deployed stage would wake somebody with this:" : "a deployed stage would send this:");
      for (const line of lines) console_.line(console_.dim(`        ${line}`));
    },
  });
  open.defer(stack.close);
  const page = await startUploadPage(stack, { port: ports.page });
  open.defer(page.close);
  const operationsPage = await startOperationsPage(stack, operations, { port: ports.operations, pageUrl: page.url });
  open.defer(operationsPage.close);
  const docs = await startDocsPage(ports.docs, stack.apiUrl);
  open.defer(docs.close);

  const tokenFor = (sub: string, scope: string) => stack.token({ sub, scope, expiresInS: TOKEN_LIFE_S });
  const token = await tokenFor("you", "media.write media.read metadata.write");
  const newSampleJob = sampleJobsOf(stack);
  const newJob = () => newSampleJob?.() ?? "<job_id>";
  const sample = await makeSample();
  await writeFile(SAMPLE_FILE, sample);
  // Where another one runs in this folder, its applications must keep what they read.
  const isSecond = taken.length > 0 && existsSync(ENV_FILE);
  const { port: pagePort } = new URL(page.url);
  const envFile = isSecond ? `${ENV_FILE}-${pagePort}` : ENV_FILE;
  const stageFile = isSecond ? `${FOLDER}/stage-${pagePort}.json` : STAGE_FILE;
  const stage = await writeOwnFile(stageFile, JSON.stringify(stack.stage));
  open.defer(stage.remove);
  const variables = {
    API: stack.apiUrl,
    PAGE: page.url,
    DOCS: docs.url,
    OPERATIONS: operationsPage.url,
    S3: stack.s3.url,
    BUCKET: stack.bucketName,
    TOKEN: token,
    ADMIN_TOKEN: await tokenFor("operator", "media.read admin"),
    ...(newSampleJob ? { JOB: newJob() } : {}),
    CIELO24_PROXY_URL: stack.apiUrl,
    CIELO24_PROXY_TOKEN: token,
    CIELO24_PROXY_STAGE: "local",
    CIELO24_PROXY_STAGE_FILE: stageFile,
    OPERATOR_KEY_ID: stack.operator.accessKeyId,
    OPERATOR_SECRET_KEY: stack.operator.secretAccessKey,
  };
  const env = await writeOwnFile(envFile, envText(variables));
  open.defer(env.remove);

  console_.passed("local stack is up", `${Date.now() - startedAt} ms`);
  if (taken.length > 0)
    console_.note(`port ${taken.join(", ")} cannot be had, perhaps for another npm start: free ones take their place`);
  console_.fact("upload page", page.url);
  console_.fact("operations, live", operationsPage.url);
  console_.fact("proxy", stack.apiUrl);
  console_.fact("bucket", `${stack.s3.url}/${stack.bucketName}`);
  console_.fact("the API, described", docs.url);
  console_.fact("cielo24", real ? `${real.baseUrl} (the real one)` : `${stack.cielo24?.url ?? ""} (simulated)`);
  console_.fact("addresses and tokens", envFile);
  console_.fact("functions' log", LOG_FILE);

  const sampleJob = newSampleJob ? newJob() : process.env["CIELO24_JOB_ID"];
  if (sampleJob) {
    console_.title("A sample file, from a presigned URL to a TaskId");
    const delivered = await Promise.race([deliverSample(stack, token, { jobId: sampleJob, sample }), stopped]);
    if (delivered === false) process.exitCode = 1;
  }
  printTrials(newJob, envFile);
  if (newSampleJob) printFates();
  console_.title("Upload a file of yours");
  console_.line(`Open ${console_.bold(page.url)} in your browser.`);
  console_.line(console_.dim("\nCtrl-C ends it. Nothing is kept."));

  const census = setInterval(() => void stack.runCensus(), CENSUS_INTERVAL_MS);
  await stopped;
  clearInterval(census);
  console_.line("\nstopping …");
};

try {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options.help) process.stdout.write(HELP);
  else {
    const stopped = new Promise<void>((resolve) => {
      process.once("SIGINT", () => {
        resolve();
      });
      process.once("SIGTERM", () => {
        resolve();
      });
    });
    await run(options, stopped);
    console_.line("stopped");
  }
} catch (error) {
  const isUsage = error instanceof UsageError;
  if (isUsage) process.stderr.write(`npm start: ${error.message}\n`);
  else console_.failed("start", error instanceof Error ? error.message : String(error));
  // What has started already would keep the process alive.
  process.exit(isUsage ? 2 : 1);
}
