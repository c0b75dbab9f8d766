import { fork } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { bundleProgram } from "../bundled.ts";
import { count } from "../scale/table.ts";
import { startAws, TABLE } from "./aws.ts";
import type { Measured } from "./worker.ts";

/**
 * `npm run bench:census`: what one run of the census costs beside so many delivered jobs and as many objects. The bundled
 * function lists a generated bucket and reads a generated ledger over HTTP, with the flags that Lambda gives Node.
 */

const { values: options } = parseArgs({
  options: {
    objects: { type: "string", default: "1000000,10000000" },
    check: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log("npm run bench:census -- [--objects 1000000,10000000 | --check]\n--check: 200,000 only, for CI.");
  process.exit(0);
}

/** Open jobs for each million. */
const OPEN_PER_MILLION = 1_000;
/** Of a run before there was the index: 128,000 for a million rows, of about 500 bytes each. */
const UNITS_PER_ROW_BEFORE = 0.128;
const MOST_SHARE = 0.02;
const MOST_MIB = 128;
const MEMORY_MB = 256;
/** As Lambda's bootstrap starts Node: a tenth for what is new, the rest for what is old. */
const LAMBDA_FLAGS = [
  `--max-semi-space-size=${Math.floor(MEMORY_MB / 20)}`,
  `--max-old-space-size=${Math.floor((MEMORY_MB * 9) / 10)}`,
];

const workerFile = await bundleProgram(new URL("worker.ts", import.meta.url));

const measure = async (objects: number) => {
  const now = Date.now();
  const open = Math.max((objects / 1e6) * OPEN_PER_MILLION, 100);
  const aws = await startAws({ objects, open, now });
  const env = {
    PATH: process.env["PATH"],
    NOW: String(now),
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "AKIDTEST",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_ENDPOINT_URL_S3: aws.url,
    AWS_ENDPOINT_URL_DYNAMODB: aws.url,
    AWS_ENDPOINT_URL_SQS: aws.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: aws.url,
    CIELO24_BASE_URL: "https://cielo24.invalid",
    CIELO24_SECRET_ARN: "arn:aws:secretsmanager:us-east-1:000000000000:secret:cielo24",
    BUCKET_NAME: "media",
    TABLE_NAME: TABLE,
    QUEUE_URL: `${aws.url}/000000000000/media`,
    STAGE: "bench",
  };
  const child = fork(workerFile, { env, execArgv: LAMBDA_FLAGS });
  const gone = once(child, "exit").then(([code]) => {
    throw new Error(`The census has died: ${String(code)}`);
  });
  const [measured] = (await Promise.race([once(child, "message"), gone])) as [Measured];
  gone.catch(() => undefined);
  await aws.close();
  return { ...measured, ...aws.asked, open, unitsBefore: objects * UNITS_PER_ROW_BEFORE };
};

const sizes = options.check ? [200_000] : options.objects.split(",").map(Number);
for (const objects of sizes) {
  const run = await measure(objects);
  const share = run.readUnits / run.unitsBefore;
  console.log(`${count(objects)} delivered rows and objects, ${count(run.open)} rows open
  read units        ${count(run.readUnits)}, ${(share * 100).toFixed(2)} % of the ${count(run.unitsBefore)} of a scan (at most ${MOST_SHARE * 100} %)
  memory            ${run.peakRssMiB.toFixed(0)} MiB (at most ${MOST_MIB})
  list requests     ${count(run.lists)}
  compared          ${count(run.compared)}, put back ${count(run.requeued)}
  time              ${run.seconds.toFixed(1)} s, of them CPU ${run.cpuSeconds.toFixed(1)} s
`);
  if (run.objects !== objects || run.requeued === 0) {
    console.error(`The census saw ${run.objects} objects and put ${run.requeued} things back`);
    process.exitCode = 1;
  }
  if (share > MOST_SHARE || run.peakRssMiB > MOST_MIB) process.exitCode = 1;
}
