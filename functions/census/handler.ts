import { S3Client } from "@aws-sdk/client-s3";
import type { ScheduledEvent } from "aws-lambda";
import { awsClientOptions } from "../../lib/aws-client.ts";
import { Cielo24Error } from "../../lib/cielo24/api.ts";
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
/** What is left of the invocation when no more is listed: for what was found, and the questions. */
const REST_MS = 90_000;

export const build = (runtime: Runtime): FunctionHandler<ScheduledEvent, CensusReport> => {
  const { bucketName } = readConfig(runtime.env, "bucketName");
  const s3 = new S3Client(awsClientOptions(readAwsEnvironment(runtime.env, "S3")));
  const { ledger } = connectTable(runtime);
  const queue = connectMediaQueue(runtime);
  const cielo24 = connectCielo24(runtime);
  const observability = connectObservability(runtime, "census");
  /** A job that cielo24 does not know shows none. Whatever else is wrong, with the account or our secret, deliveries tell of it. */
  const showsMedia = (jobId: string): Promise<boolean | undefined> =>
    cielo24.jobInfo(jobId, { deadline: runtime.clock() + QUESTION_MS }).then(
      ({ hasMedia }) => hasMedia,
      (error: unknown) => (error instanceof Cielo24Error && error.errorType === "ITEM_NOT_FOUND" ? false : undefined),
    );
  return (event, context) =>
    takeCensus({
      ledger,
      queue,
      listObjects: (matters, visit, firstPart) =>
        listObjects(s3, bucketName, matters, visit, firstPart, () => context.getRemainingTimeInMillis() < REST_MS),
      countMessages: () => queue.countMessages(),
      showsMedia,
      bucketName,
      observability: observability.with({ requestId: context.awsRequestId }),
      runtime,
      intervalMs: INTERVAL_MS,
      // Nothing but a schedule says when it was to come, and anybody may call.
      scheduledAt: Date.parse((event as ScheduledEvent | null)?.time ?? "") || runtime.clock(),
    });
};

export const handler = lambdaHandler(build);
