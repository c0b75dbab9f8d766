import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { readConfig, type Environment } from "../lib/config.ts";
import { readDeliverySettings } from "../lib/delivery/settings.ts";
import { fillIn } from "./restore/fill-in.ts";
import { INVOCATION_MS } from "./restore/plan.ts";

const HELP = `Fills in what a stage's table lacks from a copy that was restored, so that nothing is sent twice.
Read docs/restoring.md first: the stage must be stopped.

  npm run restore:table -- --environment <file> --copy <table> --stopped-at <time> [--write]

  --environment <file>   the variables of the stage's deliverMedia, as JSON
  --copy <table>         the restored copy; it is only read
  --stopped-at <time>    when the stage was stopped, such as 2026-11-30T10:15:00Z
  --write                does it; otherwise it only says what it would do
  --help                 this text

Credentials come from the usual places of AWS's tools. Run again, it goes on where it ended.
`;

const { values } = parseArgs({
  options: {
    environment: { type: "string" },
    copy: { type: "string" },
    "stopped-at": { type: "string" },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const run = async (): Promise<void> => {
  const { environment, copy, "stopped-at": stopped } = values;
  if (environment === undefined || copy === undefined || stopped === undefined) throw new Error(HELP);
  const env = JSON.parse(readFileSync(environment, "utf8")) as Environment;
  const { tableName, bucketName, queueUrl } = readConfig(env, "tableName", "bucketName", "queueUrl");
  if (copy === tableName) throw new Error("--copy names the stage's own table. It must be the copy of it.");
  const stoppedAt = Date.parse(stopped);
  if (Number.isNaN(stoppedAt)) throw new Error("--stopped-at must be a time such as 2026-11-30T10:15:00Z.");
  const now = Date.now();
  const waitMs = stoppedAt + INVOCATION_MS - now;
  if (waitMs > 0) throw new Error(`Workers may still run: begin again in ${Math.ceil(waitMs / 60_000)} minutes.`);

  /** Only a local stack names addresses. The region is that of AWS's tools. */
  const clientOf = (service: string) => {
    const endpoint = env[`AWS_ENDPOINT_URL_${service}`];
    return endpoint === undefined ? {} : { endpoint };
  };
  const places = {
    dynamoDb: new DynamoDBClient(clientOf("DYNAMODB")),
    s3: new S3Client({ ...clientOf("S3"), forcePathStyle: env["AWS_ENDPOINT_URL_S3"] !== undefined }),
    sqs: new SQSClient(clientOf("SQS")),
    tableName,
    copyName: copy,
    bucketName,
    queueUrl,
  };
  const stop = { stoppedAt, now, settings: readDeliverySettings(env) };
  const { putBack, doubted, owners, otherOwners } = await fillIn(places, stop, values.write);
  const does = values.write ? "" : "would be ";
  console.log(`${putBack} rows ${does}put back as they were`);
  console.log(`${doubted} jobs ${does}marked: cielo24 is asked about them before anything is sent`);
  console.log(`${owners} owners ${does}put back`);
  if (otherOwners.length > 0) {
    console.log(
      `${otherOwners.length} jobs have another owner now, which was left (docs/operations.md says how to change it):`,
    );
    for (const job of otherOwners) console.log(`  ${job}`);
  }
  if (!values.write) console.log("Nothing was written. To do it, repeat the command with --write.");
};

if (values.help) console.log(HELP);
else
  try {
    await run();
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
