import type { S3Event, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { connectCielo24 } from "../../lib/cielo24/client.ts";
import { readConfig } from "../../lib/config.ts";
import { connectEvents } from "../../lib/delivery/aws/events.ts";
import { connectMediaQueue } from "../../lib/delivery/aws/queue.ts";
import { connectTable } from "../../lib/delivery/aws/table.ts";
import { deliverySettings } from "../../lib/delivery/settings.ts";
import { createMediaStore } from "../../lib/media/bucket.ts";
import { capabilityUrl } from "../../lib/media/capability.ts";
import { connectObservability } from "../../lib/observability.ts";
import { lambdaHandler, type FunctionHandler, type Runtime } from "../../lib/runtime.ts";
import { createQueueHandler } from "./worker.ts";

/** Kept back from the invocation's end for the ledger's last writes. */
const MARGIN_MS = 15_000;

export const build = (runtime: Runtime): FunctionHandler<SQSEvent | S3Event, SQSBatchResponse> => {
  const config = readConfig(
    runtime.env,
    "bucketName",
    "deadLetterQueueUrl",
    "mediaSourceBaseUrl",
    "idleTimeoutS",
    "maxReceives",
    // The machine's settings.
    "deliveryMode",
    "resendAfterUnknown",
    "resendAfterServerError",
    "serverErrorSettleS",
    "mediaRetentionDays",
    "settleS",
    "finalizeReserveS",
    "capabilityLifetimeS",
    "longestPullS",
    "maxMediaBytes",
  );
  const { bucketName, deadLetterQueueUrl, mediaSourceBaseUrl, maxReceives } = config;
  const idleTimeoutMs = config.idleTimeoutS * 1000;
  return createQueueHandler({
    ports: {
      ledger: connectTable(runtime).ledger,
      store: createMediaStore(runtime, { bucketName, idleTimeoutMs }),
      cielo24: connectCielo24(runtime),
      ...connectEvents(runtime),
      queue: connectMediaQueue(runtime, { deadLetterQueueUrl }),
      runtime,
      observability: connectObservability(runtime, "deliver-media"),
    },
    bucketName,
    maxReceives,
    run: {
      settings: deliverySettings(config),
      marginMs: MARGIN_MS,
      idleTimeoutMs,
      capabilityUrl: (row) => capabilityUrl(mediaSourceBaseUrl, row),
    },
  });
};

export const handler = lambdaHandler(build);
