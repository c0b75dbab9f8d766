import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { formatBytes } from "../client/words.ts";
import { createConsole } from "./console.ts";
import { startDocsPage } from "./docs-page.ts";
import { createProxyClient } from "./proxy-client.ts";
import { startStack, type Stack } from "./stack.ts";
import { startUploadPage } from "./web/server.ts";

/**
 * `npm start`: starts the whole system, delivers a sample file through it, prints how to use it by hand, and runs until
 * Ctrl-C.
 *
 * Given CIELO24_BASE_URL and credentials (CIELO24_USERNAME with CIELO24_SECUREKEY or CIELO24_PASSWORD, or
 * CIELO24_API_TOKEN), it uses the real cielo24 instead of the simulator. CIELO24_JOB_ID then names the job for the sample;
 * without it, nothing is sent.
 */

const SAMPLE_BYTES = 8 * 1024 * 1024;
/** An operator's drop waits for newer versions of its key. A person who tries it out need not wait as long as in a stage. */
const SOON = { DROP_SETTLE_S: "2" };
const LOG_FILE = ".local/functions.log";
const CENSUS_INTERVAL_MS = 15 * 60_000;
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

const deliverSample = async (stack: Stack, token: string, jobId: string): Promise<boolean> => {
  const label = "sample file";
  const client = createProxyClient(stack.apiUrl, token);
  const signed = await client.call("GET", "/api/job/request_upload_url", { job_id: jobId, filename: "sample.mp4" });
  if (signed.status !== 200) {
    console_.failed(label, `${signed.status} ${JSON.stringify(signed.body)}`);
    return false;
  }
  console_.passed("upload URL signed", `PUT ${String(signed.body["key"])}`);
  const stored = await fetch(String(signed.body["upload_url"]), { method: "PUT", body: randomBytes(SAMPLE_BYTES) });
  console_.passed("uploaded to the bucket", `${stored.status}, ${formatBytes(SAMPLE_BYTES)}`);
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
  return true;
};

const jobOf = ({ JobId: jobId }: Readonly<Record<string, unknown>>): string => (typeof jobId === "string" ? jobId : "");

const printUse = (stack: Stack, token: string, adminToken: string, jobs: readonly string[]) => {
  const [first = "<job_id>", second = "<job_id>", third = "<job_id>"] = jobs;
  console_.title("Try it");
  console_.line(`export API=${stack.apiUrl}`);
  console_.line(`export TOKEN=${token}`);
  console_.line(`export JOB=${first}`);
  console_.line();
  console_.line(console_.dim("# upload a file of yours with the command line"));
  console_.command(`CIELO24_PROXY_URL=$API CIELO24_PROXY_TOKEN=$TOKEN npx cielo24-proxy upload my.mp4 --job-id $JOB`);
  console_.line();
  console_.line(console_.dim("# or with curl: sign, PUT, watch"));
  console_.command(
    `curl -sG "$API/api/job/request_upload_url" -H "Authorization: Bearer $TOKEN" -d v=1 -d job_id=$JOB -d filename=my.mp4`,
  );
  console_.command(`curl -sT my.mp4 "<upload_url from the answer>"`);
  console_.command(
    `curl -sG "$API/api/job/delivery" -H "Authorization: Bearer $TOKEN" -d v=1 -d job_id=$JOB -d wait=20`,
  );
  console_.line();
  console_.line(console_.dim("# a small body, without an upload"));
  console_.command(
    `curl -s "$API/api/job/add_media?v=1&job_id=${second}" -H "Authorization: Bearer $TOKEN" -H "Content-Type: video/mp4" --data-binary @README.md`,
  );
  console_.line();
  console_.line(console_.dim("# by URL: cielo24 fetches it"));
  console_.command(
    `curl -sG "$API/api/job/add_media" -H "Authorization: Bearer $TOKEN" -d v=1 -d job_id=${third} --data-urlencode media_url=https://media.example.org/lecture.mp4`,
  );
  console_.line();
  console_.line(console_.dim("# metadata of a job"));
  console_.command(
    `curl -sG "$API/api/job/update_metadata" -H "Authorization: Bearer $TOKEN" -d v=1 -d job_id=$JOB -d reference_id=course-7 -d requestor_id=me`,
  );
  console_.line();
  console_.line(
    console_.dim("# an operator's drop, with the AWS command line, and what becomes of it: an admin sees all jobs"),
  );
  console_.command(
    `AWS_ACCESS_KEY_ID=${stack.operator.accessKeyId} AWS_SECRET_ACCESS_KEY=${stack.operator.secretAccessKey} AWS_REGION=us-east-1 aws --endpoint-url ${stack.s3.url} s3 cp my.mp4 s3://${stack.bucketName}/media/$JOB/my.mp4`,
  );
  console_.command(`CIELO24_PROXY_URL=$API CIELO24_PROXY_TOKEN=${adminToken} npx cielo24-proxy status $JOB --watch`);
};

const main = async (): Promise<void> => {
  const startedAt = Date.now();
  console_.title("cielo24-proxy");
  const real = realCielo24();
  await mkdir(dirname(LOG_FILE), { recursive: true });
  const stack = await startStack({
    logFile: LOG_FILE,
    env: SOON,
    ...(real ? { cielo24: real } : {}),
    fetchMedia: () => Promise.resolve(randomBytes(1024 * 1024)),
    onEvent: ({ detailType, detail }) => {
      console_.fact("event", `${detailType} ${jobOf(detail)}`);
    },
  });
  const stop = new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  const page = await startUploadPage(stack);
  console_.passed("local stack is up", `${Date.now() - startedAt} ms`);
  console_.fact("proxy", stack.apiUrl);
  console_.fact("bucket", `${stack.s3.url}/${stack.bucketName}`);
  console_.fact("cielo24", real ? `${real.baseUrl} (the real one)` : `${stack.cielo24?.url ?? ""} (simulated)`);
  console_.fact("functions' log", LOG_FILE);
  const docs = await startDocsPage(undefined, stack.apiUrl);
  console_.fact("the API, described", docs.url);

  const tokenFor = (sub: string, scope: string) => stack.token({ sub, scope, expiresInS: 12 * 3600 });
  const token = await tokenFor("you", "media.write media.read metadata.write");
  const adminToken = await tokenFor("operator", "media.read admin");
  const jobs = stack.cielo24 ? Array.from({ length: 4 }, () => stack.cielo24?.addJob() ?? "") : [];
  const sampleJob = stack.cielo24 ? jobs[0] : process.env["CIELO24_JOB_ID"];
  if (sampleJob) {
    console_.title("A sample file, from a presigned URL to a TaskId");
    if (!(await deliverSample(stack, token, sampleJob))) process.exitCode = 1;
  }
  printUse(stack, token, adminToken, stack.cielo24 ? jobs.slice(1) : []);
  console_.title("Upload a file of yours");
  console_.line(`Open ${console_.bold(page.url)} in your browser.`);
  console_.line(console_.dim("\nCtrl-C ends it. Nothing is kept."));

  const census = setInterval(() => void stack.runCensus(), CENSUS_INTERVAL_MS);
  await stop;
  clearInterval(census);
  console_.line("\nstopping …");
  await page.close();
  await Promise.all([docs.close(), stack.close()]);
  console_.line("stopped");
};

await main().catch((error: unknown) => {
  console_.failed("start", error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
