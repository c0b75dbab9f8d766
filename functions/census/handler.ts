import { S3Client } from "@aws-sdk/client-s3";
import type { ScheduledEvent } from "aws-lambda";
import { awsClientOptions } from "../../lib/aws-client.ts";
import { readAwsEnvironment, readConfig } from "../../lib/config.ts";
import { connectMediaQueue } from "../../lib/delivery/aws/queue.ts";
import { connectTable } from "../../lib/delivery/aws/table.ts";
import { connectObservability } from "../../lib/observability.ts";
import { lambdaHandler, type FunctionHandler, type Runtime } from "../../lib/runtime.ts";
import { takeCensus, type CensusReport } from "./census.ts";
import { visitObjects } from "./listing.ts";

/** As function.yml schedules it. */
const INTERVAL_MS = 15 * 60_000;

export const build = (runtime: Runtime): FunctionHandler<ScheduledEvent, CensusReport> => {
  const { bucketName } = readConfig(runtime.env, "bucketName");
  const s3 = new S3Client(awsClientOptions(readAwsEnvironment(runtime.env, "S3")));
  const { ledger } = connectTable(runtime);
  const queue = connectMediaQueue(runtime);
  const observability = connectObservability(runtime, "census");
  return (_event, context) =>
    takeCensus({
      ledger,
      queue,
      visitObjects: (visit) => visitObjects(s3, bucketName, visit),
      countMessages: () => queue.countMessages(),
      bucketName,
      observability: observability.with({ requestId: context.awsRequestId }),
      runtime,
      intervalMs: INTERVAL_MS,
    });
};

export const handler = lambdaHandler(build);
