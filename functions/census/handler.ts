import { S3Client } from "@aws-sdk/client-s3";
import type { ScheduledEvent } from "aws-lambda";
import { awsClientOptions } from "../../lib/aws-client.ts";
import { connectCielo24 } from "../../lib/cielo24/client.ts";
import { readAwsEnvironment, readConfig } from "../../lib/config.ts";
import { connectMediaQueue } from "../../lib/delivery/aws/queue.ts";
import { connectTable } from "../../lib/delivery/aws/table.ts";
import { connectObservability } from "../../lib/observability.ts";
import { lambdaHandler, type FunctionHandler, type Runtime } from "../../lib/runtime.ts";
import { takeCensus, type CensusReport } from "./census.ts";
import { listObjects } from "./listing.ts";

/** As function.yml schedules it. */
const INTERVAL_MS = 15 * 60_000;
const QUESTION_MS = 10_000;

export const build = (runtime: Runtime): FunctionHandler<ScheduledEvent, CensusReport> => {
  const { bucketName } = readConfig(runtime.env, "bucketName");
  const s3 = new S3Client(awsClientOptions(readAwsEnvironment(runtime.env, "S3")));
  const { ledger } = connectTable(runtime);
  const queue = connectMediaQueue(runtime);
  const cielo24 = connectCielo24(runtime);
  const observability = connectObservability(runtime, "census");
  /** Whatever is wrong with cielo24, its account or our secret, deliveries tell of it. */
  const showsMedia = (jobId: string): Promise<boolean | undefined> =>
    cielo24.jobInfo(jobId, { deadline: runtime.clock() + QUESTION_MS }).then(
      ({ hasMedia }) => hasMedia,
      () => undefined,
    );
  return (_event, context) =>
    takeCensus({
      ledger,
      queue,
      listObjects: (matters, visit) => listObjects(s3, bucketName, matters, visit),
      countMessages: () => queue.countMessages(),
      showsMedia,
      bucketName,
      observability: observability.with({ requestId: context.awsRequestId }),
      runtime,
      intervalMs: INTERVAL_MS,
    });
};

export const handler = lambdaHandler(build);
